/** What an operation is asked for, made of what a screen shows. */
import type { Bodies, Endpoint, FailureGroup } from '../api/schema.ts';
import { type Filter, queryOf } from '../jobs/filter.ts';

export type Start = Bodies['post /v1/operations'];

/** The states of deliveries. */
export type Delivered = NonNullable<Start['filter']['status']>;

type Unfinished = NonNullable<Start['filter']['state']>;

const UNFINISHED: Readonly<Record<Unfinished, true>> = {
  scheduled: true,
  blocked: true,
  waiting: true,
  submitting: true,
  submitted: true,
  starting: true,
  running: true,
  retrying: true,
};
const isUnfinished = (state: string): state is Unfinished => Object.hasOwn(UNFINISHED, state);

/** @returns undefined where no operation selects the same jobs as the list: it cancels for one tenant, and only what has not ended */
export function cancelOf(filter: Filter, nowMs: number): Start | undefined {
  const { tenant, state, type, tags } = filter;
  if (tenant === undefined || (state !== undefined && !isUnfinished(state))) return undefined;
  return { kind: 'cancel', filter: { tenant, type, state, since: queryOf(filter, nowMs)['since'], tags } };
}

/**
 * @returns undefined where no operation selects the same jobs as the list: it knows no tags, and its times are those of failures,
 *   while those of a list are when jobs were accepted
 */
export function redriveOf({ tenant, state, type, since, tags }: Filter): Start | undefined {
  if (tenant === undefined || since !== undefined || Object.keys(tags).length > 0) return undefined;
  if (state !== undefined && state !== 'failed') return undefined;
  return { kind: 'redrive', filter: { tenant, type } };
}

/** @param tenant of this one alone @param sinceMs as far back as the screen of failures says that it looks, also where it has not read so far */
export function redriveAlikeOf(
  { fingerprint }: FailureGroup,
  tenant: string | undefined,
  sinceMs: number,
): Start {
  return { kind: 'redrive', filter: { tenant, fingerprint, since: new Date(sinceMs).toISOString() } };
}

/** @param status of its deliveries @param job whose deliveries alone */
export function replayOf({ tenantId, id }: Endpoint, status: Delivered, job: string | undefined): Start {
  return { kind: 'replay', filter: { tenant: tenantId, endpoint: id, status, job } };
}
