// @polkadot/api decodes all that the runtime's metadata describe, and finds it explained.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Metadata, TypeRegistry } from '@polkadot/types';
import { u8aConcat, u8aToHex } from '@polkadot/util';

import { Chain } from './chain.js';
import { startNode } from './node.js';

/** Sonar's own pallets. */
const OWN = ['ModelRepository', 'Campaigns', 'Gradients', 'Assays', 'Payouts'];

let node;
let chain;
let api;
let pallets;

before(async () => {
  node = await startNode();
  chain = await Chain.connect(node.ws);
  ({ api } = chain);
  pallets = api.runtimeMetadata.asLatest.pallets;
});

after(async () => {
  await chain?.close();
  await node?.stop();
});

/** The variants of a pallet's `calls`, `events` or `errors`. */
function variants(pallet, kind) {
  return pallet[kind].isSome
    ? [...api.registry.lookup.getSiType(pallet[kind].unwrap().type).def.asVariant.variants]
    : [];
}

/** The smallest value that the metadata allow for a call or an event, encoded. */
function smallest(pallet, variant) {
  const fields = variant.fields.map(({ type }) =>
    api.createType(api.registry.createLookupType(type)).toU8a(),
  );
  return u8aConcat([pallet.index.toNumber(), variant.index.toNumber()], ...fields);
}

const names = (list) => list.map(({ name }) => name.toString());

test('every version of the metadata is decoded', async () => {
  const versions = (await api.call.metadata.metadataVersions()).map((version) => version.toNumber());
  assert.deepEqual(versions, [14, 15, 16]);
  for (const version of versions) {
    const encoded = (await api.call.metadata.metadataAtVersion(version)).unwrap();
    const metadata = new Metadata(new TypeRegistry(), encoded.toHex());
    assert.equal(metadata.version, version);
    assert.deepEqual(names(metadata.asLatest.pallets), names(pallets));
  }
  assert.deepEqual(
    OWN.filter((name) => !names(pallets).includes(name)),
    [],
  );
});

test('calls, events, errors, storage and constants are explained', () => {
  const undocumented = pallets
    .filter(({ name }) => OWN.includes(name.toString()))
    .flatMap((pallet) => {
      const events = variants(pallet, 'events');
      const fields = events.flatMap((event) =>
        event.fields.map(({ name, docs }) => ({ name: `${event.name}.${name.unwrap()}`, docs })),
      );
      return [
        ...variants(pallet, 'calls'),
        ...variants(pallet, 'errors'),
        ...events,
        ...fields,
        ...pallet.storage.unwrap().items,
        ...pallet.constants,
      ]
        .filter(({ docs }) => docs.join('').trim() === '')
        .map(({ name }) => `${pallet.name}.${name}`);
    });
  assert.deepEqual(undocumented, []);
});

test('what the runtime answers is explained', () => {
  const { methods } = api.runtimeMetadata.asLatest.apis.find(({ name }) => name.eq('SonarApi'));
  assert.deepEqual(
    methods.filter(({ docs }) => docs.join('').trim() === '').map(({ name }) => name.toString()),
    [],
  );
});

for (const [kind, type] of [
  ['calls', 'Call'],
  ['events', 'Event'],
]) {
  test(`${kind} of all pallets can be decoded`, () => {
    for (const pallet of pallets) {
      for (const variant of variants(pallet, kind)) {
        const encoded = smallest(pallet, variant);
        const decoded = api.createType(type, encoded);
        assert.equal(decoded.meta.name.toString(), variant.name.toString());
        assert.equal(u8aToHex(decoded.toU8a()), u8aToHex(encoded));
      }
    }
  });
}

test('errors of all pallets can be decoded', () => {
  for (const pallet of pallets) {
    for (const variant of variants(pallet, 'errors')) {
      const found = api.registry.findMetaError({
        index: pallet.index,
        error: Uint8Array.of(variant.index.toNumber(), 0, 0, 0),
      });
      assert.equal(found.name, variant.name.toString());
      assert.deepEqual(
        found.docs,
        variant.docs.map((line) => line.toString()),
      );
    }
  }
});
