/** ListJobsByConsumableResource: the jobs that need some of a resource, newest first. */
import * as z from 'zod';
import { batchArn } from '../arns.ts';
import type { Resources } from '../queues/resources.ts';
import { type Operation, Paging, page, parse, refusal } from '../request.ts';
import type { Store } from '../store.ts';
import { consumablesDetail } from './detail.ts';
import { type JobRecord, JobStatus } from './job.ts';
import { jobFrom } from './jobs.ts';

const Request = z.strictObject({
  ...Paging,
  consumableResource: z.string(),
  filters: z
    .array(z.strictObject({ name: z.enum(['JOB_STATUS', 'JOB_NAME']), values: z.array(z.string()).min(1) }))
    .max(2)
    .default([]),
});
type Filter = z.infer<typeof Request>['filters'][number];

export interface ConsumerListingParts {
  readonly region: string;
  readonly store: Store;
  readonly resources: Resources;
}

export function consumerListing({
  region,
  store,
  resources,
}: ConsumerListingParts): Record<string, Operation> {
  return {
    listjobsbyconsumableresource(body) {
      const { consumableResource, filters, ...paging } = parse(Request, body);
      const { consumableResourceArn: arn } = resources.knownConsumable(consumableResource);
      const rows = store
        .statement(
          `SELECT record FROM batch_jobs AS job WHERE EXISTS (
             SELECT 1 FROM json_each(job.record, '$.consumables') AS need
             WHERE json_extract(need.value, '$.arn') = ?)
           ORDER BY seq DESC`,
        )
        .all(arn);
      const tests = filters.map(testOf);
      const found = rows.map(jobFrom).filter((job) => tests.every((test) => test(job)));
      const { items, ...rest } = page(found, paging);
      return { jobs: items.map((job) => summary(job, arn, region)), ...rest };
    },
  };
}

function testOf({ name, values }: Filter): (job: JobRecord) => boolean {
  if (name === 'JOB_STATUS') {
    const unknown = values.find((value) => !JobStatus.safeParse(value).success);
    if (unknown !== undefined) throw refusal(`Filter value ${unknown} is not the status of a job`);
    return ({ status }) => values.includes(status);
  }
  const patterns = values.map((value) => value.toLowerCase());
  return ({ jobName }) =>
    patterns.some((pattern) =>
      pattern.endsWith('*')
        ? jobName.toLowerCase().startsWith(pattern.slice(0, -1))
        : jobName.toLowerCase() === pattern,
    );
}

function summary(job: JobRecord, arn: string, region: string) {
  const shown = {
    jobArn: batchArn(region, 'job', job.jobId),
    jobQueueArn: job.queueArn,
    jobName: job.jobName,
    jobDefinitionArn: job.definitionArn,
    shareIdentifier: job.shareIdentifier,
    jobStatus: job.status,
    quantity: job.consumables?.find((need) => need.arn === arn)?.quantity,
    statusReason: job.statusReason,
    startedAt: job.startedAt,
    createdAt: job.createdAt,
    consumableResourceProperties: consumablesDetail(job),
  };
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined));
}
