/** What the end of a job costs while others wait: as much with a hundred thousand of them as with a hundred. */
import { describe, expect, test } from '@jest/globals';
import { slots } from '../../../application/tenant/slots.ts';
import type { JobRecord } from '../../../domain/job/job.ts';
import type { Settings } from '../../../io/table/gates.ts';
import { jobIn, NOW } from '../../support/jobs.ts';
import { useCases } from '../../support/use-cases.ts';

const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';
const idOf = (n: number): string =>
  `job_${[3, 2, 1, 0]
    .map((place) => DIGITS[Math.floor(n / 32 ** place) % 32])
    .join('')
    .padStart(26, 'b')}`;
type Kind = Partial<Pick<JobRecord, 'jobType' | 'concurrencyKey'>>;
const one = jobIn('waiting', { runId: undefined });
const waitingJob = (n: number, kind: Kind): JobRecord => ({
  ...one,
  ...kind,
  jobId: idOf(n),
  createdAt: NOW + n,
});

interface Calls {
  reads: number;
  rows: number;
  writes: number;
  messages: number;
}

/** The ports of slots, and how often each was called since the count was taken last. */
function counted() {
  const world = useCases({});
  const { gates, waiting, submitQueue } = world.ports;
  const calls: Calls = { reads: 0, rows: 0, writes: 0, messages: 0 };
  const reading =
    <Args extends unknown[], Answer>(call: (...args: Args) => Promise<Answer>, rowsOf = (_: Answer) => 0) =>
    async (...args: Args) => {
      calls.reads++;
      const answer = await call(...args);
      calls.rows += rowsOf(answer);
      return answer;
    };
  const writing =
    <Args extends unknown[], Answer>(call: (...args: Args) => Promise<Answer>) =>
    (...args: Args) => {
      calls.writes++;
      return call(...args);
    };
  const ports = {
    ...world.ports,
    gates: {
      ...gates,
      load: reading(gates.load),
      acquire: writing(gates.acquire),
      release: writing(gates.release),
    },
    waiting: {
      ...waiting,
      ready: reading(waiting.ready, ({ items }) => items.length),
      held: reading(waiting.held, ({ length }) => length),
      head: reading(waiting.head, (row) => (row === undefined ? 0 : 1)),
      put: writing(waiting.put),
      remove: writing(waiting.remove),
      putEntry: writing(waiting.putEntry),
      removeEntry: writing(waiting.removeEntry),
    },
    submitQueue: {
      send: async (messages: Parameters<typeof submitQueue.send>[0]) => {
        calls.messages += messages.length;
        await submitQueue.send(messages);
      },
    },
  };
  return {
    ...world,
    ports: { ...ports, slots: slots(ports) },
    count(): Calls {
      const since = { ...calls };
      Object.assign(calls, { reads: 0, rows: 0, writes: 0, messages: 0 });
      return since;
    },
  };
}

interface Backlog {
  readonly what: string;
  readonly settings: Settings;
  readonly holding: number;
  jobOf(n: number): Kind;
  /** How many wait. The last of each backlog is the one that a scan would be seen with. */
  readonly waiting: readonly number[];
  /** Of the worst end. */
  readonly most: Omit<Calls, 'messages'>;
}

const typeNo = (n: number) => `type.no${n}`;

const backlogs: readonly Backlog[] = [
  {
    what: 'one concurrency key for all',
    waiting: [0, 10_000, 100_000],
    settings: {},
    holding: 1,
    jobOf: () => ({ concurrencyKey: 'red' }),
    most: { reads: 7, rows: 4, writes: 3 },
  },
  {
    what: 'a cap of the tenant',
    waiting: [0, 10_000, 100_000],
    settings: { cap: 10 },
    holding: 10,
    jobOf: () => ({}),
    most: { reads: 3, rows: 2, writes: 3 },
  },
  {
    what: 'a full type in front of others',
    waiting: [0, 100, 10_000],
    settings: { cap: 10, typeCaps: { [typeNo(1)]: 1 } },
    holding: 10,
    jobOf: (n) => ({ jobType: typeNo(n === 0 || (n > 9 && n % 5 > 0) ? 1 : 2) }),
    most: { reads: 6, rows: 3, writes: 3 },
  },
  {
    what: 'twenty types',
    waiting: [0, 100, 10_000],
    settings: { cap: 20 },
    holding: 20,
    jobOf: (n) => ({ jobType: typeNo(n % 20) }),
    most: { reads: 22, rows: 20, writes: 3 },
  },
  {
    what: 'a key for each job, and a full type',
    waiting: [0, 100, 10_000],
    settings: { typeCaps: { 'report.render': 1 } },
    holding: 1,
    jobOf: (n) => ({ concurrencyKey: `key-${n}` }),
    most: { reads: 8, rows: 6, writes: 6 },
  },
  {
    what: 'five types and a thousand keys',
    waiting: [0, 100, 10_000],
    settings: { cap: 50 },
    holding: 50,
    jobOf: (n) => ({ jobType: typeNo(n % 5), concurrencyKey: `key-${n % 1000}` }),
    most: { reads: 20, rows: 16, writes: 10 },
  },
];
const ENDS = 20;

async function withBacklog({ settings, holding, jobOf }: Backlog, waiting: number) {
  const world = counted();
  const { gates, slots: its } = world.ports;
  await gates.set('acme', undefined, settings, NOW);
  const all = Array.from({ length: holding + waiting }, (_, n) => waitingJob(n, jobOf(n)));
  const read = async () => (await gates.load(['acme'])).get('acme');
  // In one go, as a thousand sandboxes would over hours.
  const seen = await read();
  const slotOf = await Promise.all(all.map((job) => its.acquire(job, seen)));
  expect(slotOf.filter(({ kind }) => kind === 'given')).toHaveLength(holding);
  world.count();
  return { ...world, all };
}

/** What each end cost. */
async function endsOf(backlog: Backlog, waiting: number): Promise<Calls[]> {
  const { ports, all, count, sent } = await withBacklog(backlog, waiting);
  const running = all.slice(0, backlog.holding);
  const byId = new Map(all.map((job) => [job.jobId, job]));
  const costs: Calls[] = [];
  for (let end = 0; end < ENDS; end++) {
    const [over] = running.splice(0, 1);
    if (over === undefined) {
      costs.push({ reads: 0, rows: 0, writes: 0, messages: 0 });
      continue;
    }
    const before = sent.submit.taken.length;
    await ports.slots.release([{ ...over, hasSlot: true }]);
    costs.push(count());
    for (const { body } of sent.submit.taken.slice(before)) running.push(byId.get(JSON.parse(body).jobId)!);
  }
  return costs;
}

const worstOf = (costs: readonly Calls[], what: keyof Calls) => Math.max(...costs.map((each) => each[what]));

describe.each(backlogs)('an end while many wait: $what', (backlog) => {
  test.each(backlog.waiting)('costs no more than its bound with %i waiting', async (waiting) => {
    const costs = await endsOf(backlog, waiting);
    // Each end starts one job, while there is one.
    expect(costs.map(({ messages }) => messages)).toEqual(Array(ENDS).fill(waiting === 0 ? 0 : 1));
    for (const what of ['reads', 'rows', 'writes'] as const)
      expect({ [what]: worstOf(costs, what) <= backlog.most[what] || worstOf(costs, what) }).toEqual({
        [what]: true,
      });
  });
});
