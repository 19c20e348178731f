/**
 * One contract, several backends that must keep it: the simulator's, the embedded cloud, and two AWSes by others.
 *
 * A port's suite is `tests/conformance/<port>.test.ts`: `onEachTarget((open, test) => …)`, and what it needs of the backend
 * is in `Ports`. Where a backend is known not to keep the contract, deviations.ts says why.
 */
import { afterAll, afterEach, beforeAll, describe, test as jestTest } from '@jest/globals';
import { outside, startAws } from '../outside/outside.ts';
import { type AwsBackend, openAwsBackend } from './aws.ts';
import type { Backend, Circumstances, TargetName } from './contract.ts';
import { deviations } from './deviations.ts';
import { startEmbedded } from './embedded.ts';
import { openSimulatedBackend } from './simulated.ts';

interface Target<W extends Backend> {
  readonly name: TargetName;
  readonly installed: boolean;
  /** Once for a file of tests. */
  start(): Promise<{ open(circumstances: Circumstances): Promise<W>; close(): Promise<void> }>;
}

async function startOther(which: 'moto' | 'ministack') {
  const aws = await startAws(which);
  return { open: (asked: Circumstances) => openAwsBackend(aws.endpoint, asked), close: aws.close };
}

const awsTargets: readonly Target<AwsBackend>[] = [
  {
    name: 'embedded',
    installed: true,
    start: async () => {
      const cloud = await startEmbedded();
      return { open: (asked) => openAwsBackend(cloud.endpoint, asked), close: cloud.close };
    },
  },
  { name: 'moto', installed: outside.python !== undefined, start: () => startOther('moto') },
  { name: 'ministack', installed: outside.python !== undefined, start: () => startOther('ministack') },
];

const simulator: Target<Backend> = {
  name: 'simulator',
  installed: true,
  start: async () => ({ open: async (asked) => openSimulatedBackend(asked), close: async () => undefined }),
};

type Open<W extends Backend> = (circumstances?: Circumstances) => Promise<W>;
type Suite<W extends Backend> = (
  open: Open<W>,
  test: (title: string, body: () => Promise<void>) => void,
) => void;

/** A contract of our own ports. */
export const onEachTarget = (suite: Suite<Backend>): void => runOn([simulator, ...awsTargets], suite);
/** A contract of AWS itself, below the ports. */
export const onEachAws = (suite: Suite<AwsBackend>): void => runOn(awsTargets, suite);

const TIMEOUT_MS = 120_000;

function runOn<W extends Backend>(targets: readonly Target<W>[], suite: Suite<W>): void {
  for (const target of targets) {
    (target.installed ? describe : describe.skip)(target.name, () => {
      let server: Awaited<ReturnType<typeof target.start>>;
      const backends: W[] = [];
      beforeAll(async () => {
        server = await target.start();
      }, TIMEOUT_MS);
      afterEach(async () => {
        for (const backend of backends.splice(0)) await backend.close();
      });
      afterAll(() => server?.close());
      suite(
        async (circumstances = {}) => {
          const backend = await server.open(circumstances);
          backends.push(backend);
          return backend;
        },
        (title, body) => {
          const known = deviations.find((one) => one.target === target.name && one.test === title);
          if (known === undefined) return jestTest(title, body, TIMEOUT_MS);
          const named = `${title} (not here: ${known.why})`;
          if (known.sometimes) return jestTest.skip(named, body);
          // Once it does keep the contract, this fails, and its row goes.
          return jestTest.failing(named, body, TIMEOUT_MS);
        },
      );
    });
  }
}
