/** One fault: it is switched on, some jobs are sent, its signs are waited for, it is switched off, and the jobs end right. */
import { setTimeout as pause } from 'node:timers/promises';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import { type alarmsOf, numbersOf, turnFaults } from '../../local/control.ts';
import type { RunsFor, Scenario } from './scenarios.ts';

/** What a fault is played on: a stack, its tenant, and what a person sees of a job. */
export interface FaultStage {
  /** Of the cloud, whose switches are turned over HTTP. */
  readonly endpoint: string;
  readonly clock: { now(): number; advance(milliseconds: number): void };
  /** Sends a job under each key. */
  send(keys: readonly string[], how: RunsFor): Promise<void>;
  job(key: string): Promise<JobRecord | undefined>;
  /** As `headgate job why` says it, in one line. */
  why(job: JobRecord): Promise<string>;
  /** How many different webhooks told of its end. */
  told(jobId: string): number;
  alarms: typeof alarmsOf;
}

export interface Played {
  readonly fault: string;
  readonly metric: string;
  readonly alarm: string;
  readonly why: string;
  readonly jobs: string;
  /** What is not as it should be. */
  readonly wrong: readonly string[];
}

/** Longer than the range of each alarm: what was counted before rings none. */
const APART_MS = 61 * 60_000;
const LOOK_EVERY_MS = 100;
/** Looks of one step: what a step set off is given time. */
const LOOKS = 4;
const LIMIT_MS = 60_000;

export async function play(stage: FaultStage, scenario: Scenario, signal: AbortSignal): Promise<Played> {
  const { fault, jobs } = scenario;
  stage.clock.advance(APART_MS);
  const sinceMs = stage.clock.now();
  const keys = Array.from({ length: jobs }, (_, i) => `${fault}-${i + 1}`);
  await turnFaults(stage.endpoint, { [fault]: true });
  const signs = { why: '', rang: false };
  const shown = await untilOver(
    stage,
    scenario,
    signal,
    async () => {
      signs.why ||= await saying(stage, scenario, keys);
      signs.rang ||= await rings(stage, scenario.alarm, sinceMs);
      return signs.why !== '' && signs.rang;
    },
    () => stage.send(keys, scenario),
  );
  const metric = await numberOf(stage, scenario, sinceMs);
  await turnFaults(stage.endpoint, { [fault]: false });
  const ended = await untilOver(
    stage,
    { ...scenario, stepMs: Math.max(scenario.stepMs, 15_000) },
    signal,
    async () =>
      (await all(stage, keys)).every(
        (job) => job !== undefined && isFinal(job.state) && stage.told(job.jobId) > 0,
      ),
  );
  const records = await all(stage, keys);
  const right = records.filter((job) => isRight(stage, scenario, job)).length;
  return {
    fault,
    metric: `${scenario.metric.name} ${metric ?? 'is not counted'}`,
    alarm: scenario.alarm,
    why: signs.why,
    jobs: `${right} of ${jobs} succeeded, each told once`,
    wrong: [
      ...(signs.why === '' ? [`${fault}: no job says why`] : []),
      ...(signs.rang ? [] : [`${fault}: the alarm ${scenario.alarm} did not ring`]),
      ...(metric === undefined ? [`${fault}: ${scenario.metric.name} has no number`] : []),
      ...(shown && ended && right === jobs ? [] : [`${fault}: ${jobs - right} jobs did not end right`]),
    ],
  };
}

const all = (stage: FaultStage, keys: readonly string[]) => Promise.all(keys.map((key) => stage.job(key)));

/** Looks until it is so; every few looks the clock goes forward. @returns whether it became so in time */
async function untilOver(
  { clock }: FaultStage,
  { stepMs }: Pick<Scenario, 'stepMs'>,
  signal: AbortSignal,
  isOver: () => Promise<boolean>,
  begin: () => Promise<void> = async () => undefined,
): Promise<boolean> {
  await begin();
  const limit = performance.now() + LIMIT_MS;
  for (let looks = 1; performance.now() < limit && !signal.aborted; looks++) {
    if (await isOver()) return true;
    await pause(LOOK_EVERY_MS);
    if (looks % LOOKS === 0) clock.advance(stepMs);
  }
  return false;
}

async function saying(stage: FaultStage, { why }: Scenario, keys: readonly string[]): Promise<string> {
  for (const job of await all(stage, keys)) {
    const text = job === undefined ? '' : await stage.why(job);
    if (why.test(text)) return text;
  }
  return '';
}

async function rings({ endpoint, alarms }: FaultStage, name: string, sinceMs: number): Promise<boolean> {
  return (await alarms(endpoint, sinceMs)).some((alarm) => alarm.name.endsWith(`-${name}`) && alarm.rang);
}

/** The sum of what counts things, and the mean of what measures times. */
async function numberOf(
  stage: FaultStage,
  { metric }: Scenario,
  sinceMs: number,
): Promise<string | undefined> {
  const { name, by = {} } = metric;
  const numbers = await numbersOf(stage.endpoint, sinceMs - (sinceMs % 60_000));
  const found = numbers.filter(
    (each) =>
      each.name === name &&
      each.sum > 0 &&
      Object.entries(by).every(([dimension, value]) => each.dimensions[dimension] === value) &&
      Object.keys(each.dimensions).length === Object.keys(by).length + 1,
  );
  const [first] = found;
  if (first === undefined) return undefined;
  if (name.endsWith('Seconds')) return `${Math.round(first.sum / first.count)} s`;
  return String(found.reduce((sum, each) => sum + each.sum, 0));
}

function isRight(stage: FaultStage, { attempts }: Scenario, job: JobRecord | undefined): boolean {
  return job?.state === 'succeeded' && job.attempt <= attempts && stage.told(job.jobId) === 1;
}
