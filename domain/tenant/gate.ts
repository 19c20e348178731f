/**
 * A tenant's gate: the holders of its slots, and its caps. The one place that decides whether an attempt may go to
 * AWS Batch now, and what it waits for: for the submit step, for `tenant why`, and for a trial.
 */
import * as z from 'zod';
import { JobTypeId } from '../job/ids.ts';
import { typeTagOf } from '../job/job-type.ts';
import { type Budgeted, usedBudget, usedText } from './budget.ts';
import { type Holder, holderName, holderOf, type Slotted } from './holder.ts';
import { Cap } from './policy.ts';

export const Caps = z.strictObject({
  /** For all jobs of the tenant. */
  cap: Cap.optional(),
  /** For each job type. */
  typeCaps: z.record(JobTypeId, Cap).optional(),
  /** For each concurrency key. Absent: 1. */
  keyCap: Cap.optional(),
});
export type Caps = z.infer<typeof Caps>;

export const Pause = z.object({ reason: z.string().min(1).max(256), at: z.int() });
export type Pause = z.infer<typeof Pause>;

export interface Gate extends Caps, Budgeted {
  readonly tenantId: string;
  /**
   * Raised when holders are added and when caps change, never when holders are released. A writer adds holders only
   * if `version` is unchanged. Attempts may have been released since it counted, but none can have acquired a slot
   * and no cap can have changed, so a cap is never exceeded.
   */
  readonly version: number;
  readonly holders: readonly Holder[];
  readonly paused?: Pause | undefined;
  /**
   * The tags of job types that have ever had a waiting list. No handler takes one out: it could die between that and the look
   * that would put it back, and the list would be lost.
   */
  readonly types?: ReadonlySet<number> | undefined;
  /** When reconcile looks at it: while it has holders, and after a change of caps. */
  readonly dueAt?: number | undefined;
}

/** The reason why an attempt cannot acquire a slot. */
export type Obstacle =
  | { readonly kind: 'paused'; readonly reason: string }
  | {
      readonly kind: 'budget';
      readonly month: string;
      readonly usdMicro: number;
      readonly usdPerMonth: number;
      readonly untilMs: number;
    }
  | { readonly kind: 'tenant_cap' | 'type_cap' | 'key_cap'; readonly cap: number; readonly inUse: number };

export type GateDecision =
  /** It has a slot already. */
  | { readonly kind: 'holds' }
  | { readonly kind: 'acquires'; readonly holder: Holder }
  /** The attempt needs no slot: the tenant has no caps, and the job no concurrency key. */
  | { readonly kind: 'uncapped' }
  | { readonly kind: 'waits'; readonly obstacle: Obstacle };

/** How long reconcile leaves a gate alone: longer than a healthy step takes. */
export const GATE_GRACE_MS = 60_000;

/** Jobs of one concurrency key run one at a time unless the tenant says otherwise. */
const DEFAULT_KEY_CAP = 1;

/**
 * For each job in order, whether it may go to AWS Batch now, after those before it in the list.
 *
 * @param gate absent: the tenant never had caps, a pause or a concurrency key
 * @param defaultCap of the stage; 0 is none
 */
export function decide(gate: Gate | undefined, defaultCap: number, jobs: readonly Slotted[]): GateDecision[] {
  const limits = limitsOf(gate, defaultCap);
  const held = new Set(gate?.holders.map(holderName));
  const inUse = tally(gate?.holders ?? []);
  const closed = gate && closedBy(gate);
  return jobs.map((job): GateDecision => {
    const holder = holderOf(job);
    if (held.has(holderName(holder))) return { kind: 'holds' };
    if (closed !== undefined) return { kind: 'waits', obstacle: closed };
    if (!limits.counts && holder.keyTag === undefined) return { kind: 'uncapped' };
    const obstacle = obstacleTo(holder, job.jobType, limits, inUse);
    if (obstacle !== undefined) return { kind: 'waits', obstacle };
    held.add(holderName(holder));
    inUse.add(holder);
    return { kind: 'acquires', holder };
  });
}

/** What keeps each attempt of the tenant: its pause before its budget. */
function closedBy(gate: Gate): Obstacle | undefined {
  if (gate.paused !== undefined) return { kind: 'paused', reason: gate.paused.reason };
  const used = usedBudget(gate);
  if (used === undefined) return undefined;
  const { action: _, ...facts } = used;
  return { kind: 'budget', ...facts };
}

/** Nothing acquires a slot at it, whatever its holders are. */
export const isClosed = (gate: Gate): boolean => closedBy(gate) !== undefined;

function tally(holders: readonly Holder[]) {
  let all = 0;
  const byTag = new Map<string, number>();
  /** A key without a holder has room whatever its cap is. */
  const ownCaps = new Map<number, number>();
  const tagsOf = ({ typeTag, keyTag }: Holder) => [
    `type ${typeTag}`,
    ...(keyTag === undefined ? [] : [`key ${keyTag}`]),
  ];
  const add = (holder: Holder) => {
    all += 1;
    if (holder.keyTag !== undefined && holder.keyCap !== undefined) ownCaps.set(holder.keyTag, holder.keyCap);
    for (const tag of tagsOf(holder)) byTag.set(tag, (byTag.get(tag) ?? 0) + 1);
  };
  for (const holder of holders) add(holder);
  return {
    add,
    all: () => all,
    ofType: ({ typeTag }: Pick<Holder, 'typeTag'>) => byTag.get(`type ${typeTag}`) ?? 0,
    ofKey: ({ keyTag }: Pick<Holder, 'keyTag'>) =>
      keyTag === undefined ? 0 : (byTag.get(`key ${keyTag}`) ?? 0),
    capOfKey: (keyTag: number) => ownCaps.get(keyTag),
  };
}

interface Limits {
  /** Whether each attempt of the tenant needs a slot, or only one with a concurrency key. */
  readonly counts: boolean;
  readonly cap: number;
  readonly typeCaps: Readonly<Record<string, number>>;
  readonly keyCap: number;
}

function limitsOf(gate: Gate | undefined, defaultCap: number): Limits {
  const { cap = defaultOf(gate, defaultCap), typeCaps, keyCap = DEFAULT_KEY_CAP } = gate ?? {};
  return {
    counts: cap !== undefined || typeCaps !== undefined,
    cap: cap ?? Number.POSITIVE_INFINITY,
    typeCaps: typeCaps ?? {},
    keyCap,
  };
}

/** A budget that ends what runs knows it by its slots, so that a tenant with one has a cap: the highest there is. */
const MAX_HELD = 1000;

function defaultOf(gate: Gate | undefined, defaultCap: number): number | undefined {
  if (defaultCap > 0) return defaultCap;
  return gate?.budget?.then === 'cancel' ? MAX_HELD : undefined;
}

function obstacleTo(
  holder: Holder,
  jobType: string,
  { cap, typeCaps, keyCap }: Limits,
  inUse: ReturnType<typeof tally>,
): Obstacle | undefined {
  const typeCap = Object.hasOwn(typeCaps, jobType) ? typeCaps[jobType] : undefined;
  const bounds = [
    { kind: 'tenant_cap', cap, inUse: inUse.all() },
    { kind: 'type_cap', cap: typeCap ?? Number.POSITIVE_INFINITY, inUse: inUse.ofType(holder) },
    { kind: 'key_cap', cap: holder.keyCap ?? keyCap, inUse: inUse.ofKey(holder) },
  ] as const;
  return bounds.find((bound) => bound.inUse >= bound.cap);
}

export interface Room {
  /** How many attempts can acquire a slot at most; 0 while the tenant is paused or its budget is used. */
  readonly free: number;
  readonly ofType: (typeTag: number) => boolean;
  readonly ofKey: (keyTag: number) => boolean;
}

/** What the gate has room for, so that no list is read whose attempts cannot acquire a slot. */
export function roomAt(gate: Gate, defaultCap: number): Room {
  const { cap, typeCaps, keyCap } = limitsOf(gate, defaultCap);
  const inUse = tally(gate.holders);
  const capsByTag = new Map(Object.entries(typeCaps).map(([type, typeCap]) => [typeTagOf(type), typeCap]));
  return {
    free: isClosed(gate) ? 0 : Math.max(0, cap - inUse.all()),
    ofType: (typeTag) => inUse.ofType({ typeTag }) < (capsByTag.get(typeTag) ?? Number.POSITIVE_INFINITY),
    ofKey: (keyTag) => inUse.ofKey({ keyTag }) < (inUse.capOfKey(keyTag) ?? keyCap),
  };
}

/** One sentence for an operator. */
export function obstacleText(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'paused':
      return `the tenant is paused: ${obstacle.reason}`;
    case 'budget':
      return `${usedText(obstacle)}, until ${new Date(obstacle.untilMs).toISOString()}`;
    case 'tenant_cap':
      return `tenant cap ${obstacle.inUse} of ${obstacle.cap}`;
    case 'type_cap':
      return `cap of its job type ${obstacle.inUse} of ${obstacle.cap}`;
    case 'key_cap':
      return `cap of its concurrency key ${obstacle.inUse} of ${obstacle.cap}`;
  }
}
