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

/** The names of the models after each step. */
export const firstHash = u8aToHex(contentHash(encodeParameters(afterFirst)));
export const finalHash = u8aToHex(contentHash(encodeParameters(final)));

/** What the owner gives. */
export const bounty = 1_000n * SNR;
/** What another sponsor adds. It does not divide evenly. */
export const contribution = 234n * SNR + 567n;
/** What an improvement must be worth. At least 1/1,024 of the way. */
export const minimumStep = 1_000_000;
/** The most that a commitment may hold. */
export const MAX_HOLD = 100n * SNR;
/** Rounds are short, but long enough for a few accounts to join one. */
const ROUNDS = { roundBlocks: 5, revealWindow: 30, seats: 4, steepness: 1 };
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

/** What those with these shares get of an amount: cumulatively, each sum rounded down. */
export function divided(amount, shares) {
  const total = shares.reduce((sum, share) => sum + share);
  const upTo = (count) =>
    (amount * shares.slice(0, count).reduce((sum, share) => sum + share, 0n)) / total;
  return shares.map((_, index) => upTo(index + 1) - upTo(index));
}

/** Anything of 32 bytes. */
export const SALT = `0x${'07'.repeat(32)}`;

/** The blobs by name, their hashes, and the calls that the campaign takes. */
export function campaign(api) {
  const { tx } = api;
  const blobs = {
    parameters: encodeParameters(start),
    // Of another architecture, and as bad.
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
    final: encodeParameters(final),
    afterFirst: encodeParameters(afterFirst),
    unneeded: Uint8Array.of(1, 2, 3),
    other: Uint8Array.of(4, 5, 6),
  };
  const bytesOf = (name) => u8aToHex(blobs[name]);
  const hashOf = (name) => u8aToHex(contentHash(blobs[name]));
  /** What is committed to, as the protocol says. */
  const commitment = (account, campaign, base, content) => {
    const hidden = api.createType('(AccountId, u32, Option<u64>, H256, [u8; 32])', [
      account.address,
      campaign,
      base,
      content,
      SALT,
    ]);
    return blake2AsHex(hidden.toU8a(), 256);
  };

  return {
    blobs,
    hashOf,
    store: (name) => tx.modelRepository.store(bytesOf(name)),

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
        members: 'Everybody',
        rounds: ROUNDS,
        ...changes,
      };
      const parameters = hashOf('parameters');
      return tx.campaigns.create(terms, { architecture: example.ARCHITECTURE, parameters });
    },

    /** To a gradient on a model of the branch of a root. */
    commit: (account, root, base, gradient, { campaign = CAMPAIGN, maxHold = MAX_HOLD } = {}) =>
      tx.gradients.commit(
        campaign,
        root,
        base,
        commitment(account, campaign, base, hashOf(gradient)),
        maxHold,
      ),

    /** The gradient comes with the transaction. */
    reveal: (submission, gradient) => tx.gradients.reveal(submission, SALT, bytesOf(gradient)),

    /** To another model to start from. */
    commitProposal(account, parameters) {
      const content = api.createType('(SyftArchitecture, H256)', [
        example.OTHER_ARCHITECTURE,
        hashOf(parameters),
      ]);
      const hidden = commitment(account, CAMPAIGN, null, blake2AsHex(content.toU8a(), 256));
      return tx.gradients.commitProposal(CAMPAIGN, hidden, MAX_HOLD);
    },

    revealProposal: (submission, parameters) =>
      tx.gradients.revealProposal(
        submission,
        SALT,
        example.OTHER_ARCHITECTURE,
        bytesOf(parameters),
      ),

    /** Stores what came out of a round. */
    storeModel: (model, parameters) => tx.gradients.storeModel(model, bytesOf(parameters)),
  };
}
