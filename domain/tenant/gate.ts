/**
 * A tenant's gate: who holds its slots, and what it may hold at most. The one place that decides whether a job may go to
 * Batch now, and says why not: for the submit step, for who asks why a job waits, and for a trial.
 */
import * as z from 'zod';
import { JobTypeId } from '../job/ids.ts';
import { type Member, memberName, memberOf, type Slotted } from './member.ts';
import { Cap } from './policy.ts';

export const Caps = z.strictObject({
  /** Of all jobs of the tenant. */
  cap: Cap.optional(),
  /** Of those of one type. */
  typeCaps: z.record(JobTypeId, Cap).optional(),
  /** Of those of one concurrency key. Absent: 1. */
  keyCap: Cap.optional(),
});
export type Caps = z.infer<typeof Caps>;

export const Pause = z.object({ reason: z.string().min(1).max(256), at: z.int() });
export type Pause = z.infer<typeof Pause>;

/** How many jobs of the tenant wait, as somebody counted them. */
export const Backlog = z.object({ count: z.int(), at: z.int() });
export type Backlog = z.infer<typeof Backlog>;

export interface Gate extends Caps {
  readonly tenantId: string;
  /**
   * Grows when members are added and when caps change, never when members leave. Whoever adds on the condition that it
   * is as he read it adds to a subset of the members he counted, under the caps he counted with.
   */
  readonly version: number;
  readonly members: readonly Member[];
  readonly paused?: Pause | undefined;
  readonly backlog?: Backlog | undefined;
  /** When the sweep looks at it: while it has members, and after a change of caps. */
  readonly dueAt?: number | undefined;
}

/** What stands between a job and its slot. */
export type Obstacle =
  | { readonly kind: 'paused'; readonly reason: string }
  | { readonly kind: 'tenant_cap' | 'type_cap' | 'key_cap'; readonly cap: number; readonly inUse: number };

export type Entry =
  /** It is a member already. */
  | { readonly kind: 'holds' }
  | { readonly kind: 'enters'; readonly member: Member }
  /** Nothing is counted for this job: the tenant has no caps, and the job no concurrency key. */
  | { readonly kind: 'free' }
  | { readonly kind: 'waits'; readonly obstacle: Obstacle };

/** How long the sweep leaves a gate alone: longer than a healthy step takes. */
export const GATE_PATIENCE_MS = 60_000;

/** Jobs of one concurrency key run one at a time unless the tenant says otherwise. */
const DEFAULT_KEY_CAP = 1;

/**
 * For each job in turn, whether it may go to Batch now; those before it in the list have gone.
 *
 * @param gate absent: the tenant never had caps, a pause or a concurrency key
 * @param defaultCap of the stage; 0 is none
 */
export function decide(gate: Gate | undefined, defaultCap: number, jobs: readonly Slotted[]): Entry[] {
  const limits = limitsOf(gate, defaultCap);
  const held = new Set(gate?.members.map(memberName));
  const inUse = tally(gate?.members ?? []);
  return jobs.map((job): Entry => {
    const member = memberOf(job);
    if (held.has(memberName(member))) return { kind: 'holds' };
    if (gate?.paused !== undefined)
      return { kind: 'waits', obstacle: { kind: 'paused', reason: gate.paused.reason } };
    if (!limits.counts && member.keyTag === undefined) return { kind: 'free' };
    const obstacle = obstacleTo(member, job.jobType, limits, inUse);
    if (obstacle !== undefined) return { kind: 'waits', obstacle };
    held.add(memberName(member));
    inUse.add(member);
    return { kind: 'enters', member };
  });
}

function tally(members: readonly Member[]) {
  let all = 0;
  const byTag = new Map<string, number>();
  const tagsOf = ({ typeTag, keyTag }: Member) => [
    `type ${typeTag}`,
    ...(keyTag === undefined ? [] : [`key ${keyTag}`]),
  ];
  const add = (member: Member) => {
    all += 1;
    for (const tag of tagsOf(member)) byTag.set(tag, (byTag.get(tag) ?? 0) + 1);
  };
  for (const member of members) add(member);
  return {
    add,
    all: () => all,
    ofType: ({ typeTag }: Member) => byTag.get(`type ${typeTag}`) ?? 0,
    ofKey: ({ keyTag }: Member) => (keyTag === undefined ? 0 : (byTag.get(`key ${keyTag}`) ?? 0)),
  };
}

interface Limits {
  /** Whether every job of the tenant is a member, or only those with a key. */
  readonly counts: boolean;
  readonly cap: number;
  readonly typeCaps: Readonly<Record<string, number>>;
  readonly keyCap: number;
}

function limitsOf(gate: Gate | undefined, defaultCap: number): Limits {
  const { cap = defaultCap === 0 ? undefined : defaultCap, typeCaps, keyCap = DEFAULT_KEY_CAP } = gate ?? {};
  return {
    counts: cap !== undefined || typeCaps !== undefined,
    cap: cap ?? Number.POSITIVE_INFINITY,
    typeCaps: typeCaps ?? {},
    keyCap,
  };
}

function obstacleTo(
  member: Member,
  jobType: string,
  { cap, typeCaps, keyCap }: Limits,
  inUse: ReturnType<typeof tally>,
): Obstacle | undefined {
  const typeCap = Object.hasOwn(typeCaps, jobType) ? typeCaps[jobType] : undefined;
  const bounds = [
    { kind: 'tenant_cap', cap, inUse: inUse.all() },
    { kind: 'type_cap', cap: typeCap ?? Number.POSITIVE_INFINITY, inUse: inUse.ofType(member) },
    { kind: 'key_cap', cap: keyCap, inUse: inUse.ofKey(member) },
  ] as const;
  return bounds.find((bound) => bound.inUse >= bound.cap);
}

/** Whether nobody can enter, so that looking at more of the waiting list is in vain. */
export function isFull(gate: Gate | undefined, defaultCap: number): boolean {
  return gate?.paused !== undefined || (gate?.members.length ?? 0) >= limitsOf(gate, defaultCap).cap;
}

/** In words for people. */
export function obstacleText(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'paused':
      return `the tenant is paused: ${obstacle.reason}`;
    case 'tenant_cap':
      return `tenant cap ${obstacle.inUse} of ${obstacle.cap}`;
    case 'type_cap':
      return `cap of its job type ${obstacle.inUse} of ${obstacle.cap}`;
    case 'key_cap':
      return `cap of its concurrency key ${obstacle.inUse} of ${obstacle.cap}`;
  }
}
