/**
 * `headgate/testing`: the whole of Headgate for a test, in a process of its own. That process runs under the Node of this
 * repository, has a clock that can be moved, and ends with the process of the test, however that ends.
 *
 * Plain JavaScript, because a test runner does not compile what it finds in packages. The types are in index.d.cts.
 */
'use strict';

const { fork } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const NODE = join(__dirname, '../node_modules/node/bin/node');
const PROGRAM = join(__dirname, 'laptop-process.ts');
const CALLS = ['addTenant', 'upload', 'submit', 'job', 'waitFor', 'waitForWebhook', 'webhooks'];

async function startHeadgate({ log, ...options } = {}) {
  const laptop = startProcess(log);
  const started = await laptop.call('start', options);
  const calls = Object.fromEntries(CALLS.map((name) => [name, (...args) => laptop.call(name, ...args)]));
  return {
    ...started,
    ...calls,
    clock: {
      now: () => laptop.call('now'),
      advance: (time) => laptop.call('advance', time),
    },
    stop: () => laptop.stop(),
  };
}

function startProcess(log = () => undefined) {
  if (!existsSync(NODE))
    throw new Error(`Expected the dependencies of Headgate: run npm ci in ${join(__dirname, '..')}.`);
  // Options of the runner's own Node are not for this one.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = fork(PROGRAM, {
    execPath: NODE,
    execArgv: ['--max-semi-space-size=4'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env,
    // Ctrl-C is for the runner: this process ends when the runner has.
    detached: true,
  });
  const waiting = new Map();
  // Not `close`, which does not come after a disconnect.
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const silent = new Promise((resolve) => child.stderr.once('end', resolve));
  let ids = 0;
  let lastWords = '';
  const end = (reason) => {
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
  };
  child.stderr.on('data', (text) => {
    lastWords = `${lastWords}${text}`.slice(-4000);
  });
  child.on('error', (error) => end(`Headgate did not start: ${error.message}`));
  Promise.all([gone, silent]).then(() => end(`Headgate has ended. ${lastWords}`.trim()));
  child.on('message', ({ id, line, error, value }) => {
    if (line !== undefined) return log(line);
    const call = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) setHeld(child, false);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(error));
  });
  return {
    call(name, ...args) {
      if (!child.connected) return Promise.reject(new Error(`Headgate has ended. ${lastWords}`.trim()));
      const id = ++ids;
      setHeld(child, true);
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, name, args }, (failed) => failed && reject(failed));
      });
    },
    async stop() {
      setHeld(child, true);
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}

/** A test that forgets to stop it still ends: the process of the test waits for an answer, and for nothing else. */
function setHeld(child, held) {
  const change = held ? 'ref' : 'unref';
  child[change]();
  child.channel?.[change]();
  child.stderr[change]?.();
}

module.exports = { startHeadgate };
