import { reservedVcpus, weightOf } from './fair-share.ts';
import type { Jobs } from './jobs.ts';
import type { Queue, Resources } from './resources.ts';
import { chooseNext, type QueueView, type Room, type ShareView } from './scheduling.ts';
import { LEAST_USE_SECONDS, type Shares } from './shares.ts';

export interface BacklogParts {
  readonly jobs: Jobs;
  readonly resources: Resources;
  readonly shares: Shares;
}

/**
 * What waits and where there is room, read once for several choices: with hundreds of shares the reading costs
 * more than the choosing. What ends meanwhile gives its room to the next reading.
 */
export class Backlog {
  readonly #parts: BacklogParts;
  readonly #rooms: Map<string, Room>;
  #queues: QueueView[];

  constructor(parts: BacklogParts) {
    this.#parts = parts;
    const inUse = parts.jobs.vcpusInUse();
    this.#rooms = new Map(
      parts.resources
        .environments()
        .filter(({ state }) => state === 'ENABLED')
        .map(({ computeEnvironmentArn: arn, computeResources: { maxvCpus: maxVcpus } }) => {
          const freeVcpus = maxVcpus - total(inUse.filter(({ environment }) => environment === arn));
          return [arn, { maxVcpus, freeVcpus }];
        }),
    );
    this.#queues = parts.resources.queues().map((queue) => this.#queueView(queue, inUse));
  }

  /** @returns whether there was a job to start */
  startNext(start: (jobId: string, environment: string) => void): boolean {
    const choice = chooseNext(this.#queues, this.#rooms);
    if (!choice) return false;
    const { queue, share, environment } = choice;
    const { jobId, vcpus } = share.head;
    start(jobId, environment);
    const { maxVcpus = 0, freeVcpus = 0 } = this.#rooms.get(environment) ?? {};
    this.#rooms.set(environment, { maxVcpus, freeVcpus: freeVcpus - vcpus });
    const used = share.used + vcpus * LEAST_USE_SECONDS;
    const shares = queue.shares.flatMap((view) =>
      view === share ? this.#withHead(queue.arn, { ...share, used }) : view,
    );
    const openVcpus = queue.openVcpus - vcpus;
    this.#queues = this.#queues.map((view) => (view === queue ? { ...queue, openVcpus, shares } : view));
    return true;
  }

  #queueView(queue: Queue, inUse: ReturnType<Jobs['vcpusInUse']>): QueueView {
    const { jobQueueArn: arn, priority, computeEnvironmentOrder } = queue;
    const environments = computeEnvironmentOrder
      .toSorted((left, right) => left.order - right.order)
      .map(({ computeEnvironment }) => computeEnvironment);
    const policy = this.#parts.resources.fairshareOf(queue);
    const used = policy && this.#parts.shares.used(queue);
    const shares = this.#parts.jobs
      .runnableShares(arn)
      .flatMap((share) =>
        this.#withHead(arn, { share, used: used?.get(share) ?? 0, weight: weightOf(policy ?? {}, share) }),
      );
    const view = { arn, priority, environments, openVcpus: Number.POSITIVE_INFINITY, shares };
    if (!policy?.computeReservation) return view;
    const open = environments.filter((name) => this.#rooms.has(name));
    const maxVcpus = open.reduce((sum, name) => sum + (this.#rooms.get(name)?.maxVcpus ?? 0), 0);
    const activeShares = this.#parts.shares.active(queue).size;
    const taken = total(inUse.filter((use) => use.queue === arn && open.includes(use.environment)));
    return { ...view, openVcpus: maxVcpus - reservedVcpus(policy, { maxVcpus, activeShares }) - taken };
  }

  /** One view, or none when nothing of the share can run. */
  #withHead(queueArn: string, view: Omit<ShareView, 'head'>): ShareView[] {
    const head = this.#parts.jobs.head(queueArn, view.share);
    return head ? [{ ...view, head }] : [];
  }
}

function total(uses: readonly { vcpus: number }[]): number {
  return uses.reduce((sum, { vcpus }) => sum + vcpus, 0);
}
