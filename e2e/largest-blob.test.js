// A blob of the greatest size finds room in blocks that small transactions want, too.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { u8aToHex } from '@polkadot/util';

import { Chain } from './chain.js';
import { startNode } from './node.js';

/** How many small transactions each account sends, one by one in every block and many at a time. */
const SMALL = 100;

let node;
let chain;

before(async () => {
  node = await startNode();
  chain = await Chain.connect(node.ws);
});

after(async () => {
  await chain?.close();
  await node?.stop();
});

test('a blob of the greatest size gets in beside small transactions', async () => {
  const { api } = chain;
  const size = api.consts.modelRepository.maxBlobSize.toNumber();
  const blob = api.tx.modelRepository.store(u8aToHex(new Uint8Array(size).fill(7)));
  const remark = (number) => api.tx.system.remarkWithEvent(`remark ${number}`);
  const crowd = ['Bob', 'Charlie', 'Dave', 'Eve'].map(chain.account);

  let stored = false;
  const sendRemarks = async (account) => {
    // At least two of each account are always on their way.
    let number = 0;
    const next = async () => {
      while (!stored && number < SMALL) {
        number += 1;
        await chain.succeed(account, remark(number));
      }
    };
    await Promise.all([next(), next(), next()]);
  };
  const crowding = crowd.map(sendRemarks);
  await chain.waitFor('system', 'Remarked');
  await chain.succeed(chain.account('Alice'), blob);
  stored = true;
  await Promise.all(crowding);

  const of = (section, method) => ({ event }) =>
    event.section === section && event.method === method;
  const { block } = chain.events.find(of('modelRepository', 'Stored'));
  const beside = chain.events.filter((one) => one.block === block && of('system', 'Remarked')(one));
  assert.ok(beside.length >= 2, `${beside.length} small transactions in block ${block}`);
});
