/** What an operator should look at, most urgent first: each with a sentence and the place to look. */
import type { Answers, Endpoint, FailureGroup, Tenant } from '../api/schema.ts';
import { faultOfCheck } from '../health/names.ts';
import { endpointPath } from '../webhooks/paths.ts';

type Check = Answers['get /v1/upkeep']['items'][number];

export interface Need {
  readonly key: string;
  readonly tone: 'bad' | 'held';
  readonly lead: string;
  readonly rest: string;
  readonly to: string;
}

export function attentionOf(
  tenants: readonly Tenant[],
  failures: readonly FailureGroup[],
  checks: readonly Check[],
  endpoints: readonly Endpoint[],
): Need[] {
  return [
    ...checks.flatMap(checkOf),
    ...failures.map(failureOf),
    ...endpoints.flatMap(unheard),
    ...tenants.flatMap(heldBy),
  ];
}

/** Of the stack itself: it may delay the jobs of every tenant. */
function checkOf({ id, ok, says }: Check): Need[] {
  if (ok) return [];
  return [{ key: id, tone: 'bad', lead: faultOfCheck(id), rest: `: ${says}`, to: '/console/health' }];
}

function failureOf({ fingerprint, jobType, count, tenants, newest }: FailureGroup): Need {
  const whose = tenants === 1 ? newest.tenantId : `${tenants} tenants`;
  return {
    key: fingerprint,
    tone: 'bad',
    lead: `${count === 1 ? 'One job' : `${count} jobs`} of ${whose} failed`,
    rest: ` in ${jobType}: ${newest.message}`,
    to: '/console/failures',
  };
}

/** One that an operator disabled while it was well is not named. */
function unheard({ tenantId, id, url, failingSince, disabled }: Endpoint): Need[] {
  if (failingSince === undefined) return [];
  return [
    {
      key: `${tenantId} ${id}`,
      tone: disabled === undefined ? 'bad' : 'held',
      lead: `A webhook endpoint of ${tenantId} ${disabled === undefined ? 'fails' : 'is disabled'}`,
      rest: `: ${url.replace(/^https:\/\//, '')}${disabled === undefined ? '. Its webhooks are tried again, by the usual plan.' : `, ${disabled.reason}. Its webhooks are held.`}`,
      to: `/console${endpointPath({ tenantId, id })}`,
    },
  ];
}

function heldBy({ tenantId, paused, waiting, inBatch, settings }: Tenant): Need[] {
  const to = `/console/tenants/${encodeURIComponent(tenantId)}`;
  const held = { key: tenantId, tone: 'held', to } as const;
  if (paused !== undefined && waiting > 0)
    return [
      { ...held, lead: `${tenantId} is paused`, rest: `, and ${waiting} of its jobs wait: ${paused.reason}` },
    ];
  const cap = settings?.caps?.cap;
  if (cap !== undefined && inBatch >= cap && waiting >= 10 * cap)
    return [
      {
        ...held,
        lead: `${tenantId} has ${waiting} jobs waiting`,
        rest: ` behind its cap of ${cap}. The jobs of other tenants do not wait for them.`,
      },
    ];
  return [];
}
