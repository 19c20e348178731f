import type { Jobs } from './jobs.ts';
import type { Resources } from './resources.ts';
import { chooseNext, type QueueView, type Room, type ShareView } from './scheduling.ts';

/**
 * What waits and where there is room, read once for several choices: with hundreds of shares the reading costs
 * more than the choosing. What ends meanwhile gives its room to the next reading.
 */
export class Backlog {
  readonly #jobs: Jobs;
  readonly #rooms: Map<string, Room>;
  #queues: QueueView[];

  constructor(jobs: Jobs, resources: Resources) {
    this.#jobs = jobs;
    const inUse = jobs.vcpusInUse();
    this.#rooms = new Map(
      resources
        .environments()
        .filter(({ state }) => state === 'ENABLED')
        .map(({ computeEnvironmentArn: arn, computeResources: { maxvCpus: maxVcpus } }) => {
          const freeVcpus = maxVcpus - total(inUse.filter(({ environment }) => environment === arn));
          return [arn, { maxVcpus, freeVcpus }];
        }),
    );
    this.#queues = resources.queues().map(({ jobQueueArn: arn, priority, computeEnvironmentOrder }) => ({
      arn,
      priority,
      environments: computeEnvironmentOrder
        .toSorted((left, right) => left.order - right.order)
        .map(({ computeEnvironment }) => computeEnvironment),
      shares: jobs.runnableShares(arn).flatMap((share) => {
        const used = inUse.filter((use) => use.queue === arn && use.share === share);
        return this.#view(arn, share, total(used));
      }),
    }));
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
    const shares = queue.shares.flatMap((view) =>
      view === share ? this.#view(queue.arn, share.share, share.vcpusInUse + vcpus) : view,
    );
    this.#queues = this.#queues.map((view) => (view === queue ? { ...queue, shares } : view));
    return true;
  }

  /** One view, or none when nothing of the share can run. */
  #view(queueArn: string, share: string, vcpusInUse: number): ShareView[] {
    const head = this.#jobs.head(queueArn, share);
    return head ? [{ share, vcpusInUse, head }] : [];
  }
}

function total(uses: readonly { vcpus: number }[]): number {
  return uses.reduce((sum, { vcpus }) => sum + vcpus, 0);
}
