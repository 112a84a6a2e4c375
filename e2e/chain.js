// What tests do with a chain through @polkadot/api: send transactions and wait for events.

import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';

/** How long anything that the chain does may take, in milliseconds. */
const PATIENCE = 60_000;

/** One SNR in the smallest unit. */
export const SNR = 10n ** 12n;

/** A connection to a node. */
export class Chain {
  /** All events so far: `{ block, event }` in order, from the first block after connecting. */
  events = [];
  /** The latest block of which the events are known. */
  block = 0;
  #nonces = new Map();
  #waiting = new Set();
  #failure;
  #stopFollowing;
  /** The reading of the latest block's events. */
  #reading = Promise.resolve();

  /** Connects to a node and follows its best blocks. */
  static async connect(ws) {
    const provider = new WsProvider(ws);
    const api = await ApiPromise.create({
      provider,
      noInitWarn: true,
      // These carry nothing in signed transactions.
      signedExtensions: {
        AuthorizeCall: { extrinsic: {}, payload: {} },
        CheckReveal: { extrinsic: {}, payload: {} },
      },
    });
    const chain = new Chain(api, provider);
    await chain.#follow();
    return chain;
  }

  constructor(api, provider) {
    this.api = api;
    /** Sends JSON-RPC requests as they are. */
    this.provider = provider;
    const keyring = new Keyring({ type: 'sr25519', ss58Format: api.registry.chainSS58 });
    /** The development account of this name. */
    this.account = (name) => keyring.addFromUri(`//${name}`);
  }

  /**
   * Sends a call and waits until it is in a block. Answers with the events of the transaction and the
   * error, as the metadata describe it, if there is one.
   */
  async submit(signer, call) {
    const address = signer.address;
    const nonce =
      this.#nonces.get(address) ??
      this.api.rpc.system.accountNextIndex(address).then((index) => index.toNumber());
    // Counted here, so that several transactions of an account can be on their way.
    this.#nonces.set(address, Promise.resolve(nonce).then((value) => value + 1));
    const result = await sendAndWatch(call, signer, await nonce);
    return {
      events: result.events.map(({ event }) => event),
      error: result.dispatchError && this.describe(result.dispatchError),
    };
  }

  /** `{ section, name, docs }` of a module's error, or what else went wrong. */
  describe(dispatchError) {
    return dispatchError.isModule
      ? this.api.registry.findMetaError(dispatchError.asModule)
      : { section: 'runtime', name: dispatchError.type, docs: [] };
  }

  /** Submits a call that must work; its events. */
  async succeed(signer, call) {
    const { events, error } = await this.submit(signer, call);
    if (error) {
      throw new Error(`${name(call)} failed with ${error.section}.${error.name}`);
    }
    return events;
  }

  /** Submits a call that must fail; its error. */
  async fail(signer, call) {
    const { error } = await this.submit(signer, call);
    if (!error) {
      throw new Error(`${name(call)} did not fail`);
    }
    return error;
  }

  /**
   * Signs a call that the node must not even take into its pool, and sends it; the node's message. The
   * account must have no other transaction on its way.
   */
  async notTaken(signer, call) {
    const signed = await call.signAsync(signer, { nonce: -1 });
    try {
      await this.api.rpc.author.submitExtrinsic(signed);
    } catch (error) {
      return error.message;
    }
    throw new Error(`${name(call)} was taken`);
  }

  /** The fields of the first event of this kind (so far or to come) that `matches`. */
  async waitFor(section, method, matches = () => true) {
    const isIt = ({ event }) =>
      event.section === section && event.method === method && matches(fields(event));
    const { event } = await this.#until(() => this.events.find(isIt), `${section}.${method}`);
    return fields(event);
  }

  /** Waits for a block of at least this height. */
  reach(block) {
    return this.#until(() => this.block >= block, `block ${block}`);
  }

  /** Waits, after each block, until `find` finds something, and answers with it. */
  #until(find, what) {
    let look;
    const found = new Promise((resolve, reject) => {
      look = () => {
        const it = find();
        if (it) {
          resolve(it);
        } else if (this.#failure) {
          reject(this.#failure);
        }
      };
      this.#waiting.add(look);
      look();
    });
    return inTime(found, what).finally(() => this.#waiting.delete(look));
  }

  /** Ends the connection. */
  async close() {
    this.#stopFollowing();
    await this.#reading;
    await this.api.disconnect();
  }

  async #follow() {
    this.#stopFollowing = await this.api.rpc.chain.subscribeNewHeads((header) => {
      this.#reading = this.#reading
        .then(() => this.#read(header))
        .catch((error) => {
          this.#failure = error;
        })
        .then(() => this.#waiting.forEach((look) => look()));
    });
  }

  async #read(header) {
    const at = await this.api.at(header.hash);
    for (const { event } of await at.query.system.events()) {
      this.events.push({ block: header.number.toNumber(), event });
    }
    this.block = Math.max(this.block, header.number.toNumber());
  }
}

/** The named fields of an event. */
export function fields(event) {
  return Object.fromEntries(event.data.names.map((name, index) => [name, event.data[index]]));
}

function name(call) {
  return `${call.method.section}.${call.method.method}`;
}

function sendAndWatch(call, signer, nonce) {
  const included = new Promise((resolve, reject) => {
    call
      .signAndSend(signer, { nonce }, (result) => {
        if (result.isInBlock) {
          resolve(result);
        } else if (result.isError) {
          reject(new Error(`${name(call)} was not included: ${result.status.type}`));
        }
      })
      .catch(reject);
  });
  return inTime(included, `block with ${name(call)}`);
}

/** Fails if a promise keeps everybody waiting for too long. */
function inTime(promise, what) {
  let timer;
  const tooLate = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} in ${PATIENCE} ms`)), PATIENCE);
  });
  return Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
}
