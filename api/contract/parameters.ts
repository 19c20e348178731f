/** Parameters of operations. Each arrives as text, once. */
import * as z from 'zod';
import { JobTypeId, TenantId } from '../../domain/job/ids.ts';
import { JobState } from '../../domain/job/job.ts';
import { MAX_PAGE } from '../../domain/reading/listing.ts';

export const Moment = z.iso.datetime({
  offset: true,
  error: 'expected an ISO 8601 time with seconds and a zone',
});

/** Operators name the tenant; the credential of a tenant does. */
export const OfTenant = z.strictObject({
  tenant: TenantId.optional().describe('For operators: the tenant. A tenant has it from its credential.'),
});

export const Page = OfTenant.extend({
  limit: z
    .string()
    .regex(/^(?:[1-9]\d?|100)$/, `expected a number from 1 to ${MAX_PAGE}`)
    .optional()
    .describe('At most so many items, from 1 to 100; 50 if absent.'),
  cursor: z.string().max(512).optional().describe('`next` of the page before, with the same filter.'),
});

/** A tag is asked for as `tag.<name>=<value>`, so its parameter has no fixed name. */
export const TAG_PARAMETER = /^tag\.(.{1,128})$/u;

export const JobListQuery = Page.extend({
  state: JobState.optional(),
  type: JobTypeId.optional().describe('The job type.'),
  since: Moment.optional().describe('Accepted at or after this time.'),
  until: Moment.optional().describe('Accepted before this time.'),
}).catchall(z.string());
