/** Ports that count what passes them, so that no step need say what a record says of it. */
import { PaceFull } from '../domain/metrics/catalogue.ts';
import { accepted, changedJob } from '../domain/metrics/job-metrics.ts';
import { one } from '../domain/metrics/metric.ts';
import type { MeasuringLog } from './process/log.ts';
import type { JobStore } from './table/jobs.ts';
import type { RateLimiter } from './table/rate-limiter.ts';

type Counting = Pick<MeasuringLog, 'count'>;

/** Each write that was carried out counts once, whichever step made it. One whose process dies before its lines are written does not. */
export function countedJobs(jobs: JobStore, { count }: Counting): JobStore {
  return {
    ...jobs,
    async create(job) {
      const created = await jobs.create(job);
      if (created.kind === 'created') count(accepted(job));
      return created;
    },
    async createOver(tombstone, job) {
      const outcome = await jobs.createOver(tombstone, job);
      if (outcome === 'written') count(accepted(job));
      return outcome;
    },
    async replace(seen, next) {
      const outcome = await jobs.replace(seen, next);
      if (outcome === 'written') count(changedJob(seen, next));
      return outcome;
    },
  };
}

export function countedLimiter(limiter: RateLimiter, { count }: Counting): RateLimiter {
  return {
    async reserve(ask) {
      const reservation = await limiter.reserve(ask);
      if (reservation.kind === 'full') count([one(PaceFull)]);
      return reservation;
    },
  };
}
