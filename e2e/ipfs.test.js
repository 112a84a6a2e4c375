// An IPFS client that knows nothing of Sonar fetches a stored model from the node.

import './older-node.js';

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { createBitswap } from '@helia/bitswap';
import { identify } from '@libp2p/identify';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { hexToU8a, u8aEq, u8aToHex } from '@polkadot/util';
import { MemoryBlockstore } from 'blockstore-core';
import { createLibp2p } from 'libp2p';
import { CID } from 'multiformats/cid';
import { from as hasherFrom } from 'multiformats/hashes/hasher';

import { Chain } from './chain.js';
import { contentHash, encodeParameters } from './formats.js';
import { request, startNode } from './node.js';

const RAW = 0x55;
/** How a CID says that its digest is blake2b of 256 bits. */
const blake2b256 = hasherFrom({ name: 'blake2b-256', code: 0xb220, encode: contentHash });

/** The JSON-RPC error of a blob that the node does not have. */
const NOT_FOUND = -32810;

let node;
let chain;
let libp2p;
let bitswap;
/** The connection between the client and the node. */
let connection;

before(async () => {
  node = await startNode();
  chain = await Chain.connect(node.ws);
  libp2p = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
  });
  const [address] = await request(node.http, 'system_localListenAddresses');
  connection = await libp2p.dial(multiaddr(address));
  bitswap = createBitswap(
    {
      libp2p,
      blockstore: new MemoryBlockstore(),
      logger: libp2p.logger,
      // What the IPFS network would answer: this node has it.
      routing: {
        async *findProviders() {
          yield { id: connection.remotePeer, multiaddrs: [connection.remoteAddr] };
        },
      },
    },
    { hashLoader: { getHasher: () => blake2b256 } },
  );
  await bitswap.start();
});

after(async () => {
  await bitswap?.stop();
  await libp2p?.stop();
  await chain?.close();
  await node?.stop();
});

test('the node is an IPFS peer', async () => {
  assert.equal(connection.remotePeer.toString(), await request(node.http, 'system_localPeerId'));
  const { protocols } = await libp2p.services.identify.identify(connection);
  assert.ok(protocols.includes('/ipfs/bitswap/1.2.0'), protocols.join(' '));
});

for (const { title, values } of [
  { title: 'a small model', values: 3 },
  // Far more than one packet, or one frame of the connection's encryption.
  { title: 'a model of a megabyte', values: 250_000 },
]) {
  test(`${title} is fetched by its CID`, async () => {
    const weights = Array.from({ length: values }, (_, index) => Math.fround(Math.sin(index)));
    const model = encodeParameters([
      { name: 'layers.0.weight', shape: [1, values], values: weights },
      { name: 'layers.0.bias', shape: [1], values: [0.5] },
    ]);
    const cid = CID.createV1(RAW, await blake2b256.digest(model));

    const signal = AbortSignal.timeout(20_000);
    await chain.succeed(
      chain.account('Alice'),
      chain.api.tx.modelRepository.store(u8aToHex(model)),
    );

    const overIpfs = await bitswap.want(cid, { signal });
    assert.ok(u8aEq(overIpfs, model), 'other bytes over IPFS');

    const overRpc = await request(node.http, 'bitswap_v1_get', [cid.toString()]);
    assert.ok(u8aEq(hexToU8a(overRpc), model), 'other bytes over JSON-RPC');
  });
}

test('a model that nobody stored is not served', async () => {
  const cid = CID.createV1(RAW, await blake2b256.digest(new Uint8Array([1, 2, 3])));
  await assert.rejects(bitswap.want(cid, { signal: AbortSignal.timeout(2_000) }), {
    name: 'AbortError',
  });
  await assert.rejects(request(node.http, 'bitswap_v1_get', [cid.toString()]), {
    code: NOT_FOUND,
  });
});
