/** What runs next. Pure: the backlog brings the view of the queues and starts what is chosen. */
import type { Head } from '../jobs/jobs.ts';

/** The first runnable job of one share; a FIFO queue is one share named ''. */
export interface ShareView {
  readonly share: string;
  /** What it used lately, in vCPU seconds. */
  readonly used: number;
  readonly weight: number;
  readonly head: Head;
}

export interface QueueView {
  readonly arn: string;
  readonly priority: number;
  /** ARNs in the queue's own order; the first one with room takes the job. */
  readonly environments: readonly string[];
  /** What it may still take before it touches what is reserved for shares that are not active. */
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
 * Queues by priority, in a queue the share with the lowest use times weight, in a share its head. A head that must
 * wait for room keeps its environments from lower queues: small jobs there would starve it for ever. A head
 * that no environment could ever hold blocks its own queue only, as it does in AWS, and so does one that waits
 * for a reservation to shrink.
 * @see https://docs.aws.amazon.com/batch/latest/userguide/share-identifiers.html
 */
export function chooseNext(
  queues: readonly QueueView[],
  rooms: ReadonlyMap<string, Room>,
): Choice | undefined {
  const spokenFor = new Set<string>();
  for (const queue of queues.toSorted((left, right) => right.priority - left.priority)) {
    const first = queue.shares.toSorted(
      (left, right) => left.used * left.weight - right.used * right.weight || left.head.seq - right.head.seq,
    )[0];
    if (!first) continue;
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
