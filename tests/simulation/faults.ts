/** One run's shared state, and the one wrapper around every call that a process makes to a port. */
import type { Log } from '../../io/process/log.ts';
import type { Dice } from './dice.ts';
import { type FaultKind, strengthsOf } from './kinds.ts';
import { type LastingFaults, lastingFaults } from './lasting.ts';
import { FAULTS_END_MS, type Profile } from './profiles.ts';
import { type Process, type Role, START_MS, type World } from './world.ts';

export interface Line {
  readonly atMs: number;
  readonly process: string;
  readonly text: string;
  readonly jobId?: string | undefined;
}

export type Fault = keyof Profile['calls'];

/** A job's id, or a function that finds it. */
export type Named = string | undefined | (() => string | undefined);

export interface Run {
  readonly world: World;
  readonly profile: Profile;
  /** How often rare things happened. */
  readonly sometimes: Map<string, number>;
  /** How often each kind of fault struck. */
  readonly injected: Map<FaultKind, number>;
  readonly violations: string[];
  /** Until then some process, or a message that wakes a waiting list, is held up. */
  stalledUntilMs: number;
  /** The job of the first violation. */
  blamed?: string | undefined;
  /** Kept only when the run is repeated to be read. */
  readonly history: Line[] | undefined;
  readonly faults: Dice;
  readonly lasting: LastingFaults;
  /** Those of calls, with their odds until the faults' end. */
  readonly callFaults: readonly (readonly [Fault, number])[];
  /** The probability now: scaled by the seed's own intensity, and none after the faults' end. */
  odds(probability: number): number;
  /** Whether a fault of this kind happens now. If so, it is counted. */
  strikes(kind: FaultKind, luck: Dice): boolean;
  struck(kind: FaultKind): void;
  process(role: Role, container?: Process['container']): Process;
  /** @param text is called only when the text is used */
  note(process: string, text: () => string, jobId?: Named): void;
  count(what: string): void;
  violate(rule: string, detail: string, jobId?: string): void;
  log(process: Process): Log;
}

interface RunOptions {
  readonly world: World;
  readonly profile: Profile;
  readonly keepHistory: boolean;
  readonly faultsEndMs?: number;
}

export function newRun({ world, profile, keepHistory, faultsEndMs = FAULTS_END_MS }: RunOptions): Run {
  const faults = world.dice('faults');
  // Mild worlds get far, so that late states meet faults too; wild ones meet several faults at once.
  const intensity = faults.pick([0.3, 0.6, 1, 1.5, 3]);
  const scaled = (probability: number) => (probability === 1 ? 1 : Math.min(0.9, probability * intensity));
  const strengths = strengthsOf(profile);
  let processes = 0;
  const callFaults = Object.entries(profile.calls) as [Fault, number][]; // the record has no other keys
  const injected = new Map<FaultKind, number>();
  const struck = (kind: FaultKind) => void injected.set(kind, (injected.get(kind) ?? 0) + 1);
  const run: Run = {
    world,
    profile,
    sometimes: new Map(),
    injected,
    violations: [],
    stalledUntilMs: 0,
    history: keepHistory ? [] : undefined,
    faults,
    callFaults: callFaults.map(([fault, probability]) => [fault, scaled(probability)]),
    odds: (probability) => (world.nowMs() >= START_MS + faultsEndMs ? 0 : scaled(probability)),
    lasting: lastingFaults({ world, profile, struck }, faultsEndMs),
    strikes(kind, luck) {
      const strikes = luck.happens(run.odds(strengths.get(kind) ?? 0));
      if (strikes) run.struck(kind);
      return strikes;
    },
    struck,
    process: (role, container) => ({
      role,
      name: `${role}-${++processes}`,
      startedAtMs: world.nowMs(),
      skewMs: Math.round(faults.between(-300, 300)) - run.lasting.behindMs(role),
      container,
      opened: new Map(),
      turning: 0,
      alive: true,
      cutOffUntilMs: 0,
      frozenUntilMs: 0,
      nextTries: new Map(),
      admitted: new Set(),
      asked: new Set(),
    }),
    note(process, text, jobId) {
      const name = () => (typeof jobId === 'function' ? jobId() : jobId);
      run.history?.push({ atMs: world.nowMs() - START_MS, process, text: text(), jobId: name() });
    },
    count: (what) => run.sometimes.set(what, (run.sometimes.get(what) ?? 0) + 1),
    violate(rule, detail, jobId) {
      run.violations.push(`${rule}: ${detail}`);
      run.blamed ??= jobId;
      run.note('CHECK', () => `VIOLATION ${rule}: ${detail}`, jobId);
    },
    log: (process) => logOf(run, process),
  };
  return run;
}

function logOf(run: Run, process: Process): Log {
  const line = (event: string, facts: Parameters<Log['info']>[1] = {}) => {
    run.count(facts.why === undefined ? event : `${event} ${facts.why}`);
    const text = () => {
      const { jobId: _, ...rest } = facts;
      return `log ${event} ${JSON.stringify(rest)}`;
    };
    run.note(process.name, text, facts.jobId);
  };
  return { info: line, error: line };
}

export class CallFailed extends Error {
  override readonly name = 'CallFailed';

  constructor(site: string) {
    // Thousands are thrown, and no one looks at where: taking the stack would cost more than the call.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(site);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** SendMessageBatch and PutEvents may take some entries and refuse others; the port then throws. */
export function failInside(run: Run, site: string): void {
  if (run.faults.happens(run.odds(run.profile.calls.error / 2))) throw new CallFailed(site);
}

const MAX_LATE_MS = 90_000;
const MAX_PAUSE_MS = 200_000;
const MAX_FROZEN_MS = 400_000;
const CLIENT_TIMEOUT_MS = 5000;

export interface Call {
  readonly site: string;
  readonly jobId?: Named;
  /** Faults this client cannot meet: SubmitJob's client does not repeat a call. */
  readonly never?: readonly Fault[];
}

/**
 * One call to a port. The effect runs atomically in the virtual service; what can go wrong is when, how often and
 * whether it runs, and whether the caller lives to learn of it.
 */
export function reach<T>(run: Run, process: Process, call: Call, effect: () => T): Promise<T> {
  const { world, faults } = run;
  if (!process.alive) return new Promise(() => undefined);
  const fault = run.lasting.fails(call.site) ? 'error' : drawFault(run, call);
  if (fault !== undefined) run.note(process.name, () => `${fault} at ${call.site}`, call.jobId);
  const stillMs = fault === 'pause' ? faults.between(0, MAX_PAUSE_MS) : 0;
  const travelMs = Math.max(stillMs, process.cutOffUntilMs - world.nowMs()) + faults.between(1, 40);
  const lateMs = faults.between(0, MAX_LATE_MS);
  const frozenMs = fault === 'freeze' ? faults.between(1000, MAX_FROZEN_MS) : 0;
  if (fault === 'pause' || fault === 'freeze')
    run.stalledUntilMs = Math.max(run.stalledUntilMs, world.nowMs() + travelMs + frozenMs);
  return new Promise((resolve, reject) => {
    const answer = (settle: () => void) =>
      world.after(faults.between(1, 40), () => world.thaw(process, settle));
    const blamed = (error: unknown) => {
      if (!(error instanceof CallFailed)) run.violate('simulator', `${call.site} throws ${String(error)}`);
    };
    const attempt = () => {
      try {
        const value = effect();
        answer(() => resolve(value));
      } catch (error) {
        blamed(error);
        answer(() => reject(error));
      }
    };
    const silently = () => {
      try {
        effect();
      } catch (error) {
        // The answer of a call whose caller gave up or died is not delivered.
        blamed(error);
      }
    };
    const fail = (afterMs: number) =>
      world.after(afterMs, () => world.thaw(process, () => reject(new CallFailed(call.site))));
    switch (fault) {
      case 'crashBefore':
        return world.kill(process);
      case 'crashLate':
        world.kill(process);
        return world.after(lateMs, silently);
      case 'error':
        return fail(travelMs);
      case 'late':
        world.after(lateMs, silently);
        return fail(CLIENT_TIMEOUT_MS);
      case 'lost':
        world.after(travelMs, silently);
        return fail(CLIENT_TIMEOUT_MS);
      case 'again':
        world.after(travelMs, silently);
        return world.after(travelMs + faults.between(100, 5000), attempt);
      case 'freeze':
        return world.after(travelMs, () => {
          attempt();
          process.frozenUntilMs = Math.ceil(world.nowMs() + frozenMs);
        });
      case 'ghost':
        world.after(travelMs, attempt);
        return world.after(travelMs + lateMs, silently);
      default:
        return world.after(travelMs, attempt);
    }
  });
}

/**
 * A read of items by their keys. What a process asks for at one moment is one call, as in `io/table/table.ts`, and its items are
 * read at different moments of that call: some when it arrives, some just before it is answered.
 */
export async function read<T>(run: Run, process: Process, jobId: Named, effect: () => T): Promise<T> {
  process.reading ??= beginReading(run, process, jobId);
  const call = process.reading;
  let early: { readonly value: T } | undefined;
  call.onArrival.push(() => {
    if (run.faults.happens(0.5)) early = { value: effect() };
  });
  await call.answer;
  return early === undefined ? effect() : early.value;
}

function beginReading(run: Run, process: Process, jobId: Named): NonNullable<Process['reading']> {
  const onArrival: (() => void)[] = [];
  const answer = Promise.resolve().then(() => {
    delete process.reading;
    return reach(run, process, { site: 'table.read', jobId }, () => {
      for (const read of onArrival) read();
    });
  });
  return { onArrival, answer };
}

function drawFault(run: Run, call: Call): Fault | undefined {
  if (run.odds(1) === 0) return undefined;
  let left = run.faults.fraction();
  for (const [fault, odds] of run.callFaults) {
    left -= odds;
    if (left >= 0) continue;
    if (call.never?.includes(fault)) return undefined;
    run.struck(`calls.${fault}`);
    return fault;
  }
  return undefined;
}
