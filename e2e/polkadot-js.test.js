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
  divided,
  earnedUpTo,
  expertisePart,
  FALSE_CLAIM,
  finalError,
  finalHash,
  firstError,
  firstHash,
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
let blobs, hashOf, store, create, commit, reveal, commitProposal, revealProposal, storeModel;
let alice, bob, charlie, dave, eve, ferdie;
/** Models, rounds and submissions by what they are. */
const ids = {};
/** What the JSON-RPC subscription tells of the campaign. */
const told = [];

before(async () => {
  node = await startNode();
  chain = await Chain.connect(node.ws);
  ({ api } = chain);
  ({ tx } = api);
  sonar = api.call.sonarApi;
  ({ blobs, hashOf, store, create, commit, reveal } = campaign(api));
  ({ commitProposal, revealProposal, storeModel } = campaign(api));
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

/** Commits to a gradient; the submission's number and its round. */
async function committed(account, root, base, gradient) {
  const events = await chain.succeed(account, commit(account, root, base, gradient));
  return only(events, 'gradients', 'Committed');
}

/** Waits for an event of a campaign, a round, a proposal or a submission. */
const of = (id) => (event) => event.campaign.eqn(id);
const ofRound = (id) => (event) => event.round.eq(id);
const ofRoot = (id) => (event) => event.root.eq(id);
const ofSubmission = (id) => (event) => event.submission.eq(id);

test('blobs are stored', async () => {
  const [events] = await Promise.all([
    chain.succeed(alice, store('parameters')),
    chain.succeed(alice, store('validation')),
    chain.succeed(eve, store('unneeded')),
    chain.succeed(bob, store('other')),
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
      chain.succeed(alice, await create({ members: 'Admitted' })),
      chain.succeed(
        alice,
        tx.utility.batchAll([await create(), tx.campaigns.cancel(WITHDRAWN)]),
      ),
      chain.succeed(alice, await create({ startingError: firstError })),
      refused(bob, await create({ targetError: startingError }), 'campaigns.TargetNotBelowStart'),
      refused(bob, await create({ privacy: 'Encrypted' }), 'campaigns.EncryptionNotAvailable'),
      refused(bob, await create({ title: '' }), 'campaigns.TitleMissing'),
      refused(bob, await create({ minimumStep: 1 }), 'campaigns.MinimumStepOutOfRange'),
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
    const bobs = tx.modelRepository.remove(hashOf('other'));
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
      id: 0,
      subject: hashOf('parameters'),
      verdict: { Measured: { error: 0 } },
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

test('an open campaign takes money and models', async () => {
  const giveUp = [
    tx.campaigns.admit(CANCELLED, bob.address),
    tx.campaigns.cancel(CANCELLED),
    tx.campaigns.settle(CANCELLED),
  ];
  const [cancelled, proposed] = await Promise.all([
    chain.succeed(alice, tx.utility.batchAll(giveUp)),
    chain.succeed(dave, commitProposal(dave, 'proposal')),
    chain.succeed(dave, tx.campaigns.fund(CAMPAIGN, contribution)),
    refused(alice, tx.modelRepository.remove(hashOf('parameters')), 'modelRepository.Pinned'),
    refused(alice, tx.campaigns.admit(CAMPAIGN, bob.address), 'campaigns.AdmissionNotNeeded'),
    refused(charlie, tx.campaigns.cancel(CAMPAIGN), 'campaigns.NotOwner'),
    refused(eve, tx.campaigns.close(CAMPAIGN), 'campaigns.DeadlineNotPassed'),
    refused(eve, tx.campaigns.settle(CAMPAIGN), 'campaigns.NotClosing'),
    refused(eve, tx.campaigns.fund(99, SNR), 'campaigns.UnknownCampaign'),
    refused(ferdie, tx.campaigns.remove(CAMPAIGN, 1), 'campaigns.NotOver'),
    refused(ferdie, tx.payouts.claim(CAMPAIGN), 'payouts.NotSettled'),
  ]);
  assert.equal(only(cancelled, 'campaigns', 'Admitted').account.toString(), bob.address);
  assert.ok(only(cancelled, 'campaigns', 'Closed').reason.isCancelled);
  only(cancelled, 'campaigns', 'Settled');
  const { submission } = only(proposed, 'gradients', 'ProposalCommitted');
  const events = await chain.succeed(dave, revealProposal(submission, 'proposal'));
  const proposal = only(events, 'campaigns', 'Proposed');
  assert.ok(proposal.needsAcceptance.isTrue);
  ids.proposal = proposal.root;
});

test('the owner accepts what others propose', async () => {
  await Promise.all([
    chain.succeed(alice, tx.campaigns.acceptProposal(ids.proposal)),
    refused(bob, tx.campaigns.acceptProposal(ids.proposal), 'campaigns.NotOwner'),
    refused(dave, tx.campaigns.rejectProposal(99), 'campaigns.UnknownProposal'),
  ]);
  const accepted = await chain.waitFor('campaigns', 'ProposalAccepted', ofRoot(ids.proposal));
  assert.equal(accepted.error.toNumber(), startingError);
});

test('gradients meet in a round', async () => {
  const first = await committed(bob, ids.root, ids.root, 'firstStep');
  ids.first = first.round;
  const opened = await chain.waitFor('gradients', 'RoundOpened', ofRound(ids.first));
  assert.ok(opened.root.eq(ids.root));
  const by = { bob: first };
  [by.eve, by.ferdie, by.dave] = await Promise.all([
    committed(eve, ids.root, ids.root, 'firstStep'),
    committed(ferdie, ids.root, ids.root, 'useless'),
    committed(dave, ids.root, ids.root, 'malformed'),
    refused(bob, commit(bob, ids.root, ids.root, 'useless'), 'gradients.AlreadyCommitted'),
    refused(charlie, commit(charlie, 99, ids.root, 'useless'), 'gradients.UnknownRoot'),
    refused(charlie, commit(charlie, ids.root, 99, 'useless'), 'gradients.UnknownModel'),
    refused(
      charlie,
      commit(charlie, ids.root, ids.proposal, 'useless'),
      'gradients.BaseOfOtherBranch',
    ),
    refused(
      charlie,
      commit(charlie, ids.root, ids.root, 'useless', { maxHold: 1 }),
      'gradients.HoldAboveMaximum',
    ),
    refused(alice, tx.gradients.advance(ids.first), 'gradients.RoundNotReady'),
    refused(alice, tx.gradients.expire(first.submission), 'gradients.IsGradient'),
  ]);
  assert.ok([by.eve, by.ferdie, by.dave].every(({ round }) => round.eq(ids.first)));
  [ids.bobs, ids.eves, ids.useless, ids.malformed] = [by.bob, by.eve, by.ferdie, by.dave].map(
    ({ submission }) => submission,
  );
  ids.closes = opened.closes;
});

test('gradients are revealed once the round is closed', async () => {
  assert.match(await chain.notTaken(bob, reveal(ids.bobs, 'firstStep')), /1010/);
  await chain.reach(ids.closes.toNumber());
  // What would be refused does not even get into a block.
  assert.match(await chain.notTaken(bob, reveal(ids.bobs, 'useless')), /1010/);
  assert.match(await chain.notTaken(bob, reveal(ids.eves, 'firstStep')), /1010/);
  await Promise.all([
    chain.succeed(bob, reveal(ids.bobs, 'firstStep')),
    chain.succeed(eve, reveal(ids.eves, 'firstStep')),
    chain.succeed(ferdie, reveal(ids.useless, 'useless')),
    chain.succeed(dave, reveal(ids.malformed, 'malformed')),
  ]);
  const { reveals } = await chain.waitFor('gradients', 'RoundClosed', ofRound(ids.first));
  assert.equal(reveals.toNumber(), 4);
});

test('a round is measured, and what each adds', async () => {
  const accepted = await chain.waitFor('gradients', 'RoundAccepted', ofRound(ids.first));
  assert.equal(accepted.error.toNumber(), firstError);
  assert.equal(accepted.formerRecord.unwrap().toNumber(), startingError);
  // Three were measured, and share 3! times the improvement: the same gradients have equal parts, the
  // useless one has none.
  const half = 3n * BigInt(startingError - firstError);
  assert.deepEqual(
    accepted.contributors.map(({ account, share }) => [account.toString(), share.toBigInt()]),
    [
      [bob.address, half],
      [eve.address, half],
    ],
  );
  await chain.waitFor('gradients', 'Malformed', ofSubmission(ids.malformed));
  await refused(alice, tx.campaigns.cancel(CAMPAIGN), 'campaigns.RoundAccepted');
});

test('a quote says what a round would pay', async () => {
  const quote = (await sonar.quote(charlie.address, ids.root, finalError)).asOk;
  assert.equal(quote.pays.toBigInt(), dataPart - earnedUpTo(firstError));
  assert.equal(quote.acceptedUpTo.unwrap().toNumber(), firstError - minimumStep);
  assert.ok(quote.best.eq(ids.first));
  assert.ok(quote.round.isNone);

  const params = [charlie.address, ids.root.toNumber(), finalError];
  const answer = await request(node.http, 'sonar_quote', params);
  assert.equal(answer.pays, quote.pays.toString());
  assert.equal(answer.hold, quote.hold.toString());
  const unknown = request(node.http, 'sonar_quote', [charlie.address, 99, 0]);
  await assert.rejects(unknown, { code: 7002, message: /no such root/ });
});

test('the parameters of a model are stored by whoever likes to', async () => {
  await refused(charlie, storeModel(ids.first, 'final'), 'gradients.WrongParameters');
  await chain.succeed(charlie, storeModel(ids.first, 'afterFirst'));
  await refused(eve, storeModel(ids.first, 'afterFirst'), 'gradients.AlreadyStored');
});

test('the target closes and settles the campaign', async () => {
  const { submission, round } = await committed(charlie, ids.root, ids.first, 'secondStep');
  [ids.charlies, ids.second] = [submission, round];
  const { closes } = await chain.waitFor('gradients', 'RoundOpened', ofRound(round));
  await chain.reach(closes.toNumber());
  await chain.succeed(charlie, reveal(submission, 'secondStep'));
  const { error } = await chain.waitFor('gradients', 'RoundAccepted', ofRound(round));
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
  const [bobs, eves] = divided(earnedUpTo(firstError), [1n, 1n]);
  assert.equal(by[bob.address].earned.toBigInt(), bobs);
  assert.equal(by[eve.address].earned.toBigInt(), eves);
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
    chain.succeed(eve, tx.payouts.claim(CAMPAIGN)),
    refused(ferdie, tx.payouts.claim(CAMPAIGN), 'payouts.NothingToClaim'),
    refused(bob, tx.payouts.claim(CAMPAIGN), 'payouts.AlreadyClaimed'),
    refused(eve, tx.campaigns.remove(CAMPAIGN, 1), 'campaigns.RetentionNotOver'),
  ]);
  const [bobs] = divided(earnedUpTo(firstError), [1n, 1n]);
  assert.equal(only(claimed, 'payouts', 'Claimed').amount.toBigInt(), bobs);
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
    assert.deepEqual(await ask('admitted', CANCELLED), [bob.address]);
  });

  test('of models', async () => {
    const numbers = Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, id.toNumber()]));
    const tree = await ask('tree', CAMPAIGN);
    assert.deepEqual(
      tree.map(({ id, model: { root, error, stored, former_record } }) => [
        id,
        root,
        error,
        stored,
        former_record,
      ]),
      [
        [numbers.root, numbers.root, startingError, true, null],
        [numbers.proposal, numbers.proposal, startingError, true, null],
        [numbers.first, numbers.root, firstError, true, startingError],
        [numbers.second, numbers.root, finalError, false, firstError],
      ],
    );
    assert.deepEqual(tree[0].model.origin, { proposed: { author: alice.address } });
    assert.deepEqual(
      tree[2].model.origin.merged.contributors.map(({ account, in_best_set }) => [
        account,
        in_best_set,
      ]),
      [
        [bob.address, true],
        [eve.address, false],
      ],
    );

    const recipe = await ask('recipe', numbers.second);
    assert.deepEqual(recipe.recipe, [
      { stored: { parameters: firstHash } },
      {
        merged: {
          members: [{ base: 0, gradient: hashOf('secondStep') }],
          previous: null,
          parameters: finalHash,
        },
      },
    ]);

    const rounds = await ask('rounds', CAMPAIGN);
    assert.deepEqual(
      rounds.map(({ id, round: { root, commitments, reveals, state } }) => [
        id,
        root,
        commitments,
        reveals,
        state,
      ]),
      [
        [numbers.first, numbers.root, 4, 4, 'accepted'],
        [numbers.second, numbers.root, 1, 1, 'accepted'],
      ],
    );
    assert.deepEqual(await ask('round', numbers.second), rounds[1]);
    const submissions = await ask('submissionsIn', numbers.first);
    const states = submissions.map(({ id, submission: { state } }) => [
      id,
      state.contributed?.model ?? state,
    ]);
    assert.deepEqual(Object.fromEntries(states), {
      [numbers.bobs]: numbers.first,
      [numbers.eves]: numbers.first,
      [numbers.useless]: 'not_contributed',
      [numbers.malformed]: 'malformed',
    });
    const charlies = await ask('submissionsOf', charlie.address);
    assert.deepEqual(
      charlies.map(({ id }) => id),
      [numbers.charlies],
    );
    assert.deepEqual(await ask('submission', numbers.charlies), charlies[0]);
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
    const cost = await ask('cost', bounty.toString(), architecture, example.ROWS, 1_000, 4);
    assert.equal(cost.bounty, bounty.toString());
    assert.equal(cost.max_commitments, 256);
    assert.ok(BigInt(cost.largest_part) > BigInt(cost.assay_price));
    assert.equal(cost.deposit, api.consts.campaigns.campaignDeposit.toString());

    const entitlements = await ask('entitlements', CAMPAIGN);
    const bobs = entitlements.find(({ account }) => account === bob.address);
    assert.equal(bobs.earned, divided(earnedUpTo(firstError), [1n, 1n])[0].toString());
    assert.equal(bobs.claimed, true);
    assert.deepEqual(await ask('claimable', bob.address), []);
    assert.equal((await ask('reputation', bob.address)).contributions, 1);
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
