/** The runnable jobs and the free capacity, for the scheduler's choice. */
import type { Jobs } from '../jobs/jobs.ts';
import { availableOf } from '../queues/consumables.ts';
import { reservedVcpus, weightOf } from '../queues/fair-share.ts';
import type { Queue, Resources } from '../queues/resources.ts';
import { chooseNext, oversizedHeads, type QueueView, type Room, type ShareView } from './choice.ts';
import { LEAST_USE_SECONDS, type Shares } from './shares.ts';

export interface BacklogParts {
  readonly jobs: Jobs;
  readonly resources: Resources;
  readonly shares: Shares;
}

/**
 * Read once for several choices: with hundreds of shares the read costs more than the choice. Capacity that becomes
 * free meanwhile is in the next read.
 */
export function createBacklog({ jobs, resources, shares }: BacklogParts) {
  const inUse = jobs.vcpusInUse();
  const rooms = new Map(
    resources
      .environments()
      .filter(({ state }) => state === 'ENABLED')
      .map(({ computeEnvironmentArn: arn, computeResources: { maxvCpus: maxVcpus } }): [string, Room] => {
        const freeVcpus = maxVcpus - total(inUse.filter(({ environment }) => environment === arn));
        return [arn, { maxVcpus, freeVcpus }];
      }),
  );
  const consumables = resources.consumables();
  const available = availableOf(consumables, consumables.length === 0 ? new Map() : jobs.consumablesInUse());
  const takenForGood = new Set(
    consumables
      .filter(({ resourceType }) => resourceType === 'NON_REPLENISHABLE')
      .map(({ consumableResourceArn }) => consumableResourceArn),
  );
  let queues = resources.queues().map(queueView);

  function queueView(queue: Queue): QueueView {
    const { jobQueueArn: arn, priority, computeEnvironmentOrder } = queue;
    const environments = computeEnvironmentOrder
      .toSorted((left, right) => left.order - right.order)
      .map(({ computeEnvironment }) => computeEnvironment);
    const policy = resources.fairshareOf(queue);
    const used = policy && shares.used(queue);
    const views = jobs
      .runnableShares(arn)
      .flatMap((share) =>
        withHead(arn, { share, used: used?.get(share) ?? 0, weight: weightOf(policy ?? {}, share) }),
      );
    const view = { arn, priority, environments, openVcpus: Number.POSITIVE_INFINITY, shares: views };
    if (!policy?.computeReservation) return view;
    const open = environments.filter((name) => rooms.has(name));
    const maxVcpus = open.reduce((sum, name) => sum + (rooms.get(name)?.maxVcpus ?? 0), 0);
    const activeShares = shares.active(queue).size;
    const taken = total(inUse.filter((use) => use.queue === arn && open.includes(use.environment)));
    return { ...view, openVcpus: maxVcpus - reservedVcpus(policy, { maxVcpus, activeShares }) - taken };
  }

  /** One view, or none when nothing of the share can run. */
  function withHead(queueArn: string, view: Omit<ShareView, 'head'>): ShareView[] {
    const head = jobs.head(queueArn, view.share);
    if (!head) return [];
    // A first try has taken what is taken for good; later ones use it.
    const needs = head.tries === 0 ? head.needs : head.needs.filter(({ arn }) => !takenForGood.has(arn));
    return [{ ...view, head: { ...head, needs } }];
  }

  return {
    /** @returns whether there was a job to start */
    startNext(start: (jobId: string, environment: string) => void): boolean {
      const choice = chooseNext(queues, rooms, available);
      if (!choice) return false;
      const { queue, share, environment } = choice;
      const { jobId, vcpus, needs } = share.head;
      start(jobId, environment);
      const { maxVcpus = 0, freeVcpus = 0 } = rooms.get(environment) ?? {};
      rooms.set(environment, { maxVcpus, freeVcpus: freeVcpus - vcpus });
      for (const { arn, quantity } of needs) available.set(arn, (available.get(arn) ?? 0) - quantity);
      const used = share.used + vcpus * LEAST_USE_SECONDS;
      const views = queue.shares.flatMap((view) =>
        view === share ? withHead(queue.arn, { ...share, used }) : view,
      );
      const openVcpus = queue.openVcpus - vcpus;
      queues = queues.map((view) => (view === queue ? { ...queue, openVcpus, shares: views } : view));
      return true;
    },
    /** The jobs that block their queues for good, unless an environment grows. */
    oversizedHeads: () => oversizedHeads(queues, rooms),
  };
}

function total(uses: readonly { vcpus: number }[]): number {
  return uses.reduce((sum, { vcpus }) => sum + vcpus, 0);
}
