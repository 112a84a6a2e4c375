// @polkadot/api, the library under Polkadot.js Apps, takes a campaign from creation to claim, and reads
// everything that the chain says on the way. Each test continues where the one before has stopped.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  bounty,
  campaign,
  CAMPAIGN,
  CANCELLED,
  contribution,
  dataPart,
  earnedUpTo,
  expertisePart,
  FALSE_CLAIM,
  finalError,
  finalHash,
  firstError,
  minimumStep,
  SALT,
  startingError,
  total,
  WITHDRAWN,
} from './campaign.js';
import { Chain, fields, SNR } from './chain.js';
import * as example from './example.js';
import { request, startNode } from './node.js';

let node;
let chain;
let api;
let tx;
/** The runtime API. */
let sonar;
let blobs, hashOf, store, create, propose, commit, reveal;
let alice, bob, charlie, dave, eve, ferdie;
/** Nodes and submissions by what they are. */
const ids = {};
/** What the JSON-RPC subscription tells of the campaign. */
const told = [];

before(async () => {
  node = await startNode();
  chain = await Chain.connect(node.ws);
  ({ api } = chain);
  ({ tx } = api);
  sonar = api.call.sonarApi;
  ({ blobs, hashOf, store, create, propose, commit, reveal } = campaign(api));
  const people = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie'];
  [alice, bob, charlie, dave, eve, ferdie] = people.map(chain.account);
  await chain.provider.subscribe('sonar_event', 'sonar_subscribeEvents', [CAMPAIGN], (_, item) =>
    told.push(item),
  );
});

after(async () => {
  await chain?.close();
  await node?.stop();
});

/** Submits a call that must fail with this documented error. */
async function refused(signer, call, expected) {
  const { section, name, docs } = await chain.fail(signer, call);
  assert.equal(`${section}.${name}`, expected);
  assert.notEqual(docs.join('').trim(), '', `${expected} has no docs`);
}

/** The fields of the only event of this kind among those of one transaction. */
function only(events, section, method) {
  const found = events.filter((event) => event.section === section && event.method === method);
  assert.equal(found.length, 1, `${found.length} events ${section}.${method}`);
  return fields(found[0]);
}

/** Commits to a gradient; the submission's number. */
async function committed(account, parent, gradient) {
  const events = await chain.succeed(account, commit(account, parent, gradient));
  return only(events, 'gradients', 'Committed').submission;
}

/** Waits for an event of a campaign, or of one of its submissions. */
const of = (id) => (event) => event.campaign.eqn(id);
const outcome = (method, id) =>
  chain.waitFor('gradients', method, ({ submission }) => submission.eq(id));

test('blobs are stored', async () => {
  const [events] = await Promise.all([
    chain.succeed(alice, store('parameters')),
    chain.succeed(alice, store('validation')),
    chain.succeed(dave, store('proposal')),
    chain.succeed(bob, store('firstStep')),
    chain.succeed(charlie, store('secondStep')),
    chain.succeed(ferdie, store('useless')),
    chain.succeed(eve, store('malformed')),
    chain.succeed(eve, store('unneeded')),
    refused(ferdie, tx.modelRepository.store('0x'), 'modelRepository.Empty'),
  ]);
  // The library renames fields that are called like methods of its own.
  const { blob, size_: size, depositor } = only(events, 'modelRepository', 'Stored');
  assert.equal(blob.toHex(), hashOf('parameters'));
  assert.equal(size.toNumber(), blobs.parameters.length);
  assert.equal(depositor.toString(), alice.address);
});

describe('with the blobs stored', { concurrency: true }, () => {
  test('campaigns are created', async () => {
    // All by one account, so that they are numbered in this order.
    const [first, , withdrawn] = await Promise.all([
      chain.succeed(alice, await create()),
      chain.succeed(alice, await create()),
      chain.succeed(
        alice,
        tx.utility.batchAll([await create(), tx.campaigns.cancel(WITHDRAWN)]),
      ),
      chain.succeed(alice, await create({ startingError: firstError })),
      refused(bob, await create({ targetError: startingError }), 'campaigns.TargetNotBelowStart'),
      refused(bob, await create({ privacy: 'Encrypted' }), 'campaigns.EncryptionNotAvailable'),
      refused(bob, await create({ title: '' }), 'campaigns.TitleMissing'),
    ]);
    const created = only(first, 'campaigns', 'Created');
    assert.equal(created.campaign.toNumber(), CAMPAIGN);
    assert.equal(created.bounty.toBigInt(), bounty);
    ids.root = created.root;
    assert.ok(only(withdrawn, 'campaigns', 'Rejected').reason.isCancelled);
  });

  test('other blobs are refused', async () => {
    const other = tx.modelRepository.store('0x2a');
    const blobNotLast = tx.utility.batchAll([other, tx.system.remark('0x00')]);
    const unknown = tx.modelRepository.remove(SALT);
    const bobs = tx.modelRepository.remove(hashOf('firstStep'));
    await Promise.all([
      refused(charlie, store('parameters'), 'modelRepository.AlreadyStored'),
      refused(charlie, blobNotLast, 'modelRepository.NotLast'),
      refused(dave, unknown, 'modelRepository.UnknownBlob'),
      refused(dave, bobs, 'modelRepository.NotDepositor'),
    ]);
  });

  test('what nobody needs is removed', async () => {
    const events = await chain.succeed(eve, tx.modelRepository.remove(hashOf('unneeded')));
    assert.ok(only(events, 'modelRepository', 'Removed').deposit.toBigInt() > 0n);
  });

  test('nobody can make himself an assayer', async () => {
    const key = ferdie.publicKey;
    const report = {
      node: 0,
      account: alice.address,
      subject: hashOf('parameters'),
      verdict: 'NotImproved',
      assayer: key,
    };
    const [sudo, { name }] = await Promise.all([
      chain.succeed(alice, tx.sudo.sudo(tx.assays.register(ferdie.address, key))),
      // Reports are not signed as transactions are.
      chain.fail(ferdie, tx.assays.report(report, ferdie.sign('no report'))),
      refused(ferdie, tx.assays.setKey(key), 'assays.NotAnAssayer'),
      refused(ferdie, tx.assays.retire(), 'assays.NotAnAssayer'),
      refused(ferdie, tx.assays.expire(99), 'assays.NothingToMeasure'),
    ]);
    assert.equal(name, 'BadOrigin');
    const error = chain.describe(only(sudo, 'sudo', 'Sudid').sudoResult.asErr);
    assert.equal(`${error.section}.${error.name}`, 'assays.SetFull');
  });
});

test('the claimed start is measured', async () => {
  for (const id of [CAMPAIGN, CANCELLED]) {
    const { start } = await chain.waitFor('campaigns', 'Opened', of(id));
    assert.equal(start.toNumber(), startingError);
  }
  const { reason } = await chain.waitFor('campaigns', 'Rejected', of(FALSE_CLAIM));
  assert.equal(reason.asFalseClaim.measured.toNumber(), startingError);
});

test('an open campaign takes money, models and commitments', async () => {
  const giveUp = [tx.campaigns.cancel(CANCELLED), tx.campaigns.settle(CANCELLED)];
  const [cancelled, proposed, earliest] = await Promise.all([
    chain.succeed(alice, tx.utility.batchAll(giveUp)),
    chain.succeed(dave, propose('proposal')),
    committed(bob, ids.root, 'firstStep'),
    chain.succeed(alice, tx.campaigns.topUpReserve(CAMPAIGN, SNR)),
    chain.succeed(dave, tx.campaigns.fund(CAMPAIGN, contribution)),
    refused(alice, tx.modelRepository.remove(hashOf('parameters')), 'modelRepository.Pinned'),
    refused(charlie, tx.campaigns.cancel(CAMPAIGN), 'campaigns.NotOwner'),
    refused(eve, tx.campaigns.close(CAMPAIGN), 'campaigns.DeadlineNotPassed'),
    refused(eve, tx.campaigns.settle(CAMPAIGN), 'campaigns.NotClosing'),
    refused(eve, tx.campaigns.fund(99, SNR), 'campaigns.UnknownCampaign'),
    refused(ferdie, tx.campaigns.remove(CAMPAIGN, 1), 'campaigns.NotOver'),
    refused(ferdie, tx.payouts.claim(CAMPAIGN), 'payouts.NotSettled'),
    refused(ferdie, commit(ferdie, 99, 'useless'), 'gradients.UnknownParent'),
  ]);
  assert.ok(only(cancelled, 'campaigns', 'Closed').reason.isCancelled);
  only(cancelled, 'campaigns', 'Settled');
  ids.proposal = only(proposed, 'campaigns', 'Proposed').root;
  ids.earliest = earliest;
});

test('commitments are revealed', async () => {
  // All later than Bob's, who commits to the same as Charlie and Eve.
  [ids.first, ids.useless, ids.malformed] = await Promise.all([
    committed(charlie, ids.root, 'firstStep'),
    committed(ferdie, ids.root, 'useless'),
    committed(dave, ids.root, 'malformed'),
    refused(eve, tx.gradients.expire(ids.earliest), 'gradients.RevealWindowOpen'),
  ]);
  ids.copy = await committed(eve, ids.root, 'firstStep');
  await Promise.all([
    chain.succeed(charlie, reveal(ids.first, 'firstStep')),
    chain.succeed(ferdie, reveal(ids.useless, 'useless')),
    chain.succeed(dave, reveal(ids.malformed, 'malformed')),
    refused(bob, reveal(ids.earliest, 'useless'), 'gradients.CommitmentMismatch'),
    refused(eve, reveal(ids.earliest, 'firstStep'), 'gradients.NotSubmitter'),
  ]);
});

test('models are measured', async () => {
  const isProposal = ({ root }) => root.eq(ids.proposal);
  const [accepted, malformed, proposal] = await Promise.all([
    outcome('Accepted', ids.first),
    outcome('Malformed', ids.malformed),
    chain.waitFor('campaigns', 'ProposalAccepted', isProposal),
    outcome('NotImproved', ids.useless),
  ]);
  assert.equal(accepted.error.toNumber(), firstError);
  assert.equal(accepted.account.toString(), charlie.address);
  assert.ok(malformed.reason.isNotFinite, malformed.reason.type);
  assert.equal(proposal.error.toNumber(), startingError);
});

test('the earlier commitment wins', async () => {
  const [copy, earliest] = await Promise.all([
    chain.succeed(eve, reveal(ids.copy, 'firstStep')),
    chain.succeed(bob, reveal(ids.earliest, 'firstStep')),
    refused(charlie, reveal(ids.first, 'firstStep'), 'gradients.AlreadyDecided'),
    refused(alice, tx.campaigns.cancel(CAMPAIGN), 'campaigns.GradientAccepted'),
  ]);
  assert.ok(only(copy, 'gradients', 'Duplicate').of.eq(ids.first));
  const { node: taken, account } = only(earliest, 'gradients', 'TakenOver');
  assert.ok(taken.eq(ids.first));
  assert.equal(account.toString(), bob.address);
});

test('a quote says what a step would pay', async () => {
  const quote = (await sonar.quote(charlie.address, ids.first, finalError)).asOk;
  assert.equal(quote.pays.toBigInt(), dataPart - earnedUpTo(firstError));
  assert.equal(quote.acceptedUpTo.unwrap().toNumber(), firstError - minimumStep);

  const params = [charlie.address, ids.first.toNumber(), finalError];
  const answer = await request(node.http, 'sonar_quote', params);
  assert.equal(answer.pays, quote.pays.toString());
  assert.equal(answer.deposit, quote.deposit.toString());
  const unknown = request(node.http, 'sonar_quote', [charlie.address, 99, 0]);
  await assert.rejects(unknown, { code: 7002, message: /no such node/ });
});

test('the target closes and settles the campaign', async () => {
  ids.second = await committed(charlie, ids.first, 'secondStep');
  await chain.succeed(charlie, reveal(ids.second, 'secondStep'));
  const { error } = await outcome('Accepted', ids.second);
  assert.equal(error.toNumber(), finalError);
  const { reason } = await chain.waitFor('campaigns', 'Closed', of(CAMPAIGN));
  assert.ok(reason.isTargetReached);
  await chain.waitFor('campaigns', 'Settled', of(CAMPAIGN));
});

/** What the campaign's account holds besides the deposit that keeps it alive. */
async function escrowed() {
  const { escrow } = (await sonar.campaign(CAMPAIGN)).unwrap();
  const { data } = await api.query.system.account(escrow);
  return data.free.toBigInt() - api.consts.campaigns.campaignDeposit.toBigInt();
}

test('the bounty is split to the last unit', async () => {
  const entitlements = await sonar.entitlements(CAMPAIGN);
  const by = Object.fromEntries(entitlements.map((given) => [given.account.toString(), given]));
  assert.equal(by[bob.address].earned.toBigInt(), earnedUpTo(firstError));
  assert.equal(by[charlie.address].earned.toBigInt(), dataPart - earnedUpTo(firstError));
  assert.equal(by[alice.address].expertise.toBigInt(), expertisePart);

  const amounts = entitlements.flatMap(({ earned, expertise, refund }) => [
    earned.toBigInt(),
    expertise.toBigInt(),
    refund.toBigInt(),
  ]);
  assert.equal(
    amounts.reduce((sum, amount) => sum + amount),
    await escrowed(),
  );
});

test('everybody claims', async () => {
  const [claimed] = await Promise.all([
    chain.succeed(bob, tx.payouts.claim(CAMPAIGN)),
    chain.succeed(charlie, tx.payouts.claim(CAMPAIGN)),
    chain.succeed(ferdie, tx.payouts.claimFor(CAMPAIGN, alice.address)),
    chain.succeed(alice, tx.payouts.claim(CANCELLED)),
    chain.succeed(alice, tx.payouts.claim(WITHDRAWN)),
    chain.succeed(alice, tx.payouts.claim(FALSE_CLAIM)),
    refused(eve, tx.payouts.claim(CAMPAIGN), 'payouts.NothingToClaim'),
    refused(bob, tx.payouts.claim(CAMPAIGN), 'payouts.AlreadyClaimed'),
    refused(eve, tx.campaigns.remove(CAMPAIGN, 1), 'campaigns.RetentionNotOver'),
  ]);
  assert.equal(only(claimed, 'payouts', 'Claimed').amount.toBigInt(), earnedUpTo(firstError));
  assert.equal(await escrowed(), 0n);
});

describe('the JSON-RPC tells the same story', () => {
  const ask = (method, ...params) => request(node.http, `sonar_${method}`, params);

  test('of campaigns', async () => {
    const list = await ask('campaigns');
    assert.deepEqual(
      list.map(({ id }) => id),
      [CAMPAIGN, CANCELLED, WITHDRAWN, FALSE_CLAIM],
    );
    assert.equal(list[CAMPAIGN].bounty, total.toString());
    assert.equal(list[CAMPAIGN].best, finalError);
    assert.ok(list[CAMPAIGN].state.settled);
    assert.deepEqual(await ask('campaigns', CANCELLED, 2), list.slice(CANCELLED, CANCELLED + 2));

    const one = await ask('campaign', CAMPAIGN);
    assert.deepEqual(one.summary, list[CAMPAIGN]);
    assert.equal(one.terms.title, 'Left or right');
    assert.equal(one.best, ids.second.toNumber());
    assert.deepEqual(one.sponsors, [
      { account: alice.address, contribution: bounty.toString() },
      { account: dave.address, contribution: contribution.toString() },
    ]);
    assert.equal(await ask('campaign', 99), null);
  });

  test('of models', async () => {
    const numbers = Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, id.toNumber()]));
    const tree = await ask('tree', CAMPAIGN);
    assert.deepEqual(
      tree.map(({ id, node: { parent, error, author } }) => [id, parent, error, author]),
      [
        [numbers.root, null, startingError, alice.address],
        [numbers.proposal, null, startingError, dave.address],
        [numbers.first, numbers.root, firstError, bob.address],
        [numbers.second, numbers.first, finalError, charlie.address],
      ],
    );

    const lineage = await ask('lineage', numbers.second);
    assert.equal(lineage.root, hashOf('parameters'));
    assert.deepEqual(lineage.gradients, [hashOf('firstStep'), hashOf('secondStep')]);
    assert.equal(lineage.candidate, finalHash);

    const { submission } = await ask('submission', numbers.earliest);
    assert.deepEqual(submission.state, { accepted: { node: numbers.first } });
    const charlies = await ask('submissionsOf', charlie.address);
    assert.deepEqual(
      charlies.map(({ id }) => id),
      [numbers.first, numbers.second],
    );
    assert.deepEqual(await ask('pendingSubmissions', CAMPAIGN), []);
    assert.deepEqual(await ask('pendingAssays'), []);

    assert.equal((await ask('blob', hashOf('parameters'))).size, blobs.parameters.length);
    assert.equal(await ask('blob', hashOf('unneeded')), null);
  });

  test('of money', async () => {
    const architecture = {
      input: [2],
      layers: [{ dense: { units: 2 } }],
      head: 'softmax_cross_entropy',
    };
    const cost = await ask('cost', bounty.toString(), architecture, example.ROWS, 1_000);
    assert.equal(cost.bounty, bounty.toString());
    assert.ok(BigInt(cost.reserve) > BigInt(cost.assay_price));
    assert.equal(cost.deposit, api.consts.campaigns.campaignDeposit.toString());

    const entitlements = await ask('entitlements', CAMPAIGN);
    const bobs = entitlements.find(({ account }) => account === bob.address);
    assert.equal(bobs.earned, earnedUpTo(firstError).toString());
    assert.equal(bobs.claimed, true);
    assert.deepEqual(await ask('claimable', bob.address), []);
    assert.equal((await ask('reputation', bob.address)).accepted, 1);
  });

  test('of everything that the runtime answers', async () => {
    const { methods } = await request(node.http, 'rpc_methods');
    const offered = methods
      .map((method) => method.match(/^sonar_(?!subscribe|unsubscribe)(\w+)$/)?.[1])
      .filter(Boolean);
    // Events are subscribed to.
    const answered = Object.keys(sonar).filter((method) => method !== 'events');
    assert.deepEqual(offered.sort(), answered.sort());
  });

  test('of everything that happens', { timeout: 10_000 }, async () => {
    await chain.waitFor('payouts', 'Claimed', of(CAMPAIGN));
    const own = ['campaigns', 'gradients', 'payouts'];
    const happened = chain.events
      .filter(({ event }) => own.includes(event.section) && fields(event).campaign.eqn(CAMPAIGN))
      .map(({ block, event }) => `${block} ${event.method}`);
    // The subscription may be a moment behind.
    while (told.length < happened.length) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const method = (type) => type.replace(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase());
    assert.deepEqual(
      told.map(({ block, event }) => `${block} ${method(event.type)}`),
      happened,
    );
    assert.equal(told[0].event.owner, alice.address);
    assert.equal(told[0].event.bounty, bounty.toString());
  });
});

test('every event was decoded and is explained', () => {
  const unexplained = chain.events
    .filter(({ event }) => event.meta.docs.join('').trim() === '')
    .map(({ event }) => `${event.section}.${event.method}`);
  assert.deepEqual(unexplained, []);
});
