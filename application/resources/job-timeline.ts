/** The timeline of a job with its webhooks. */
import { APART, type JobRecord } from '../../domain/job/job.ts';
import type { Audience } from '../../domain/reading/job-view.ts';
import { type DeliveredEvent, type TimelineEntry, timelineOf } from '../../domain/reading/timeline.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import { lifecycleEvent, subjectOf } from '../../domain/webhook/notification.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { together } from '../apart.ts';
import { webhookIdOf } from '../job/identity.ts';
import type { Mine } from './resources.ts';

/** A record with the names of the jobs that it waits for, which a timeline tells. */
export async function withOthers(
  { jobs }: { readonly jobs: Pick<JobStore, 'whole'> },
  job: JobRecord,
): Promise<JobRecord> {
  return job.dependsOn === APART ? jobs.whole(job) : job;
}

/**
 * A delivery is named by its event and its endpoint, so those of the job's present state are read by name: one read for all
 * endpoints, however many deliveries a tenant has. Deliveries of earlier states are found in the log of their endpoint.
 */
export async function jobTimeline(mine: Mine, job: JobRecord, audience: Audience): Promise<TimelineEntry[]> {
  const { metadata: _, ...named } = job; // names no delivery
  const event = lifecycleEvent(named);
  const deliveries = await together(
    (await mine.endpoints()).map(({ endpoint: { endpointId } }) =>
      mine.delivery({
        endpointId,
        at: event.timestamp,
        webhookId: webhookIdOf(subjectOf(event), event.data.sequence, endpointId),
      }),
    ),
  );
  return timelineOf(job, deliveries.filter((found) => found !== undefined).map(deliveredEvent), audience);
}

function deliveredEvent({ endpointId, eventType, status, tries, at, last }: Delivery): DeliveredEvent {
  return {
    endpointId,
    eventType,
    status,
    tries,
    eventAtMs: Date.parse(at),
    lastTryAtMs: last?.at,
    answer: last?.answer,
  };
}
