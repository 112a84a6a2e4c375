// Starts a development node of its own for a test file, and ends it.

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** How long a node may take to answer its first request, in milliseconds. */
const START_TIMEOUT = 60_000;
/** How long a node may take to end before it is killed, in milliseconds. */
const STOP_TIMEOUT = 10_000;
/** How much of the end of a node's log is kept, in characters. */
const KEPT_LOG = 50_000;

const BINARY =
  process.env.SONAR_NODE_BIN ??
  join(
    process.env.CARGO_TARGET_DIR ?? join(homedir(), '.cache', 'sonar', 'target'),
    'release',
    'sonar-node',
  );

/**
 * Starts `sonar-node --dev` on free ports with an empty database, and waits until it answers. Prints
 * the end of its log if a test fails.
 *
 * `http` and `ws` are the addresses of its JSON-RPC. `stop()` ends it and deletes its database; call
 * it in any case.
 */
export async function startNode() {
  const basePath = await mkdtemp(join(tmpdir(), 'sonar-e2e-'));
  const [rpcPort, p2pPort] = await freePorts(2);
  const child = spawn(
    BINARY,
    [
      '--dev',
      ...['--base-path', basePath],
      ...['--rpc-port', rpcPort],
      ...['--listen-addr', `/ip4/127.0.0.1/tcp/${p2pPort}`],
      '--no-prometheus',
      '--no-telemetry',
      '--no-mdns',
    ].map(String),
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );

  let log = '';
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      log = (log + text).slice(-KEPT_LOG);
    });
  }
  const end = new Promise((resolve) => {
    child.once('error', (error) => {
      log += `cannot run ${BINARY}: ${error.message}\n`;
      resolve();
    });
    child.once('exit', resolve);
  }).then(() => {
    ended = true;
  });

  const kill = () => child.kill('SIGKILL');
  // If the tests die, the node must not survive them.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => process.exit(1));
  }
  process.once('exit', (code) => {
    kill();
    rmSync(basePath, { recursive: true, force: true });
    if (code !== 0) {
      console.error(`The end of the log of the node at ${basePath}:\n${log}`);
    }
  });

  const node = {
    http: `http://127.0.0.1:${rpcPort}`,
    ws: `ws://127.0.0.1:${rpcPort}`,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(kill, STOP_TIMEOUT);
      await end;
      clearTimeout(timer);
      await rm(basePath, { recursive: true, force: true });
    },
  };

  const deadline = Date.now() + START_TIMEOUT;
  while (!(await answers(node.http))) {
    if (ended || Date.now() > deadline) {
      await node.stop();
      throw new Error(ended ? 'the node ended' : 'the node does not answer');
    }
    await sleep(200);
  }
  return node;
}

/** One JSON-RPC request over HTTP. Fails with the node's message if it answers with an error. */
export async function request(http, method, params = []) {
  const response = await fetch(http, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = await response.json();
  if (error) {
    throw Object.assign(new Error(`${method}: ${error.message}`), { code: error.code });
  }
  return result;
}

async function answers(http) {
  try {
    await request(http, 'system_health');
    return true;
  } catch {
    return false;
  }
}

/** Ports that nobody listens on, all different. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
