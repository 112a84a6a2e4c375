// @polkadot/api, the library under Polkadot.js Apps, takes a campaign from creation to claim, and reads
// everything that the chain says on the way.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Metadata, TypeRegistry } from '@polkadot/types';
import { u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';

import { Chain, fields, SNR } from './chain.js';
import * as example from './example.js';
import { contentHash, encodeDataset, encodeGradient, encodeParameters } from './formats.js';
import { ownPallets, smallest, undocumented, variants } from './metadata.js';
import { startNode } from './node.js';

/** The model to start from answers "left" for every point. */
const start = example.tensors([0, 0, 0, 0], [0, 0]);
/** The first step: "right" from 2.5 on. */
const firstStep = example.tensors([0, 0, 1, 0], [0, -2.5]);
/** The second: "right" from 0 on. */
const secondStep = example.tensors([0, 0, 0, 0], [0, 2.5]);

const blobs = {
  parameters: encodeParameters(start),
  // Another model that is as bad.
  proposal: encodeParameters(example.tensors([0, 0, 0, 0], [1, 0])),
  firstStep: encodeGradient(firstStep),
  secondStep: encodeGradient(secondStep),
  useless: encodeGradient(example.tensors([0, 0, 0, 0], [0.5, 0])),
  malformed: encodeGradient(example.tensors([0, 0, 0, 0], [NaN, 0])),
  spare: Uint8Array.of(1, 2, 3),
};
const hashOf = (name) => u8aToHex(contentHash(blobs[name]));

const bounty = 1_000n * SNR;
/** What comes from another sponsor. */
const contribution = 234n * SNR + 567n;

let node;
let chain;
let api;
let tx;
/** Development accounts: what they do is in their names' order of appearance below. */
let alice, bob, charlie, dave, eve, ferdie;
/** The events of the first campaign as the JSON-RPC subscription tells them. */
const told = [];

before(async () => {
  node = await startNode();
  chain = await Chain.connect(node.ws);
  ({ api } = chain);
  ({ tx } = api);
  [alice, bob, charlie, dave, eve, ferdie] = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie'].map(
    chain.account,
  );
  blobs.validation = encodeDataset(
    api.createType('SyftSchema', example.SCHEMA).toU8a(),
    example.ROWS,
    example.COLUMNS,
  );
});

after(async () => {
  await chain?.close();
  await node?.stop();
});
