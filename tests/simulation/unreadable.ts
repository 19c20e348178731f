/** A tenant whose rows no function can read: after a roll-back, or edited by hand. Its neighbours must not notice. */
import { asking } from '../../domain/batch/messages.ts';
import type { DeliveryName } from '../../domain/webhook/delivery.ts';
import type { Subject } from '../../io/table/due.ts';
import { RowUnreadable, withUnreadable } from '../../io/table/rows.ts';
import type { Run } from './faults.ts';
import { FAULTS_END_MS } from './profiles.ts';
import type { VirtualQueue } from './queues.ts';
import { START_MS } from './world.ts';

export const UNREADABLE = 'umbrella';
const JOB_IDS = ['a', 'b', 'c'].map((letter) => `job_${letter.repeat(26)}`);
const delivery: DeliveryName = {
  tenantId: UNREADABLE,
  endpointId: 'whe_umbrella',
  at: new Date(START_MS).toISOString(),
  webhookId: `msg_${'u'.repeat(26)}`,
};
const ids: ReadonlySet<string> = new Set([UNREADABLE, ...JOB_IDS]);

export const isUnreadable = (id: string): boolean => ids.has(id);

/** What a read of several rows answers when some of them are this tenant's. */
export function beside<T>(
  run: Run,
  asked: readonly string[],
  found: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  if (!run.lasting.unreadable) return found;
  const bad = asked.filter(isUnreadable).map((id) => [id, error(id)] as const);
  return withUnreadable(found, new Map(bad));
}

/** @throws RowUnreadable for a row of this tenant */
export function check(run: Run, id: string): void {
  if (run.lasting.unreadable && isUnreadable(id)) throw error(id);
}

const error = (id: string) => new RowUnreadable(id, 'state');

/** Its rows are due, and its messages come beside those of others. */
export function plant(
  run: Run,
  index: {
    note(
      subject: Subject,
      item: {
        readonly tenantId: string;
        readonly dueAt: () => number;
        readonly postpone: (at: number) => void;
      },
    ): void;
  },
  {
    submitQueue,
    deliveryQueue,
  }: { readonly submitQueue: VirtualQueue; readonly deliveryQueue: VirtualQueue },
): void {
  if (!run.lasting.unreadable) return;
  const luck = run.world.dice('unreadable');
  const subjects: Subject[] = [
    ...JOB_IDS.map((jobId) => ({ kind: 'job', jobId }) as const),
    { kind: 'gate', tenantId: UNREADABLE },
    { kind: 'delivery', delivery },
    { kind: 'schedule', schedule: { tenantId: UNREADABLE, scheduleId: 'nightly' } },
    { kind: 'group', jobGroup: { tenantId: UNREADABLE, groupId: 'import' } },
  ];
  for (const subject of subjects) {
    let dueAt = START_MS + luck.between(0, FAULTS_END_MS / 4);
    index.note(subject, {
      tenantId: UNREADABLE,
      dueAt: () => dueAt,
      postpone(at) {
        dueAt = at;
      },
    });
  }
  for (const jobId of JOB_IDS)
    run.world.after(luck.between(0, FAULTS_END_MS), () =>
      submitQueue.accept(asking({ tenantId: UNREADABLE, jobId }, 1)),
    );
  run.world.after(luck.between(0, FAULTS_END_MS), () =>
    deliveryQueue.accept({ body: JSON.stringify(delivery) }),
  );
}
