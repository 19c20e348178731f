/** Faults that stay: a call that fails for good, a rate limit that stays full, clocks that were set back, a new signing key. */
import type { Endpoint } from '../../domain/webhook/endpoint.ts';
import { rotated } from '../../domain/webhook/endpoint.ts';
import type { Dice } from './dice.ts';
import { type FaultKind, strengthOf } from './kinds.ts';
import { FAULTS_END_MS, type Profile } from './profiles.ts';
import { type Role, START_MS, type World } from './world.ts';

/** Of a run, what faults need that are drawn when it begins. */
interface Begun {
  readonly world: World;
  readonly profile: Profile;
  struck(kind: FaultKind): void;
}

export interface LastingFaults {
  /** Whether calls to this site fail now, in each process. */
  fails(site: string): boolean;
  isRateLimitFull(): boolean;
  /** How far the clock of a process is behind, beside the skew that every clock has. */
  behindMs(role: Role): number;
  /** Whether there is a tenant whose rows no function can read. */
  readonly unreadable: boolean;
  /** Whether EventBridge does not wake tick now. */
  areTicksLost(): boolean;
  /** Whether each run of tick has another one beside it. */
  readonly twoTicks: boolean;
  /** Whether some items were written by an earlier version, so that they are in its index. */
  readonly upgraded: boolean;
}

/** Without SubmitJob, whose answers have faults of their own, and without the reads and writes of records, which are all. */
const SITES = [
  'batch.describe',
  'batch.terminate',
  'batch.listByName',
  'bus.publish',
  'deadLetters.send',
  'keys.open',
  'endpoints.list',
  'endpoints.changeHealth',
  'deliveries.record',
  'deliveries.putOff',
  'gates.acquire',
  'gates.release',
  'gates.postpone',
  'gates.markTypes',
  'waiting.put',
  'waiting.ready',
  'waiting.held',
  'waiting.head',
  'waiting.putEntry',
  'waiting.removeEntry',
  'waiting.remove',
  'submit.send',
  'deliver.send',
  'due.0',
  'due.5',
  'due.postponeFailed',
  'rolls.put',
  'rolls.removeAll',
  'schedules.replace',
  'front.send',
] as const;

/** Those whose times no promise to AWS Batch depends on. */
const MAY_BE_BEHIND: ReadonlySet<Role> = new Set(['track', 'notify', 'deliver', 'tick']);
/** After the faults' end, so that they are lost for an hour at least. */
const LOST_MS = 3_600_000;
const MAX_BEHIND_MS = 1_200_000;

export function lastingFaults(run: Begun, endMs: number): LastingFaults {
  const luck = run.world.dice('lasting');
  const strikes = (kind: FaultKind) => {
    const happens = luck.happens(strengthOf(run.profile, kind));
    if (happens) run.struck(kind);
    return happens;
  };
  const span = () => {
    const fromMs = luck.between(0, endMs);
    return { fromMs: START_MS + fromMs, untilMs: START_MS + luck.between(fromMs, endMs) };
  };
  const isIn = ({ fromMs, untilMs }: ReturnType<typeof span>) => {
    const nowMs = run.world.nowMs();
    return fromMs <= nowMs && nowMs < untilMs;
  };
  const outage = strikes('lasting.outage') ? { ...span(), site: luck.pick(SITES) } : undefined;
  const full = strikes('lasting.fullRateLimit') ? span() : undefined;
  const clocks = strikes('lasting.clockBehind') ? run.world.dice('clocks') : undefined;
  const [unreadable, upgraded] = [strikes('lasting.unreadable'), strikes('lasting.upgraded')];
  const silence = strikes('lasting.ticksLost')
    ? { ...span(), untilMs: START_MS + endMs + LOST_MS }
    : undefined;
  return {
    fails: (site) => outage?.site === site && isIn(outage),
    isRateLimitFull: () => full !== undefined && isIn(full),
    behindMs: (role) =>
      clocks !== undefined && MAY_BE_BEHIND.has(role) && clocks.happens(0.3)
        ? Math.round(clocks.between(60_000, MAX_BEHIND_MS))
        : 0,
    unreadable,
    upgraded,
    areTicksLost: () => silence !== undefined && isIn(silence),
    twoTicks: strikes('lasting.twoTicks'),
  };
}

/** For as long as both keys sign, and a little less: what was signed before may still be on its way. */
const SWITCHES_MS = [15 * 60_000, 20 * 3_600_000] as const;

/**
 * A tenant rotates the signing key of an endpoint, and its receiver takes the new one some time later.
 *
 * @returns which sealed key the receiver verifies with now
 */
export function rotation(
  run: Begun,
  endpoints: readonly Endpoint[],
  change: (endpointId: string, next: (endpoint: Endpoint) => Endpoint) => void,
): (endpointId: string) => string {
  const luck: Dice = run.world.dice('rotation');
  let taken: string | undefined;
  const [chosen] = luck.shuffled(endpoints);
  if (chosen !== undefined && luck.happens(strengthOf(run.profile, 'lasting.rotation'))) {
    run.struck('lasting.rotation');
    run.world.after(luck.between(0, FAULTS_END_MS), () => {
      change(chosen.endpointId, (endpoint) => {
        const next = rotated(endpoint, [{ scheme: 'v1', sealed: NEW_KEY }], run.world.nowMs());
        return 'keys' in next ? next : endpoint;
      });
      run.world.inBackground(luck.between(...SWITCHES_MS), () => {
        taken = chosen.endpointId;
      });
    });
  }
  return (endpointId) => (endpointId === taken ? NEW_KEY : 'sealed');
}

const NEW_KEY = 'sealed-2';
