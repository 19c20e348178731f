/** Graphs of work: each is sent, waited for, and compared with what it should be. */
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { Job } from '../../client/types.ts';
import { endsTold } from '../faults/stage.ts';
import { type GraphStage, TENANT } from './stage.ts';

export interface Scene {
  readonly name: string;
  readonly what: string;
  /** @param say takes a line for the reader @returns what is not as it should be */
  play(stage: GraphStage, say: (line: string) => void, signal: AbortSignal): Promise<readonly string[]>;
}

const SLEEP = { input: { seconds: 0 } } as const;
const after = (...keys: readonly string[]) => keys.map((idempotencyKey) => ({ idempotencyKey }));
const ms = (iso: string | undefined): number => (iso === undefined ? Number.NaN : Date.parse(iso));
const seconds = (fromMs: number): string => ((performance.now() - fromMs) / 1000).toFixed(1);

/** The last is sent first: a job may depend on one that has yet to come. */
const diamond: Scene = {
  name: 'diamond',
  what: 'one job, two that depend on it, and one that depends on both; sent from the end to the beginning',
  async play({ client }, say, signal) {
    const edges = [
      ['publish', ['left', 'right']],
      ['right', ['begin']],
      ['left', ['begin']],
      ['begin', []],
    ] as const;
    const ids = new Map<string, string>();
    for (const [idempotencyKey, parents] of edges) {
      const waits = parents.length === 0 ? {} : { dependsOn: after(...parents) };
      ids.set(
        idempotencyKey,
        (await client.jobs.submit('demo.sleep', { ...SLEEP, idempotencyKey, ...waits })).id,
      );
    }
    const why = await client.jobs.why(ids.get('publish') ?? '');
    say(`publish, before its end: ${why.text}`);
    const jobs = new Map<string, Job>();
    for (const [key, id] of ids) jobs.set(key, await client.jobs.wait(id, { signal }));
    const wrong = edges.flatMap(([key, parents]) =>
      parents
        .filter((parent) => !isAfter(jobs.get(key), jobs.get(parent)))
        .map((parent) => `${key} did not begin after ${parent} had succeeded`),
    );
    say('begin, then left and right, then publish');
    return wrong;
  },
};

function isAfter(later: Job | undefined, earlier: Job | undefined): boolean {
  const isGood = later?.state === 'succeeded' && earlier?.state === 'succeeded';
  return isGood && ms(later.startedAt) >= ms(earlier.finishedAt);
}

const fanIn = (parts: number): Scene => ({
  name: 'fan-in',
  what: `one job that depends on ${parts}, which come after it`,
  async play({ client, received }, say, signal) {
    const beganMs = performance.now();
    const keys = Array.from({ length: parts }, (_, i) => `part-${i + 1}`);
    const total = { ...SLEEP, idempotencyKey: 'total', dependsOn: after(...keys) };
    const { id } = await client.jobs.submit('demo.sleep', total);
    const requests = keys.map(
      (idempotencyKey) => ({ type: 'demo.sleep', ...SLEEP, idempotencyKey }) as const,
    );
    const sent = await client.jobs.submitMany(requests);
    const refused = sent.filter((one) => 'error' in one).length;
    const end = await client.jobs.wait(id, { signal });
    const ids = sent.flatMap((one) => ('error' in one ? [] : [one.id]));
    const found = await readAll(ids, (each) => client.jobs.get(each));
    const late = found.filter((part) => !isAfter(end, part)).length;
    await until(signal, () => ids.every((each) => endsTold(received, each) > 0));
    const told = ids.filter((each) => endsTold(received, each) === 1).length;
    say(`${found.length} succeeded and were told of, then total, in ${seconds(beganMs)} s`);
    return [
      ...(refused === 0 ? [] : [`${refused} of ${parts} were refused`]),
      ...(late === 0 ? [] : [`total began before ${late} of ${parts} had succeeded`]),
      ...(told === parts ? [] : [`${told} of ${parts} were told of once`]),
    ];
  },
});

const ITEMS = 10;
const MISSING = 3;

const array: Scene = {
  name: 'array',
  what: `${ITEMS} files by one message, of which ${MISSING} are missing; then they are there, and only those that failed run again`,
  async play({ client, upload, addressOf, operate }, say, signal) {
    const names = Array.from({ length: ITEMS }, (_, i) => `file-${i + 1}.csv`);
    for (const name of names.slice(MISSING)) await upload(name, 'n\n1\n2\n');
    const items = names.map((name) => ({ csv: addressOf(name) }));
    const { group } = await client.jobs.submitArray('csv.summarise', { idempotencyKey: 'files', items });
    const first = (await client.groups.wait(group)).finish;
    say(`round 1: ${JSON.stringify(first?.members)}`);
    for (const name of names.slice(0, MISSING)) await upload(name, 'n\n1\n2\n');
    await operate('POST', '/v1/operations', { kind: 'redrive', filter: { tenant: TENANT, group } });
    const roundOf = async () => (await client.groups.get(group)).finish;
    await until(signal, async () => (await roundOf())?.round === 2);
    const second = await roundOf();
    say(`round 2: ${JSON.stringify(second?.members)}`);
    return [
      ...(first?.members.failed === MISSING ? [] : [`${first?.members.failed} failed in the first round`]),
      ...(second?.members.succeeded === ITEMS
        ? []
        : [`${second?.members.succeeded} of ${ITEMS} have succeeded in the end`]),
    ];
  },
};

const LINES = ['{"seconds":0}', '{"seconds":', '{"seconds":0}', '{"minutes":1}'];
const ENDS = ['succeeded', 'failed', 'succeeded', 'failed'];

const arrayOfLines: Scene = {
  name: 'array of lines',
  what: `${LINES.length} inputs as lines of an object, two of which are wrong, one job at a time`,
  async play({ client, upload, read }, say) {
    const itemsRef = await upload('items.jsonl', LINES.join('\n'));
    const { group } = await client.jobs.submitArray('demo.sleep', {
      idempotencyKey: 'lines',
      itemsRef,
      concurrency: 1,
    });
    const { finish } = await client.groups.wait(group);
    say(`its end: ${JSON.stringify(finish?.members)}`);
    if (finish?.manifest === undefined) return ['its end names no manifest'];
    const lines = (await read(finish.manifest)).trim().split('\n');
    for (const line of lines) say(line);
    const ends = lines.map((line) => ManifestLine.parse(JSON.parse(line)).status);
    return ends.join() === ENDS.join() ? [] : [`its items ended as ${ends.join()}`];
  },
};

const ManifestLine = z.object({ status: z.string() });

const ShownSchedule = z.object({
  next: z.array(z.iso.datetime()),
  recent: z.array(z.object({ at: z.iso.datetime(), jobId: z.string().optional() })),
});
const NIGHTS = 3;
const STEP_MS = 30_000;

/** The last: tokens of the client are signed by the clock of this process, which the stack is ahead of from here on. */
const schedule: Scene = {
  name: 'schedule',
  what: `a job at two each night in Berlin, over ${NIGHTS} nights of a clock that is turned`,
  async play({ clock, operate, upload }, say, signal) {
    const job = { jobType: 'csv.summarise', input: { csv: await upload('night.csv', 'n\n1\n2\n') } };
    const path = `/v1/schedules/nightly?tenant=${TENANT}`;
    const definition = { cron: '0 2 * * *', timeZone: 'Europe/Berlin', job };
    let shown = ShownSchedule.parse(await operate('PUT', path, definition));
    const due = shown.next.slice(0, NIGHTS);
    for (const at of due) {
      clock.advance(Math.max(0, ms(at) - clock.now() - 2 * STEP_MS));
      await until(signal, async () => {
        shown = ShownSchedule.parse(await operate('GET', path));
        const ran = shown.recent.find((one) => one.at === at)?.jobId;
        if (ran !== undefined && (await stateOf(operate, ran)) === 'succeeded') return true;
        clock.advance(STEP_MS);
        return false;
      });
    }
    const ran = due.map(
      (at) => shown.recent.filter((one) => one.at === at && one.jobId !== undefined).length,
    );
    say(`ran ${due.map((at) => at.slice(0, 16)).join('Z, ')}Z`);
    return ran.every((count) => count === 1) ? [] : [`the nights had ${ran.join(', ')} jobs`];
  },
};

const State = z.object({ state: z.string() });

/** @returns undefined for a job that is not recorded yet */
async function stateOf(operate: GraphStage['operate'], jobId: string): Promise<string | undefined> {
  return operate('GET', `/v1/jobs/${jobId}?tenant=${TENANT}`).then(
    (body) => State.parse(body).state,
    () => undefined,
  );
}

const AT_ONCE = 20;

async function readAll<T>(ids: readonly string[], read: (id: string) => Promise<T>): Promise<T[]> {
  const found: T[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE)
    found.push(...(await Promise.all(ids.slice(from, from + AT_ONCE).map(read))));
  return found;
}

const LOOK_EVERY_MS = 250;
const LIMIT_MS = 120_000;

async function until(signal: AbortSignal, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!(await isSo())) {
    signal.throwIfAborted();
    if (performance.now() > limit) return;
    await pause(LOOK_EVERY_MS);
  }
}

/** @param parts of the fan-in */
export const scenesOf = (parts: number): readonly Scene[] => [
  diamond,
  fanIn(parts),
  array,
  arrayOfLines,
  schedule,
];
