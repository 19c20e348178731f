/** People who send an array, cancel it or one of its jobs, let a job wait for it; and what must be true of it at the end. */
import { arrayIdOf, jobIdOf } from '../../application/job/identity.ts';
import type { ArrayPart } from '../../domain/group/array.ts';
import { itemKey } from '../../domain/group/array.ts';
import { type Finish, type Group, stateOf, totalOf } from '../../domain/group/group.ts';
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
  /** The places of items that can be no job. */
  readonly bad: ReadonlySet<number>;
  /** Whether its items can be read. */
  readonly isThere: boolean;
}

/** @returns undefined in a world without one */
export function arrays(run: Run, front: VirtualQueue, objects: Map<string, string>): AskedArray | undefined {
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
  const inputs = Array.from({ length: items }, (_, i) => ({
    csv: `s3://${BUCKET}/tenants/${TENANT}/inputs/${i}.csv`,
  }));
  const { limits, bad, where } = shapeOf(run, inputs, objects);
  const array = {
    jobType: 'csv.summarise',
    idempotencyKey: KEY,
    array: { ...limits, ...where },
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
  return {
    groupId,
    items,
    isCancelled,
    bad,
    isThere: where.itemsRef === undefined || objects.has(where.itemsRef),
  };
}

/** With dice of its own: arrays of a world before limits and objects came are what they were. */
function shapeOf(run: Run, inputs: readonly object[], objects: Map<string, string>) {
  const luck = run.world.dice('shape of an array');
  const limits = {
    ...(luck.happens(0.4) ? { maxFailed: luck.whole(0, 1) } : {}),
    ...(luck.happens(0.3) ? { concurrency: luck.whole(1, 2) } : {}),
  };
  const bad = new Set<number>();
  if (!luck.happens(0.5)) return { limits, bad, where: { items: inputs } };
  const itemsRef = `s3://${BUCKET}/tenants/${TENANT}/inputs/items.jsonl`;
  const lines = inputs.map((input, place) => {
    if (!luck.happens(0.2)) return JSON.stringify(input);
    bad.add(place);
    return luck.pick([
      'no JSON',
      '',
      '[]',
      '{"csv":7}',
      '{"csv":"s3://headgate-jobs/tenants/globex/inputs/1.csv"}',
    ]);
  });
  if (luck.happens(0.9)) objects.set(itemsRef, `${lines.join('\n')}\n`);
  return { limits, bad, where: { itemsRef } };
}

interface World {
  readonly groups: VirtualGroups;
  readonly objects: ReadonlyMap<string, string>;
  job(jobId: string): JobRecord | undefined;
}

export function arrayAudit(run: Run, asked: AskedArray, { groups, objects, job }: World): void {
  const { groupId, isCancelled } = asked;
  const name = { tenantId: TENANT, groupId };
  const violated = (rule: string, detail: string, jobId?: string) =>
    run.violate(rule, `${groupId}: ${detail}`, jobId);
  const group = groups.all().find((each) => each.groupId === groupId);
  if (group?.array === undefined) {
    violated('A1', group === undefined ? 'was sent and has no record' : 'was sent and is no array');
    return;
  }
  const { array, finish, cancelledAt } = group;
  if (isCancelled && cancelledAt === undefined) violated('A3', 'was cancelled and does not know');
  if (array.isMade !== true) violated('A1', `rests with ${array.made} of ${array.items} made`);
  if (stateOf(group) !== 'finished') violated('G3', `is still ${stateOf(group)}`);
  const inside = new Set(groups.membersOf(name).map(({ jobId }) => jobId));
  const isUnread = array.itemsRef !== undefined && array.lines === undefined;
  if (isUnread && inside.size > 0) violated('A2', `has ${inside.size} jobs and no items`);
  // The quota of the tenant may have had no room.
  const mayLack = asked.isThere ? 'quota_waiting' : 'array_items_missing';
  if (isUnread && cancelledAt === undefined && array.failure?.code !== mayLack)
    violated('A5', 'was not read and does not say why');
  const items = isUnread ? 0 : asked.items;
  const ids = Array.from({ length: items }, (_, index) => jobIdOf(TENANT, itemKey(groupId, index)));
  for (const jobId of inside) {
    if (!ids.includes(jobId)) violated('A2', `${jobId} is a member and no item`, jobId);
    else if (job(jobId) === undefined) violated('A1', `${jobId} is a member and has no record`, jobId);
  }
  for (const [index, jobId] of ids.entries()) {
    const made = job(jobId);
    if (cancelledAt === undefined && !inside.has(jobId))
      violated('A1', `the item ${jobId} has no job`, jobId);
    if (made !== undefined && made.failure?.code === 'array_line_invalid' && !asked.bad.has(index))
      violated('A5', `the line of ${jobId} was not judged as it is`, jobId);
  }
  if (finish !== undefined && totalOf(finish.tally) !== items)
    violated('G3', `counts ${totalOf(finish.tally)} of ${items} items`);
  checkLimit(group, array, ids.filter((id) => job(id)?.state === 'failed').length, violated);
  if (finish !== undefined && items > 0) checkManifest(finish, ids, { objects, job }, violated);
  const isAhead = groups.wasCancelledAhead(name);
  if (isAhead && inside.size > 0) violated('A3', `was cancelled before it came and has ${inside.size} jobs`);
  const when = isAhead ? 'ahead' : inside.size < items ? 'early' : 'late';
  if (isUnread) run.count(`array unread ${array.failure?.code ?? 'cancelled'}`);
  else if (array.failure === undefined)
    run.count(cancelledAt === undefined ? 'array made' : `array cancelled ${when}`);
  else run.count(`array stopped ${inside.size < items ? 'early' : 'late'}`);
}

type Violated = (rule: string, detail: string, jobId?: string) => void;

/** An item that failed and was run again has failed. */
function checkLimit(
  group: Group,
  { maxFailed, failure }: ArrayPart,
  failed: number,
  violated: Violated,
): void {
  const isStopped = failure?.code === 'array_failures';
  const isAbove = maxFailed !== undefined && failed > maxFailed;
  if (isAbove && !isStopped) violated('A4', `goes on with ${failed} failed items of ${maxFailed} that may`);
  if (isStopped && !isAbove)
    violated('A4', `was stopped with ${failed} failed items of ${maxFailed} that may`);
  if (isStopped && group.cancelledAt === undefined) violated('A4', 'was stopped and not cancelled');
}

function checkManifest(
  { manifest = '', redrives }: Finish,
  ids: readonly string[],
  { objects, job }: Pick<World, 'objects' | 'job'>,
  violated: Violated,
): void {
  const lines = (objects.get(manifest.replace(`s3://${BUCKET}/`, '')) ?? '').trimEnd().split('\n');
  if (lines.length !== ids.length) {
    violated('A6', `has a manifest of ${lines.length} lines for ${ids.length} items`);
    return;
  }
  let seen = 0;
  for (const [index, id] of ids.entries()) {
    let newest = job(id);
    for (; newest?.redrivenAs !== undefined; seen++) newest = job(newest.redrivenAs);
    const told: unknown = JSON.parse(lines[index] ?? '');
    const status = newest?.state ?? 'missing';
    if (
      JSON.stringify(told).includes(`"index":${index},`) &&
      JSON.stringify(told).includes(`"status":"${status}"`)
    )
      continue;
    violated('A6', `says in line ${index + 1} other than ${status}`, id);
  }
  if (seen !== redrives) violated('A6', `ends with ${redrives} redrives of ${seen}`);
}
