import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openRooms, type Rooms } from '../rooms.ts';

const WEEK_MS = 7 * 86_400_000;

describe('a job whose dependency fails', () => {
  test('fails, though the dependency failed before the job was looked at', async () => {
    const rooms = await openRooms();
    const first = await rooms.submit({
      containerOverrides: { environment: [{ name: 'LONG', value: 'x'.repeat(9_000) }] },
    });
    const second = await rooms.submit({ dependsOn: [{ jobId: first }] });
    rooms.lifecycle.admit(first);
    rooms.lifecycle.admit(second);
    expect(rooms.status(first)).toBe('FAILED');
    expect(rooms.jobs.get(second)).toMatchObject({ status: 'FAILED', statusReason: 'Dependent Job failed' });
  });

  test('fails, though it waited for longer than a finished job is kept', async () => {
    const rooms = await openRooms();
    const [first, second] = [await rooms.submit(), await rooms.submit()];
    const third = await rooms.submit({ dependsOn: [{ jobId: first }, { jobId: second }] });
    for (const jobId of [first, second]) rooms.lifecycle.admit(jobId);
    rooms.run(first, 1);
    rooms.forgetAfter(WEEK_MS);
    rooms.lifecycle.admit(third);
    expect(rooms.status(third)).toBe('FAILED');
  });

  test('fails child by child, though the array it follows ended a week before its own children were made', async () => {
    const rooms = await openRooms();
    const arrayProperties = { size: 2 };
    const first = await rooms.submit({ arrayProperties });
    const gate = await rooms.submit();
    const second = await rooms.submit({
      arrayProperties,
      dependsOn: [{ jobId: first, type: 'N_TO_N' }, { jobId: gate }],
    });
    for (const jobId of [first, gate, second]) rooms.lifecycle.admit(jobId);
    rooms.run(`${first}:0`, 0);
    rooms.run(`${first}:1`, 1);
    rooms.forgetAfter(WEEK_MS);
    rooms.run(gate, 0);
    expect([rooms.status(`${second}:0`), rooms.status(`${second}:1`)]).toEqual(['RUNNABLE', 'FAILED']);
  });
});

describe('a job that is cancelled while it waits for another', () => {
  const reason = 'enough';

  test.each(['canceljob', 'terminatejob', 'canceljobs', 'terminatejobs'])(
    'by %s is PENDING until that one has ended, whatever its end, and then fails with the reason given',
    async (operation) => {
      for (const exitCode of [0, 1]) {
        const rooms = await openRooms();
        const [first, second] = [await rooms.submit(), await rooms.submit()];
        const third = await rooms.submit({ dependsOn: [{ jobId: first }, { jobId: second }] });
        for (const jobId of [first, second, third]) rooms.lifecycle.admit(jobId);
        await rooms.call(operation, {
          ...(operation.endsWith('s') ? { jobs: [third] } : { jobId: third }),
          reason,
        });
        rooms.run(first, exitCode);
        const { jobs } = await rooms.call('describejobs', { jobs: [third] });
        const kind = operation.startsWith('cancel') ? 'isCancelled' : 'isTerminated';
        expect(jobs).toMatchObject([{ status: 'PENDING', [kind]: true }]);
        rooms.run(second, 0);
        expect(rooms.jobs.get(third)).toMatchObject({ status: 'FAILED', statusReason: reason, attempts: [] });
      }
    },
  );

  test('of an array leaves the array until each child has ended', async () => {
    const rooms = await openRooms();
    const array = await rooms.submit({ arrayProperties: { size: 2 }, dependsOn: [{ type: 'SEQUENTIAL' }] });
    rooms.lifecycle.admit(array);
    rooms.lifecycle.start(`${array}:0`, {
      environmentArn: 'x',
      environmentName: 'x',
      taskArn: 'x',
      processes: [],
    });
    await rooms.call('canceljob', { jobId: array, reason });
    expect([array, `${array}:0`, `${array}:1`].map(rooms.status)).toEqual(['PENDING', 'STARTING', 'PENDING']);
    rooms.lifecycle.tryEnded(`${array}:0`, { statusReason: 'done', exitCode: 0 });
    expect([array, `${array}:0`, `${array}:1`].map(rooms.status)).toEqual(['FAILED', 'SUCCEEDED', 'FAILED']);
  });

  test('fails at once when its queue is deleted', async () => {
    const rooms = await openRooms();
    const first = await rooms.submit();
    const second = await rooms.submit({ dependsOn: [{ jobId: first }] });
    for (const jobId of [first, second]) rooms.lifecycle.admit(jobId);
    await rooms.call('terminatejob', { jobId: second, reason });
    await rooms.call('updatejobqueue', { jobQueue: 'queue', state: 'DISABLED' });
    await rooms.call('deletejobqueue', { jobQueue: 'queue' });
    expect([first, second].map(rooms.status)).toEqual(['FAILED', 'FAILED']);
  });
});

test('a finished job without dependents is forgotten after a week', async () => {
  const rooms = await openRooms();
  const first = await rooms.submit();
  const second = await rooms.submit({ dependsOn: [{ jobId: first }] });
  for (const jobId of [first, second]) rooms.lifecycle.admit(jobId);
  rooms.run(first, 0);
  rooms.run(second, 0);
  rooms.forgetAfter(WEEK_MS + 1);
  expect([rooms.status(first), rooms.status(second)]).toEqual([undefined, undefined]);
});

type Happening =
  | { readonly kind: 'submit'; readonly dependencies: readonly number[] }
  | { readonly kind: 'admit' | 'succeed' | 'fail' | 'cancel'; readonly job: number }
  | { readonly kind: 'forget' };

const job = fc.nat({ max: 4 });
const happenings = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('submit' as const),
        dependencies: fc.array(job, { maxLength: 3 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom('admit' as const, 'succeed' as const, 'fail' as const, 'cancel' as const),
        job,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const) }) },
  ),
  { minLength: 10, maxLength: 40, size: 'max' },
);

test('whatever happens in whatever order, a job becomes runnable only after all its dependencies have succeeded', async () => {
  await fc.assert(
    fc.asyncProperty(happenings, async (list) => {
      const rooms = await openRooms();
      const ids: string[] = [];
      const dependenciesOf = new Map<string, string[]>();
      const succeeded = new Set<string>();
      for (const happening of list) {
        await happen(rooms, happening, { ids, dependenciesOf, succeeded });
        for (const [jobId, dependencies] of dependenciesOf) {
          if (rooms.status(jobId) !== 'RUNNABLE') continue;
          expect(dependencies.filter((dependency) => !succeeded.has(dependency))).toEqual([]);
        }
      }
    }),
    { numRuns: 100 },
  );
});

interface Memory {
  readonly ids: string[];
  readonly dependenciesOf: Map<string, string[]>;
  readonly succeeded: Set<string>;
}

async function happen(rooms: Rooms, happening: Happening, memory: Memory): Promise<void> {
  const { ids, dependenciesOf, succeeded } = memory;
  if (happening.kind === 'forget') return rooms.forgetAfter(WEEK_MS);
  if (happening.kind === 'submit') {
    const known = happening.dependencies.map((index) => ids[index]).filter((id) => id !== undefined);
    const dependencies = [...new Set(known)].filter((id) => rooms.status(id) !== undefined);
    const jobId = await rooms.submit({
      dependsOn: dependencies.map((dependency) => ({ jobId: dependency })),
    });
    ids.push(jobId);
    dependenciesOf.set(jobId, dependencies);
    return;
  }
  const jobId = ids[happening.job];
  if (jobId === undefined) return;
  if (happening.kind === 'admit') rooms.lifecycle.admit(jobId);
  if (happening.kind === 'cancel') rooms.lifecycle.stop(jobId, { kind: 'cancelled', reason: 'enough' });
  if (rooms.status(jobId) !== 'RUNNABLE') return;
  if (happening.kind === 'succeed') {
    rooms.run(jobId, 0);
    succeeded.add(jobId);
  }
  if (happening.kind === 'fail') rooms.run(jobId, 1);
}
