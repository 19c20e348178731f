/** The choice of the next job. Pure: backlog.ts reads the queues and starts the chosen job. */
import type { Head } from '../jobs/jobs.ts';

/** The first runnable job of one share; a FIFO queue is one share named ''. */
export interface ShareView {
  readonly share: string;
  /** Its recent use, in vCPU seconds. */
  readonly used: number;
  readonly weight: number;
  readonly head: Head;
}

export interface QueueView {
  readonly arn: string;
  readonly priority: number;
  /** ARNs in the queue's own order; the first one with room takes the job. */
  readonly environments: readonly string[];
  /** The vCPUs that it may take without the reservation for inactive shares. */
  readonly openVcpus: number;
  readonly shares: readonly ShareView[];
}

export interface Room {
  readonly maxVcpus: number;
  readonly freeVcpus: number;
}

export interface Choice {
  readonly queue: QueueView;
  readonly share: ShareView;
  readonly environment: string;
}

/**
 * Queues by priority, in a queue the share with the lowest use times weight, in a share its head. A head that waits
 * for room blocks its environments for lower queues: small jobs there would starve it for ever. A head that no
 * environment can hold blocks its own queue only, as in AWS, and so does one that waits for a reservation to shrink.
 * @see https://docs.aws.amazon.com/batch/latest/userguide/share-identifiers.html
 */
export function chooseNext(
  queues: readonly QueueView[],
  rooms: ReadonlyMap<string, Room>,
  /** What is left of each consumable resource, by ARN. */
  available: ReadonlyMap<string, number> = new Map(),
): Choice | undefined {
  const spokenFor = new Set<string>();
  for (const queue of queues.toSorted((left, right) => right.priority - left.priority)) {
    const first = firstShare(queue.shares);
    if (!first?.head.needs.every((need) => (available.get(need.arn) ?? 0) >= need.quantity)) continue;
    const { vcpus } = first.head;
    const environment = queue.environments.find(
      (arn) => !spokenFor.has(arn) && (rooms.get(arn)?.freeVcpus ?? 0) >= vcpus,
    );
    if (environment && vcpus > queue.openVcpus) continue;
    if (environment) return { queue, share: first, environment };
    for (const arn of queue.environments) {
      if ((rooms.get(arn)?.maxVcpus ?? 0) >= vcpus) spokenFor.add(arn);
    }
  }
  return undefined;
}

/** Whose turn it is in a queue: the share with the lowest use times weight, and among equals the oldest head. */
export function firstShare<View extends ShareView>(shares: readonly View[]): View | undefined {
  return shares.toSorted(
    (left, right) => left.used * left.weight - right.used * right.weight || left.head.seq - right.head.seq,
  )[0];
}

/** A job at the head of its queue that no open environment of the queue could hold, however empty. */
export function oversizedHeads(
  queues: readonly QueueView[],
  rooms: ReadonlyMap<string, Room>,
): { readonly queueArn: string; readonly jobId: string }[] {
  return queues.flatMap((queue) => {
    const head = firstShare(queue.shares)?.head;
    const open = queue.environments.flatMap((arn) => rooms.get(arn) ?? []);
    const isOversized = head && open.length > 0 && open.every(({ maxVcpus }) => maxVcpus < head.vcpus);
    return isOversized ? [{ queueArn: queue.arn, jobId: head.jobId }] : [];
  });
}
