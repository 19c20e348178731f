/** The job that is meant by an id, or by the beginning of one. */
import * as z from 'zod';
import { resources } from '../../application/resources/resources.ts';
import { JOB_ID, TenantId } from '../../domain/job/ids.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { deliveryStore } from '../../io/table/deliveries.ts';
import { endpointRegister } from '../../io/table/endpoints.ts';
import { jobLists } from '../../io/table/job-lists.ts';
import { theOneMeant } from '../program/short-id.ts';
import { notFound } from '../program/stopped.ts';
import { option } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import type { Records } from '../stack/stack.ts';

export const jobOptions = {
  id: {
    effect: '',
    schema: z.string().regex(/^job_[a-z2-7]{4,26}$/, 'expected a job id, or its first 8 characters or more'),
  },
  tenant: option('TENANT', 'whose job it is, where the beginning of its id is given', TenantId.optional()),
  ...placeOptions,
};

export const readers = ({ items, jobs, groups }: Records) =>
  resources({ jobs, groups, endpoints: endpointRegister(items), deliveries: deliveryStore(items) });

/** A person means one of the newest. */
const MAX_LOOKED_AT = 1000;

/** @throws Stopped when there is none, or several begin like this */
export async function findJob(
  records: Records,
  { id, tenant }: { readonly id: string; readonly tenant?: string | undefined },
): Promise<JobRecord> {
  const mine = tenant === undefined ? readers(records).ofEveryTenant() : readers(records).of(tenant);
  const job = await mine.job(JOB_ID.test(id) ? id : await wholeId(records, id, tenant));
  if (job === undefined) throw notFound(`There is no job ${id}.`);
  return job;
}

async function wholeId(
  { items, tenants }: Records,
  given: string,
  tenant: string | undefined,
): Promise<string> {
  const lists = jobLists(items);
  const owners = tenant === undefined ? (await tenants.list()).map(({ tenantId }) => tenantId) : [tenant];
  // A repeated message may have left a second place of its job.
  const ids = new Set<string>();
  for (const tenantId of owners)
    for (const { jobId } of (await lists.page({ tenantId }, MAX_LOOKED_AT)).places) ids.add(jobId);
  return theOneMeant(given, [...ids], (jobId) => jobId, `job among the newest ${MAX_LOOKED_AT} with the id`);
}
