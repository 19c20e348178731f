/** What services and operators do: send jobs, once or more often; cancel; bring dead letters back, one way or both. */
import { jobIdOf } from '../../application/job/identity.ts';
import { wakeMessage } from '../../domain/batch/messages.ts';
import { readLetter } from '../../domain/dead-letter/letter.ts';
import { type JobTypes, workerExitCodes } from '../../domain/job/job-type.ts';
import { defineJobTypes } from '../../domain/job/registry.ts';
import type { Tombstone } from '../../domain/job/tombstone.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import { Endpoint } from '../../domain/webhook/endpoint.ts';
import type { Message } from '../../io/aws/lambda.ts';
import type { Settings } from '../../io/table/gates.ts';
import { jobTypes } from '../../job-types.ts';
import type { Dice } from './dice.ts';
import type { Door } from './door.ts';
import type { Run } from './faults.ts';
import type { VirtualGates } from './gates.ts';
import { type FaultKind, strengthOf } from './kinds.ts';
import { BUCKET } from './lambdas.ts';
import { FAULTS_END_MS } from './profiles.ts';
import type { VirtualQueue } from './queues.ts';
import { START_MS } from './world.ts';

const TENANTS = ['acme', 'globex'];
/** The tenants of a world, as they are now; an operator may change them. */
export const accountsOf = (run: Run): Map<string, Tenant> => {
  const accounts = new Map<string, Tenant>(
    TENANTS.map((tenantId) => [tenantId, { tenantId, status: 'active' }]),
  );
  for (const tenantId of TENANTS) {
    restrict(run, accounts, tenantId, 'people.suspend', { tenantId, status: 'suspended' });
    restrict(run, accounts, tenantId, 'people.quota', { tenantId, status: 'active', waitingQuota: 1 });
  }
  return accounts;
};

/** For a while, a tenant may do less. What was refused meanwhile is brought back when it may again. */
function restrict(
  run: Run,
  accounts: Map<string, Tenant>,
  tenantId: string,
  kind: FaultKind,
  restricted: Tenant,
): void {
  const luck = run.world.dice(`${kind} ${tenantId}`);
  if (!does(run, kind, luck)) return;
  const set = (tenant: Tenant) => () => {
    run.note('operator', () => `makes ${tenantId} ${JSON.stringify(tenant)}`);
    accounts.set(tenantId, tenant);
  };
  const fromMs = luck.between(0, FAULTS_END_MS);
  run.world.after(fromMs, set(restricted));
  run.world.after(fromMs + luck.between(0, FAULTS_END_MS - fromMs), set({ tenantId, status: 'active' }));
}
const ends = ['job.succeeded', 'job.failed', 'job.cancelled', 'job.expired', 'group.finished'];
const all = [...ends, 'job.accepted', 'job.running', 'job.retrying'];
const endpoint = (tenantId: string, name: string, events: string[]) =>
  Endpoint.parse({
    tenantId,
    endpointId: `whe_${name}`,
    url: `https://${name}.example/`,
    events,
    keys: [{ scheme: 'v1', sealed: 'sealed' }],
  });
const attentive = endpoint('acme', 'all', all);
const patientEndpoints = [endpoint('acme', 'ends', ends), endpoint('globex', 'globex', ends)];
/** An endpoint that receives every event is much of a world's work, and not in every world. */
export const endpointsOf = (run: Run): readonly Endpoint[] =>
  run.world.dice('endpoints').happens(0.2) ? [attentive, ...patientEndpoints] : patientEndpoints;

const csv = jobTypes.get('csv.summarise');
const quick = jobTypes.get('csv.quick');
const sleep = jobTypes.get('demo.sleep');
if (csv === undefined || quick === undefined || sleep === undefined)
  throw new Error('The simulator uses three of the registered job types');
const STUCK_SECONDS = 1800;
/** Its jobs run on Lambda, and after a timeout on AWS Batch. */
export const ON_LAMBDA = 'csv.quick';
/** The second one waits longer than an SQS message can. */
const typesThatWait = (longWaits: boolean): JobTypes =>
  defineJobTypes([
    {
      ...csv,
      retry: {
        maxAttempts: 3,
        maxAttemptsOf: { lost: 2 },
        backoff: { initialSeconds: 10, factor: 3, maxSeconds: 900 },
      },
      timeoutSeconds: { default: 300, max: 900 },
      stuck: { afterSeconds: STUCK_SECONDS, action: 'retry' },
    },
    {
      ...quick,
      retry: {
        maxAttempts: 3,
        maxAttemptsOf: { lost: 2 },
        backoff: { initialSeconds: 10, factor: 3, maxSeconds: 900 },
      },
      timeoutSeconds: { default: 300, max: 900 },
    },
    {
      ...sleep,
      exitCodes: { ...workerExitCodes },
      timeoutSeconds: { default: 300, max: 900 },
      retry: {
        maxAttempts: 2,
        backoff: { initialSeconds: longWaits ? 1000 : 20, factor: 2, maxSeconds: 2000 },
      },
    },
  ]);
const [patient, hasty] = [typesThatWait(true), typesThatWait(false)];
export const simulatedTypes = (longWaits: boolean): JobTypes => (longWaits ? patient : hasty);

/** The tenant whose caps are set, changed and lifted. */
const CAPPED = 'acme';

export interface Outside {
  readonly front: VirtualQueue;
  readonly submitQueue: VirtualQueue;
  readonly gates: VirtualGates;
  readonly door: Door;
  /** Everything the dead-letter queue ever held. */
  readonly letters: readonly Message[];
  plant(tombstone: Tombstone): void;
}

/** What people asked for, filled as they do. */
export interface Asked {
  /** Ids of the jobs that must exist at the end. */
  readonly expected: ReadonlySet<string>;
  /** Failed jobs whose letter was sent back: each must have a child, or a letter that still is in the queue. */
  readonly redriven: ReadonlySet<string>;
  /** The letters that were not sent back. */
  resting(): readonly Message[];
}

/** @param only the numbers of the jobs that are sent; all of the world's if absent */
export function people(run: Run, outside: Outside, only?: readonly number[]): Asked {
  const expected = new Set<string>();
  const crowd = crowdOf(run);
  for (let number = 0; number < crowd.jobs; number++)
    if (only === undefined || only.includes(number)) service(run, outside, { ...crowd, number }, expected);
  const letters = operators(run, outside);
  if (crowd.atOnce || run.world.dice('capped').happens(0.4)) account(run, outside, crowd.atOnce ? 1 : 3);
  return { expected, ...letters };
}

export const MOST_JOBS = 5;
/** Most of what people ask for is asked before the faults end. */
const ASKED_BY_MS = FAULTS_END_MS * 0.6;

interface Crowd {
  readonly jobs: number;
  /** All are of the tenant with the caps, and come within a minute at most. */
  readonly atOnce: boolean;
  readonly withinMs: number;
}

/** Small worlds are quick, and most faults need no more than one job. Gates need several that meet. */
function crowdOf(run: Run): Crowd {
  const luck = run.world.dice('people');
  const jobs = luck.happens(0.8) ? 1 : luck.pick([2, 2, 2, 3, MOST_JOBS]);
  const atOnce = jobs > 1 && luck.happens(0.8);
  return { jobs, atOnce, withinMs: atOnce ? luck.pick([3000, 15_000, 60_000]) : ASKED_BY_MS };
}

/** Sends a job, perhaps twice, perhaps with another body under its key, and perhaps cancels it. */
function service(
  run: Run,
  { front, door, plant }: Outside,
  { number, atOnce, withinMs }: Crowd & { readonly number: number },
  expected: Set<string>,
): void {
  const { world } = run;
  // Its own chance: leaving one job out leaves the others as they are.
  const luck = world.dice(`job ${number}`);
  const asked = requestOf(run, luck, { number, atOnce });
  const { jobId, key, body } = asked;
  const atMs = luck.between(0, withinMs);
  const id = key === undefined ? keyless(number) : undefined;
  // By chance of its own: with this door shut the world is as it was without it.
  const doorLuck = world.dice(`door ${number}`);
  const byDoor = key !== undefined && does(run, 'people.door', doorLuck);
  if (byDoor) world.after(doorLuck.between(0, withinMs), () => door.submit(jobId, body));
  // By both doors, or by this one alone.
  if (!byDoor || doorLuck.happens(0.5))
    world.after(atMs, () => {
      expected.add(jobId);
      run.note('service', () => `sends ${body}`, jobId);
      front.accept({ body }, id);
    });
  if (key === undefined) return;
  if (does(run, 'people.duplicate', luck))
    world.after(luck.between(0, ASKED_BY_MS * 1.3), () => front.accept({ body }));
  if (does(run, 'people.conflict', luck)) {
    const other = JSON.stringify({ ...JSON.parse(body), metadata: { other: true } });
    world.after(luck.between(atMs, ASKED_BY_MS * 1.3), () => front.accept({ body: other }));
  }
  const cancel = (name: object, atMs: number) =>
    world.after(atMs, () => {
      run.note('service', () => `cancels ${JSON.stringify(name)}`, jobId);
      front.accept({ body: JSON.stringify({ specVersion: '1', action: 'job.cancel', ...name }) });
    });
  const { tenantId } = asked;
  if (byDoor && doorLuck.happens(0.3))
    world.after(doorLuck.between(0, FAULTS_END_MS), () => door.cancel(jobId, asked.tenantId));
  if (does(run, 'people.cancel', luck))
    cancel(
      { tenantId, idempotencyKey: key },
      luck.happens(0.2) ? luck.between(0, atMs) : atMs + luck.between(0, 300_000),
    );
  // When it may have failed and been brought back. By one name or the other: they mean one job.
  if (does(run, 'people.lateCancel', luck))
    cancel(
      { tenantId, ...(luck.happens(0.5) ? { jobId } : { idempotencyKey: key }) },
      luck.between(atMs, FAULTS_END_MS * 2),
    );
  if (does(run, 'people.foreignCancel', luck)) {
    const stranger = TENANTS.find((other) => other !== tenantId) ?? tenantId;
    cancel({ tenantId: stranger, jobId }, luck.between(0, FAULTS_END_MS));
  }
  if (does(run, 'people.oldTombstone', luck))
    plant({ tombstone: true, jobId, cancels: { [tenantId]: START_MS - 60_000 }, revision: 1 });
}

const keyless = (number: number) => `front-keyless-${number}`;

/** People are as they are, in mild worlds and in wild ones. */
function does(run: Run, kind: FaultKind, luck: Dice): boolean {
  const happens = luck.happens(strengthOf(run.profile, kind));
  if (happens) run.struck(kind);
  return happens;
}

function requestOf(run: Run, luck: Dice, { number, atOnce }: { number: number; atOnce: boolean }) {
  const tenantId = atOnce ? CAPPED : luck.pick([CAPPED, CAPPED, 'globex']);
  const plain = luck.happens(0.3);
  const key = luck.happens(0.85) ? `key-${number}` : undefined;
  const limited = does(run, 'people.limits', luck);
  const delayed = does(run, 'people.delay', luck);
  const delaySeconds = delayed ? luck.whole(1, limited ? 2500 : 800) : 0;
  // Parts that do not go into the record. In one world of four, by chance of its own: the others are as they were.
  // By chance of its own, too.
  const onLambda = does(run, 'people.lambda', run.world.dice(`executor ${number}`));
  const isLarge = run.world.dice('large requests').happens(0.25) && number % 2 === 1;
  const body = JSON.stringify({
    specVersion: '1',
    tenantId,
    jobType: plain ? 'demo.sleep' : onLambda ? ON_LAMBDA : 'csv.summarise',
    ...(key === undefined ? {} : { idempotencyKey: key }),
    input: plain
      ? { seconds: 5 }
      : {
          csv: `s3://${BUCKET}/tenants/${tenantId}/inputs/${number}${isLarge ? '/part'.repeat(150) : ''}.csv`,
        },
    ...(isLarge ? { metadata: { of: key ?? '', note: 'an invoice '.repeat(120) } } : {}),
    ...(luck.happens(0.3) ? { priority: luck.pick(['low', 'normal', 'high', 'urgent']) } : {}),
    ...(luck.happens(0.4) ? { concurrencyKey: luck.pick(['red', 'green']) } : {}),
    ...(delayed ? { delaySeconds } : {}),
    ...(limited && luck.happens(0.5) ? { ttlSeconds: luck.whole(5, 900) } : {}),
    ...(limited && luck.happens(0.5) ? { deadlineSeconds: delaySeconds + luck.whole(60, 900) } : {}),
  });
  return { tenantId, key, body, jobId: jobIdOf(tenantId, key ?? keyless(number)) };
}

/**
 * A tenant gives up one of its endpoints, whose receiver answers 410 from then on.
 *
 * @returns the addresses, as it happens
 */
export function givenUp(run: Run, endpoints: readonly Endpoint[]): ReadonlySet<string> {
  const urls = new Set<string>();
  const luck = run.world.dice('given up');
  const url = luck.shuffled(endpoints)[0]?.url;
  if (url === undefined || !does(run, 'people.giveUp', luck)) return urls;
  run.world.after(luck.between(0, FAULTS_END_MS), () => {
    run.note('tenant', () => `gives ${url} up`);
    urls.add(url);
  });
  return urls;
}

/** Refusals whose cause the operator removes. */
const CURABLE: ReadonlySet<string | undefined> = new Set(['tenant_suspended', 'quota_waiting']);

/** From time to time every letter that is there is brought back: by SQS's own redrive, by ours, by both. */
function operators(run: Run, { front, letters }: Outside): Omit<Asked, 'expected'> {
  const luck = run.world.dice('operators');
  const seen = new Set<Message>();
  const redriven = new Set<string>();
  const look = (sure: boolean) => {
    for (const letter of letters) {
      if (seen.has(letter) || !(sure || luck.happens(0.3))) continue;
      const { kind, id, code } = readLetter({ messageId: letter.id, ...letter, sentAtMs: 0 });
      // A job that failed may rest. A message that intake never finished may not, nor one that its tenant's standing
      // kept out, be it one that brought a job back.
      const left = letter.id.startsWith('letter-') && !CURABLE.has(code);
      if ((kind === 'refused' || (sure && kind === 'failed')) && left) continue;
      seen.add(letter);
      run.count(`letter ${kind} brought back`);
      if (kind === 'failed') redriven.add(id);
      const ours = kind === 'moved' ? { effectiveKey: id, ...letter.attributes } : letter.attributes;
      for (let copies = luck.whole(1, 2); copies > 0; copies--)
        run.world.after(luck.between(0, 60_000), () => front.accept({ body: letter.body, attributes: ours }));
    }
  };
  for (let atMs = 120_000; atMs < FAULTS_END_MS + 300_000; atMs += 120_000)
    run.world.after(atMs, () => look(false));
  const later = () => {
    look(true);
    if (run.world.nowMs() < START_MS + FAULTS_END_MS + 3_600_000) run.world.after(300_000, later);
  };
  run.world.after(FAULTS_END_MS + 60_000, later);
  return { redriven, resting: () => letters.filter((letter) => !seen.has(letter)) };
}

/** So small that a few attempts use it. At the end it is taken away, or its jobs would wait for the next month. */
function someBudget(run: Run): Pick<Settings, 'budget'> {
  const luck = run.world.dice('budget');
  if (!luck.happens(0.2)) return {};
  const usdPerMonth = luck.whole(1, 500) / 1_000_000;
  return { budget: { usdPerMonth, timeZone: 'UTC', warnAt: 0.8, then: 'hold' } };
}

/** Sets the caps of a tenant at the start, changes them later, and pauses it for a while. At the end the gate is open. */
function account(run: Run, { gates, submitQueue }: Outside, mostSlots: number): void {
  const luck = run.world.dice('account');
  const tenantId = CAPPED;
  const set = async (settings: Settings): Promise<void> => {
    run.world.stir();
    const ports = gates.gatesFor(run.process('outside'));
    try {
      const seen = (await ports.load([tenantId])).get(tenantId);
      const written = await ports.set(tenantId, seen, settings, run.world.nowMs());
      if (written === 'lost') return await set(settings);
      submitQueue.accept(wakeMessage(tenantId));
    } catch {
      // The operator sees that it failed, and says it again.
      return set(settings);
    }
  };
  const someCaps = (): Settings => ({
    ...(luck.happens(0.9) ? { cap: luck.whole(1, mostSlots) } : {}),
    ...(luck.happens(0.3) ? { typeCaps: { 'csv.summarise': luck.whole(1, 2) } } : {}),
    ...(luck.happens(0.2) ? { keyCap: 2 } : {}),
  });
  // Caps that are narrow in two ways: one release makes room for two.
  const narrow: Settings = { typeCaps: { 'csv.summarise': 1, 'demo.sleep': 1 }, keyCap: 1 };
  const budget = someBudget(run);
  void set({ ...(run.world.dice('narrow').happens(0.3) ? narrow : someCaps()), ...budget });
  let pauses = budget.budget === undefined ? 0 : 1;
  for (let changes = luck.pick([0, 0, 0, 1, 2, 3]); changes > 0; changes--) {
    const pausing = luck.happens(0.3);
    if (pausing) pauses++;
    const paused = pausing ? { paused: { reason: 'unpaid', at: run.world.nowMs() } } : {};
    const settings = { ...someCaps(), ...paused, ...budget };
    run.world.after(luck.between(0, FAULTS_END_MS), () => void set(settings));
  }
  // Each change wakes waiting jobs, so there is none without need: it would hide a lost wake-up.
  if (pauses === 0) return;
  // Later than any change that a fault has delayed.
  run.world.after(FAULTS_END_MS + 400_000, () => void set(someCaps()));
}
