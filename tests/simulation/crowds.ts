/** People who send jobs as members of a group, seal it sooner or later than its members, cancel it, and let jobs wait for it. */
import { jobIdOf } from '../../application/job/identity.ts';
import { type AskedArray, arrays } from './arrays.ts';
import type { Dice } from './dice.ts';
import type { Run } from './faults.ts';
import { strengthOf } from './kinds.ts';
import { BUCKET } from './lambdas.ts';
import { FAULTS_END_MS } from './profiles.ts';
import type { VirtualQueue } from './queues.ts';

export const CROWD = { tenantId: 'acme', groupId: 'import-7' } as const;

export interface Crowd {
  /** Ids of the jobs that must exist at the end, unless their group was closed before they came. */
  readonly members: ReadonlySet<string>;
  /** Of those that wait for the group. */
  readonly others: ReadonlySet<string>;
  readonly isSealed: boolean;
  readonly array: AskedArray | undefined;
}

/** @param objects of the bucket, to which those with the items of arrays are added */
export function crowd(run: Run, front: VirtualQueue, objects: Map<string, string>): Crowd {
  const luck = run.world.dice('crowd');
  const members = new Set<string>();
  const others = new Set<string>();
  const array = arrays(run, front, objects);
  if (!luck.happens(strengthOf(run.profile, 'people.crowd')))
    return { members, others, isSealed: false, array };
  run.struck('people.crowd');
  const send = (who: string, body: object, atMs: number, jobId?: string) =>
    run.world.after(atMs, () => {
      const text = JSON.stringify({ specVersion: '1', tenantId: CROWD.tenantId, ...body });
      run.note('service', () => `${who} ${text}`, jobId);
      front.accept({ body: text });
      if (luck.happens(0.2)) front.accept({ body: text });
    });
  const withinMs = luck.pick([3000, 60_000, FAULTS_END_MS * 0.4]);
  const count = luck.whole(0, 4);
  const keys = Array.from({ length: count }, (_, i) => `member-${i}`);
  const places = [0, 1].filter(() => luck.happens(0.4));
  const mayCircle = places.length > 0;
  for (const key of keys) {
    const jobId = jobIdOf(CROWD.tenantId, key);
    members.add(jobId);
    send(
      'joins',
      joiningOf(run, key, luck, mayCircle ? `after-${places[0]}` : undefined),
      luck.between(0, withinMs),
      jobId,
    );
    if (luck.happens(0.1))
      send('cancels', { action: 'job.cancel', idempotencyKey: key }, luck.between(0, FAULTS_END_MS));
  }
  // Without tick nothing ends the time of a group, so that those that are expected have to come.
  const isSealed = !run.profile.tick || luck.happens(0.9);
  if (isSealed) {
    const over = run.profile.tick && luck.happens(0.1) ? 1 : 0;
    const expect = luck.happens(0.5) ? { expect: count + over } : {};
    const timeout = run.profile.tick ? { groupTimeoutSeconds: luck.pick([120, 3600]) } : {};
    send(
      'seals',
      { action: 'group.seal', group: CROWD.groupId, ...expect, ...timeout },
      luck.between(0, withinMs * 1.5),
    );
  }
  if (luck.happens(0.1))
    send('cancels', { action: 'group.cancel', group: CROWD.groupId }, luck.between(0, FAULTS_END_MS));
  for (const place of places) {
    const key = `after-${place}`;
    others.add(jobIdOf(CROWD.tenantId, key));
    send(
      'waits',
      waitingOf(run, key, luck, keys),
      luck.between(0, FAULTS_END_MS * 0.6),
      jobIdOf(CROWD.tenantId, key),
    );
  }
  return { members, others, isSealed, array };
}

const requestOf = (key: string) => ({
  jobType: 'csv.summarise',
  idempotencyKey: key,
  input: { csv: `s3://${BUCKET}/tenants/${CROWD.tenantId}/inputs/${key}.csv` },
});

function joiningOf({ profile }: Run, key: string, luck: Dice, waiter: string | undefined): object {
  // Now and then one that waits for a job that waits for the group: none could begin.
  const circle =
    waiter !== undefined && luck.happens(0.05)
      ? {
          dependsOn: [{ idempotencyKey: waiter, condition: 'finished' }],
          ...(profile.tick ? { dependencyTimeoutSeconds: 7200 } : {}),
        }
      : {};
  const delay = luck.happens(0.15) ? { delaySeconds: luck.whole(1, 300) } : {};
  return { ...requestOf(key), group: CROWD.groupId, ...circle, ...delay };
}

function waitingOf({ profile }: Run, key: string, luck: Dice, members: readonly string[]): object {
  const condition = luck.pick(['succeeded', 'finished', 'failed']);
  // A member that comes too late never is. Without tick no time ends the wait for it.
  const member = luck.shuffled(members).slice(0, profile.tick && luck.happens(0.3) ? 1 : 0);
  return {
    ...requestOf(key),
    dependsOn: [
      { group: CROWD.groupId, condition },
      ...member.map((idempotencyKey) => ({ idempotencyKey, condition: 'finished' })),
    ],
    ...(profile.tick && luck.happens(0.3) ? { onDependencyFailure: 'hold' } : {}),
    ...(profile.tick ? { dependencyTimeoutSeconds: luck.pick([900, 7200]) } : {}),
  };
}
