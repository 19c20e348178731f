/** People who send an array, cancel it or one of its jobs, let a job wait for it; and what must be true of it at the end. */
import { arrayIdOf, jobIdOf } from '../../application/job/identity.ts';
import { itemKey } from '../../domain/group/array.ts';
import { stateOf, totalOf } from '../../domain/group/group.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { Run } from './faults.ts';
import type { VirtualGroups } from './groups.ts';
import { strengthOf } from './kinds.ts';
import { BUCKET } from './lambdas.ts';
import { FAULTS_END_MS } from './profiles.ts';
import type { VirtualQueue } from './queues.ts';

const TENANT = 'acme';
const KEY = 'array-1';
export const ARRAY_ID = arrayIdOf(TENANT, KEY);

export interface AskedArray {
  readonly groupId: string;
  readonly items: number;
  /** Perhaps before it is there. */
  readonly isCancelled: boolean;
}

/** @returns undefined in a world without one */
export function arrays(run: Run, front: VirtualQueue): AskedArray | undefined {
  const luck = run.world.dice('arrays');
  if (!luck.happens(strengthOf(run.profile, 'people.array'))) return undefined;
  run.struck('people.array');
  const groupId = ARRAY_ID;
  const items = luck.whole(1, 5);
  const send = (what: string, body: object, atMs: number) =>
    run.world.after(atMs, () => {
      const text = JSON.stringify({ specVersion: '1', tenantId: TENANT, ...body });
      run.note('service', () => `${what} ${text}`);
      front.accept({ body: text });
    });
  const atMs = luck.between(0, FAULTS_END_MS * 0.4);
  const delay = luck.happens(0.15) ? { delaySeconds: luck.whole(1, 300) } : {};
  const array = {
    jobType: 'csv.summarise',
    idempotencyKey: KEY,
    array: {
      items: Array.from({ length: items }, (_, i) => ({
        csv: `s3://${BUCKET}/tenants/${TENANT}/inputs/${i}.csv`,
      })),
    },
    ...delay,
  };
  send('sends', array, atMs);
  if (luck.happens(0.3)) send('sends again', array, atMs + luck.between(0, 60_000));
  if (luck.happens(0.2)) send('sends another', { ...array, priority: 'low' }, atMs + luck.between(0, 60_000));
  const isCancelled = luck.happens(0.3);
  if (isCancelled)
    send(
      'cancels',
      { action: 'group.cancel', group: groupId },
      luck.happens(0.7) ? atMs + luck.between(0, 15_000) : luck.between(0, FAULTS_END_MS),
    );
  if (luck.happens(0.1))
    send(
      'cancels an item',
      { action: 'job.cancel', idempotencyKey: itemKey(groupId, 0) },
      luck.between(0, FAULTS_END_MS),
    );
  if (luck.happens(0.2))
    send(
      'lets wait',
      {
        jobType: 'csv.summarise',
        idempotencyKey: 'after-array',
        input: { csv: `s3://${BUCKET}/tenants/${TENANT}/inputs/after.csv` },
        dependsOn: [{ group: groupId, condition: luck.pick(['succeeded', 'finished', 'failed']) }],
        ...(run.profile.tick ? { dependencyTimeoutSeconds: luck.pick([900, 7200]) } : {}),
      },
      luck.between(0, FAULTS_END_MS * 0.6),
    );
  // A job that would like to be a member.
  if (luck.happens(0.1))
    send(
      'joins',
      {
        jobType: 'csv.summarise',
        idempotencyKey: 'uninvited',
        group: groupId,
        input: { csv: `s3://${BUCKET}/tenants/${TENANT}/inputs/uninvited.csv` },
      },
      atMs + luck.between(0, 60_000),
    );
  return { groupId, items, isCancelled };
}

interface World {
  readonly groups: VirtualGroups;
  job(jobId: string): JobRecord | undefined;
}

export function arrayAudit(
  run: Run,
  { groupId, items, isCancelled }: AskedArray,
  { groups, job }: World,
): void {
  const name = { tenantId: TENANT, groupId };
  const violated = (rule: string, detail: string, jobId?: string) =>
    run.violate(rule, `${groupId}: ${detail}`, jobId);
  const group = groups.all().find((each) => each.groupId === groupId);
  if (group?.array === undefined) {
    violated('A1', group === undefined ? 'was sent and has no record' : 'was sent and is no array');
    return;
  }
  const { array, finish, cancelledAt, sealed } = group;
  if (isCancelled && cancelledAt === undefined) violated('A3', 'was cancelled and does not know');
  if (array.isMade !== true) violated('A1', `rests with ${array.made} of ${array.items} made`);
  if (stateOf(group) !== 'finished') violated('G3', `is still ${stateOf(group)}`);
  const ids = Array.from({ length: items }, (_, index) => jobIdOf(TENANT, itemKey(groupId, index)));
  const inside = new Set(groups.membersOf(name).map(({ jobId }) => jobId));
  for (const jobId of inside) {
    if (!ids.includes(jobId)) violated('A2', `${jobId} is a member and no item`, jobId);
    else if (job(jobId) === undefined) violated('A1', `${jobId} is a member and has no record`, jobId);
  }
  for (const jobId of ids)
    if (cancelledAt === undefined && !inside.has(jobId))
      violated('A1', `the item ${jobId} has no job`, jobId);
  if (finish !== undefined && totalOf(finish.tally) !== items)
    violated('G3', `counts ${totalOf(finish.tally)} of ${items} items`);
  const isAhead = cancelledAt !== undefined && cancelledAt < (sealed?.at ?? 0);
  if (isAhead && inside.size > 0) violated('A3', `was cancelled before it came and has ${inside.size} jobs`);
  const when = isAhead ? 'ahead' : inside.size < items ? 'early' : 'late';
  run.count(cancelledAt === undefined ? 'array made' : `array cancelled ${when}`);
}
