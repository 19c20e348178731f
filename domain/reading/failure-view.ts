/** A failure, and a group of alike ones, as operators read them. The schemas are those of the API's document. */
import * as z from 'zod';
import { FailureClass } from '../job/job.ts';
import type { FailureGroup } from './failure-list.ts';
import { FailureRow } from './failure-row.ts';

const Time = z.iso.datetime();

export const FailedJobView = FailureRow.extend({ failedAt: Time });
export type FailedJobView = z.infer<typeof FailedJobView>;

export const FailureGroupView = z.object({
  fingerprint: z.string(),
  jobType: z.string(),
  class: FailureClass,
  code: z.string(),
  count: z.int(),
  /** How many tenants have such a failure. */
  tenants: z.int(),
  firstAt: Time,
  lastAt: Time,
  /** The newest of them, as an example. */
  newest: FailedJobView,
});
export type FailureGroupView = z.infer<typeof FailureGroupView>;

const iso = (ms: number): string => new Date(ms).toISOString();

/** The schema leaves out what a newer version keeps in a row. */
export const failedJobView = (row: FailureRow): FailedJobView =>
  FailedJobView.parse({ ...row, failedAt: iso(row.failedAt) });

export function failureGroupView({ firstAt, lastAt, newest, ...group }: FailureGroup): FailureGroupView {
  return { ...group, firstAt: iso(firstAt), lastAt: iso(lastAt), newest: failedJobView(newest) };
}
