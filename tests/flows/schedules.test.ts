/** A schedule on a laptop whose clock is turned: set by the command line, run by tick, ended like any job. */
import { beforeAll, expect, it, jest } from '@jest/globals';
import { closedAfterAll } from '../support/closing.ts';
import { runCommand } from '../support/command.ts';
import type { Stack } from '../support/stack.ts';
import { openFlow } from './flow.ts';
import type { Outside } from './outside.ts';

jest.setTimeout(120_000);

let stack: Stack;
let outside: Outside;
let csv: string;
const opened = closedAfterAll();
beforeAll(async () => {
  ({ stack, outside, csv } = await openFlow(opened));
});

const MINUTE_MS = 60_000;
const schedule = (...args: readonly string[]) => runCommand(stack, 'schedule', ...args);
const keyAt = (ms: number) => `schedule:nightly:${new Date(ms).toISOString().slice(0, 16)}Z`;

it('a schedule runs each minute of a turned clock, once, and rests while it is paused', async () => {
  await outside.schedule('rest');
  const definition = JSON.stringify({
    cron: '* * * * *',
    timeZone: 'Europe/Berlin',
    job: { jobType: 'csv.summarise', input: { csv } },
  });
  const put = await schedule('put', 'nightly', '--tenant', 'acme', '--definition', definition, '--json');
  expect(put).toMatchObject({ code: 0, err: '' });
  const { nextAt } = JSON.parse(put.out);

  stack.cloud.clock.advance(nextAt - stack.cloud.clock.now());
  await outside.schedule('run');
  stack.cloud.clock.advance(MINUTE_MS);
  expect(await stack.ended('acme', keyAt(nextAt))).toMatchObject({
    state: 'succeeded',
    runAt: new Date(nextAt).toISOString(),
  });

  const paused = await schedule('pause', 'nightly', '--tenant', 'acme', '--reason', 'audit', '--json');
  const { recent } = JSON.parse(paused.out);
  // One that was sent a minute ahead is delayed in its queue until its time.
  stack.cloud.clock.advance(10 * MINUTE_MS);
  for (const { at } of recent) await stack.recorded('acme', keyAt(at));
  await stack.send({
    specVersion: '1',
    tenantId: 'acme',
    jobType: 'csv.summarise',
    idempotencyKey: 'after',
    input: { csv },
  });
  await stack.ended('acme', 'after');
  const shown = JSON.parse((await schedule('get', 'nightly', '--tenant', 'acme', '--json')).out);
  expect(shown).toMatchObject({ recent, next: [], paused: { reason: 'audit' } });
});

it('a definition that is wrong is refused with its code, pointer and sentence', async () => {
  const definition = JSON.stringify({
    cron: '0 0 30 2 *',
    job: { jobType: 'csv.summarise', input: { csv } },
  });
  const { code, err } = await schedule('put', 'never', '--tenant', 'acme', '--definition', definition);
  expect(code).toBe(4);
  expect(err).toContain('cron_never: Expected an occurrence within the next five years, found none.');
});
