// The campaign that the tests take from creation to claim: its blobs, terms, calls and money.

import { u8aToHex } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';

import { SNR } from './chain.js';
import * as example from './example.js';
import { contentHash, encodeDataset, encodeParameters } from './formats.js';
import { encodeGradient } from './gradients.js';

/** The campaign that is taken to its end, and three that end early: their numbers. */
export const CAMPAIGN = 0;
export const CANCELLED = 1;
export const WITHDRAWN = 2;
export const FALSE_CLAIM = 3;

/** The model to start from answers "left" for every point. */
const start = example.tensors([0, 0, 0, 0], [0, 0]);
/** The first step: "right" from 2.5 on. */
const firstStep = example.tensors([0, 0, 1, 0], [0, -2.5]);
/** The second: "right" from 0 on. */
const secondStep = example.tensors([0, 0, 0, 0], [0, 2.5]);

const afterFirst = example.add(start, firstStep);
const final = example.add(afterFirst, secondStep);

export const startingError = example.errorRate(start);
export const firstError = example.errorRate(afterFirst);
export const finalError = example.errorRate(final);

/** The name of the model that the two steps lead to. */
export const finalHash = u8aToHex(contentHash(encodeParameters(final)));

/** What the owner gives. */
export const bounty = 1_000n * SNR;
/** What another sponsor adds. It does not divide evenly. */
export const contribution = 234n * SNR + 567n;
/** What an improvement must be worth. */
export const minimumStep = 1_000_000;
/** 90 % and 10 %, in millionths. */
const split = { data: 900_000, expertise: 100_000, compute: 0 };

/** The parts of the bounty for expertise and for data, which takes the rounding. */
export const total = bounty + contribution;
export const expertisePart = (total * BigInt(split.expertise)) / 1_000_000n;
export const dataPart = total - expertisePart;

/** What is earned of the data part on the way from the start to this error; the target is 0. */
export function earnedUpTo(error) {
  return (dataPart * BigInt(startingError - error)) / BigInt(startingError);
}

/** Anything of 32 bytes. */
export const SALT = `0x${'07'.repeat(32)}`;

/** The blobs by name, their hashes, and the calls that the campaign takes. */
export function campaign(api) {
  const { tx } = api;
  const blobs = {
    parameters: encodeParameters(start),
    // Another model that is as bad.
    proposal: encodeParameters(example.tensors([0, 0, 0, 0], [1, 0])),
    validation: encodeDataset(
      api.createType('SyftSchema', example.SCHEMA).toU8a(),
      example.ROWS,
      example.COLUMNS,
    ),
    firstStep: encodeGradient(firstStep),
    // The one value that is not 0.
    secondStep: encodeGradient(secondStep, 'top-k', 1),
    useless: encodeGradient(example.tensors([0, 0, 0, 0], [0.5, 0])),
    malformed: encodeGradient(example.tensors([0, 0, 0, 0], [NaN, 0])),
    unneeded: Uint8Array.of(1, 2, 3),
  };
  const hashOf = (name) => u8aToHex(contentHash(blobs[name]));
  const model = (parameters) => ({
    architecture: example.ARCHITECTURE,
    parameters: hashOf(parameters),
  });

  return {
    blobs,
    hashOf,
    store: (name) => tx.modelRepository.store(u8aToHex(blobs[name])),

    /** `changes` are made to the terms. */
    async create(changes = {}) {
      const now = (await api.rpc.chain.getHeader()).number.toNumber();
      const terms = {
        title: 'Left or right',
        description: 'Which side of the middle is a point on?',
        schema: example.SCHEMA,
        metric: 'ErrorRate',
        validation: { blob: hashOf('validation'), rows: example.ROWS },
        startingError,
        targetError: 0,
        tolerance: 5_000,
        minimumStep,
        deadline: now + 500,
        privacy: 'Open',
        bounty,
        split,
        openProposals: true,
        minimumReputation: 0,
        ...changes,
      };
      return tx.campaigns.create(terms, model('parameters'));
    },

    propose: (parameters) => tx.campaigns.propose(CAMPAIGN, model(parameters)),

    /** A commitment to a gradient, put together as the protocol says. */
    commit(account, parent, gradient) {
      const hidden = api.createType('(AccountId, u32, u64, H256, [u8; 32])', [
        account.address,
        CAMPAIGN,
        parent,
        hashOf(gradient),
        SALT,
      ]);
      return tx.gradients.commit(CAMPAIGN, parent, blake2AsHex(hidden.toU8a(), 256));
    },

    reveal: (submission, gradient) => tx.gradients.reveal(submission, hashOf(gradient), SALT),
  };
}
