/** One run's shared state, and the one wrapper around every call that a process makes to a port. */
import type { Log } from '../../io/log.ts';
import type { Dice } from './dice.ts';
import { knownGaps } from './known-gaps.ts';
import { FAULTS_END_MS, type Profile } from './profiles.ts';
import { type Process, type Role, START_MS, type World } from './world.ts';

export interface Line {
  readonly atMs: number;
  readonly process: string;
  readonly text: string;
  readonly jobId?: string | undefined;
}

export interface Run {
  readonly world: World;
  readonly profile: Profile;
  /** How often rare things happened. */
  readonly sometimes: Map<string, number>;
  readonly violations: string[];
  /** The job of the first violation. */
  blamed?: string | undefined;
  /** Kept only when the run is repeated to be read. */
  readonly history: Line[] | undefined;
  readonly digest: { value: number };
  readonly faults: Dice;
  /** The probability now: scaled by the seed's own intensity, and none after the faults' end. */
  odds(probability: number): number;
  process(role: Role, container?: Process['container']): Process;
  note(process: string, text: string, jobId?: string): void;
  count(what: string): void;
  violate(rule: string, detail: string, jobId?: string): void;
  log(process: Process): Log;
}

interface RunOptions {
  readonly world: World;
  readonly profile: Profile;
  readonly keepHistory: boolean;
}

export function newRun({ world, profile, keepHistory }: RunOptions): Run {
  const faults = world.dice('faults');
  // Mild worlds get far, so that late states meet faults too; wild ones meet several faults at once.
  const intensity = faults.pick([0.3, 0.6, 1, 1.5, 2.5, 4]);
  let processes = 0;
  const run: Run = {
    world,
    profile,
    sometimes: new Map(),
    violations: [],
    history: keepHistory ? [] : undefined,
    digest: { value: 0 },
    faults,
    odds: (probability) => {
      if (world.nowMs() >= START_MS + FAULTS_END_MS) return 0;
      return probability === 1 ? 1 : Math.min(0.9, probability * intensity);
    },
    process: (role, container) => ({
      role,
      name: `${role}-${++processes}`,
      skewMs: Math.round(faults.between(-300, 300)),
      ...(container === undefined ? {} : { container }),
      opened: new Map(),
      alive: true,
    }),
    note(process, text, jobId) {
      // Two runs of one seed must agree in every line: this is how a test finds out.
      for (const char of `${world.nowMs()}${process}${text}`)
        run.digest.value = Math.imul(run.digest.value ^ char.charCodeAt(0), 16_777_619);
      run.history?.push({ atMs: world.nowMs() - START_MS, process, text, jobId });
    },
    count: (what) => run.sometimes.set(what, (run.sometimes.get(what) ?? 0) + 1),
    violate(rule, detail, jobId) {
      const gap = knownGaps.find((known) => known.rule === rule && known.detail.test(detail));
      if (gap !== undefined) return run.count(`known gap: ${gap.name}`);
      run.violations.push(`${rule}: ${detail}`);
      run.blamed ??= jobId;
      run.note('CHECK', `VIOLATION ${rule}: ${detail}`, jobId);
    },
    log: (process) => logOf(run, process),
  };
  return run;
}

function logOf(run: Run, process: Process): Log {
  const line = (event: string, facts: Parameters<Log['info']>[1] = {}) => {
    run.count(facts.why === undefined ? event : `${event} ${facts.why}`);
    const { jobId, ...rest } = facts;
    run.note(process.name, `log ${event} ${JSON.stringify(rest)}`, jobId);
  };
  return { info: line, error: line };
}

export class CallFailed extends Error {
  override readonly name = 'CallFailed';
}

/** SendMessageBatch and PutEvents may take some entries and refuse others; the port then throws. */
export function failInside(run: Run, site: string): void {
  if (run.faults.happens(run.odds(run.profile.calls.error / 2))) throw new CallFailed(site);
}

const MAX_LATE_MS = 90_000;
const MAX_PAUSE_MS = 200_000;
const CLIENT_TIMEOUT_MS = 5000;

type Fault = keyof Profile['calls'];

export interface Call {
  readonly site: string;
  readonly jobId?: string | undefined;
  /** Faults this client cannot meet: SubmitJob's client does not repeat a call. */
  readonly never?: readonly Fault[];
}

/**
 * One call to a port. The effect runs atomically in the virtual service; what can go wrong is when, how often and
 * whether it runs, and whether the caller lives to hear of it.
 */
export function reach<T>(run: Run, process: Process, call: Call, effect: () => T): Promise<T> {
  const { world, faults } = run;
  if (!process.alive) return new Promise(() => undefined);
  const fault = drawFault(run, call);
  if (fault !== undefined) run.note(process.name, `${fault} at ${call.site}`, call.jobId);
  const travelMs = faults.between(1, 40) + (fault === 'pause' ? faults.between(0, MAX_PAUSE_MS) : 0);
  const lateMs = faults.between(0, MAX_LATE_MS);
  return new Promise((resolve, reject) => {
    const answer = (settle: () => void) =>
      world.after(faults.between(1, 40), () => {
        if (process.alive) settle();
      });
    const attempt = () => {
      try {
        const value = effect();
        answer(() => resolve(value));
      } catch (error) {
        answer(() => reject(error));
      }
    };
    const silently = () => {
      try {
        effect();
      } catch {
        // Nobody listens to the answer of a call whose caller gave up or died.
      }
    };
    const fail = (afterMs: number) =>
      world.after(afterMs, () => {
        if (process.alive) reject(new CallFailed(call.site));
      });
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
      case 'ghost':
        world.after(travelMs, attempt);
        return world.after(travelMs + lateMs, silently);
      default:
        return world.after(travelMs, attempt);
    }
  });
}

function drawFault(run: Run, call: Call): Fault | undefined {
  let left = run.faults.fraction();
  for (const [fault, probability] of Object.entries(run.profile.calls) as [Fault, number][]) {
    left -= run.odds(probability);
    if (left < 0) return call.never?.includes(fault) ? undefined : fault;
  }
  return undefined;
}
