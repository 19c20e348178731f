/**
 * An upgrade and a roll-back with jobs in flight, as docs/operating/upgrade.md promises them. The functions of the stack are replaced
 * by those of another checkout that was built, and back again: `PREVIOUS=../headgate-0.1.0 npm run jest -- tests/flows/upgrade`.
 */
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import { endsTold } from '../../demo/faults/stage.ts';
import { built } from '../../tools/build.ts';
import { closedAfterAll } from '../support/closing.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { type Containers, openContainers } from './containers.ts';
import { lookFromOutside, type Outside } from './outside.ts';

jest.setTimeout(300_000);

const previous = process.env['PREVIOUS'];
/** The CHANGELOG says that the version before cannot read jobs of this one: they wait for the next upgrade. */
const isUnreadable = process.env['UNREADABLE'] !== undefined;
const opened = closedAfterAll();
const root = join(import.meta.dirname, '../..');

(previous === undefined ? describe.skip : describe)('jobs in flight', () => {
  const older = join(resolve(previous ?? ''), '.esbuild/.build');
  let bundles: string;
  let containers: Containers;
  let stack: Stack;
  let outside: Outside;

  beforeAll(async () => {
    // Within the checkout, where bundles find the packages that are not in them.
    mkdirSync(join(root, '.build'), { recursive: true });
    bundles = mkdtempSync(join(root, '.build/upgrade-'));
    opened({ close: () => rmSync(bundles, { recursive: true, force: true }) });
    // What only the newer template has is there from the beginning.
    cpSync(built.functions, bundles, { recursive: true });
    cpSync(older, bundles, { recursive: true });
    containers = opened(await openContainers());
    stack = opened(
      await startStack({ images: containers.images, bundles, parameters: { DefaultTenantCap: '2' } }),
    );
    outside = opened(lookFromOutside(stack));
    await stack.addTenant('acme');
    await stack.upload('acme', 'n.csv', 'n\n1\n2\n');
  });

  const deploy = async (functions: string) => {
    cpSync(functions, bundles, { recursive: true });
    await stack.cloud.renewFunctions(
      globSync('**/*.mjs', { cwd: bundles }).map((file) => join(bundles, file)),
    );
  };
  const send = (keys: readonly string[], rest: object = {}) =>
    stack.send(
      ...keys.map((idempotencyKey) => ({
        specVersion: '1',
        tenantId: 'acme',
        jobType: 'csv.summarise',
        idempotencyKey,
        input: { csv: `s3://${stack.bucket}/tenants/acme/inputs/n.csv` },
        ...rest,
      })),
    );
  const isIn = (key: string, state: string) =>
    until(`${key} as ${state}`, async () =>
      (await stack.job('acme', key))?.state === state ? true : undefined,
    );

  /** One in each place where a job may be: in a container, before another attempt, behind the cap, before its time. */
  const begin = async (version: string): Promise<string[]> => {
    const [held, again, later] = [`${version}-held`, `${version}-again`, `${version}-later`];
    const line = Array.from({ length: 4 }, (_, i) => `${version}-line-${i}`);
    containers.willHold(jobIdOf('acme', held));
    containers.willExit(jobIdOf('acme', again), 75);
    await send([held]);
    await isIn(held, 'running');
    await send([again]);
    await isIn(again, 'retrying');
    await send([later], { delaySeconds: 600 });
    await isIn(later, 'scheduled');
    await send(line);
    await stack.recorded('acme', line[3] ?? '');
    return [held, again, later, ...line];
  };
  const endWell = async (keys: readonly string[]) => {
    const found: Record<string, string> = {};
    for (const key of keys) found[key] = (await outside.turnUntilEnded('acme', key)).state;
    expect(found).toEqual(Object.fromEntries(keys.map((key) => [key, 'succeeded'])));
    for (const key of keys) await stack.webhookFor(jobIdOf('acme', key));
  };
  it('of the older version end right under the newer one, and those of the newer one after a roll-back or the next upgrade', async () => {
    const old = await begin('old');
    await deploy(built.functions);
    await send(['new-beside']);
    containers.release();
    await endWell([...old, 'new-beside']);

    const young = await begin('young');
    await deploy(older);
    containers.release();
    // Whatever the older one cannot read costs no job of its own.
    await send(['old-again']);
    await endWell(['old-again']);
    if (!isUnreadable) await endWell(young);
    await deploy(built.functions);
    await endWell(young);

    for (const key of [...old, 'new-beside', ...young, 'old-again'])
      expect([key, endsTold(stack.webhooks, jobIdOf('acme', key))]).toEqual([key, 1]);
  });
});
