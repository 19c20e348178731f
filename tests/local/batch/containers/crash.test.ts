import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { processStart } from '../../../../local/batch/containers/process-identity.ts';
import { register, startService, startWithQueue, until } from '../service.ts';

/** Each starts two services in processes of their own. */
jest.setTimeout(60_000);

/** Waits on its first try, succeeds on its second. */
const SCRIPT = 'if (process.env.AWS_BATCH_JOB_ATTEMPT === "1") setTimeout(() => {}, 300_000)';

let folder: string;
let path: string;
let service: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'batch-'));
  path = join(folder, 'batch.db');
});
afterEach(() => {
  service?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a service that has one job running and one waiting. */
async function startDoomed(ending: 'wait' | 'exit') {
  const program = join(import.meta.dirname, 'doomed-service.ts');
  service = spawn(process.execPath, [program, path, ending, SCRIPT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: service.stdout! }), 'line');
  const [, running = '', waiting = ''] = String(line).split(' ');
  return { running, waiting };
}

async function kill(): Promise<void> {
  if (service?.exitCode !== null || service.signalCode !== null) return;
  const exited = once(service, 'exit');
  service.kill('SIGKILL');
  await exited;
}

function placementOf(jobId: string): { pid: number; processStart: string } {
  const db = new DatabaseSync(path);
  const row = db.prepare('SELECT record FROM batch_jobs WHERE id = ?').get(jobId);
  db.close();
  return JSON.parse(String(row?.['record'])).placement.processes[0];
}

describe('a service that was killed', () => {
  test('starts again with the events it owed, the jobs that waited, and lost hosts for those that ran', async () => {
    const { running, waiting } = await startDoomed('wait');
    await kill();
    const { pid } = placementOf(running);
    expect(processStart(pid)).toBeDefined();

    await using next = await startService({ store: new DatabaseSync(path) });
    await next.batch.start();
    await until(() => processStart(pid) === undefined, 'the process left over to be gone');
    expect((await next.reaches(waiting, 'SUCCEEDED', 'FAILED')).status).toBe('SUCCEEDED');
    const job = await next.reaches(running, 'SUCCEEDED', 'FAILED');
    expect(job.status).toBe('SUCCEEDED');
    expect(job.attempts).toMatchObject([
      { statusReason: expect.stringMatching(/^Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.$/) },
      { container: { exitCode: 0 } },
    ]);
    expect(job.attempts?.[0]?.container).not.toHaveProperty('exitCode');
    const again = ['RUNNABLE', 'STARTING', 'RUNNING'];
    expect(await next.statesTold(running)).toEqual([...again, ...again, 'SUCCEEDED']);
    expect(await next.statesTold(waiting)).toEqual([...again, 'SUCCEEDED']);
  });

  test('never ends a process that only has the number of one of its own', async () => {
    const { running } = await startDoomed('wait');
    await kill();
    const { pid, processStart: start } = placementOf(running);
    const db = new DatabaseSync(path);
    db.prepare(
      "UPDATE batch_jobs SET record = json_set(record, '$.placement.processes[0].processStart', ?) WHERE id = ?",
    ).run(`${start}0`, running);
    try {
      await using next = await startService({ store: db });
      await next.batch.start();
      await next.reaches(running, 'SUCCEEDED');
      expect(processStart(pid)).toBe(start);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });
});

describe('a service that ends by itself', () => {
  test('leaves no container behind when its process exits', async () => {
    const { running } = await startDoomed('exit');
    await until(() => service?.exitCode !== null, 'the service to exit');
    const { pid } = placementOf(running);
    await until(() => processStart(pid) === undefined, 'its container to be gone');
  });

  test('ends its containers on close, and on the next start their jobs have lost their host', async () => {
    const first = await startWithQueue({ store: new DatabaseSync(path) });
    await register(first.client, 'long', { command: ['node', '-e', SCRIPT] });
    const jobId = await first.submit({ jobDefinition: 'long' });
    await first.reaches(jobId, 'RUNNING');
    const { pid } = placementOf(jobId);
    await first[Symbol.asyncDispose]();
    expect(processStart(pid)).toBeUndefined();
    expect(first.batch.activity().running).toBe(1);

    await using next = await startService({ store: new DatabaseSync(path) });
    await next.batch.start();
    expect(await next.describe(jobId)).toMatchObject({
      status: 'FAILED',
      statusReason: expect.stringMatching(/^Host EC2/),
    });
    expect(await next.statesTold(jobId)).toEqual(['FAILED']);
  });
});
