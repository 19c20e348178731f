/** The doors of the API in this process, over the simulator's stores. Every answer is compared with the document. */
import { expect } from '@jest/globals';
import { app } from '../../api/app.ts';
import { type OperationId, operationIds, operationOf } from '../../api/contract/contract.ts';
import { endpointReadOperations, endpointSetupOperations } from '../../api/contract/endpoints.ts';
import { erasureOperations } from '../../api/contract/erasure.ts';
import { failedJobOperations } from '../../api/contract/failed-jobs.ts';
import { groupOperations } from '../../api/contract/groups.ts';
import { jobOperations } from '../../api/contract/jobs.ts';
import { keyOperations } from '../../api/contract/keys.ts';
import { logOperations } from '../../api/contract/logs.ts';
import { isForTenants } from '../../api/contract/operation.ts';
import { bulkOperations } from '../../api/contract/operations.ts';
import { scheduleOperations } from '../../api/contract/schedules.ts';
import { serviceOperations } from '../../api/contract/service.ts';
import { tenantOperations } from '../../api/contract/tenants.ts';
import { upkeepOperations } from '../../api/contract/upkeep.ts';
import { usageOperations } from '../../api/contract/usage.ts';
import { callersBy } from '../../api/credentials.ts';
import { served } from '../../api/handler.ts';
import { endpointReadHandlers, endpointSetupHandlers } from '../../api/handlers/endpoints.ts';
import { erasureHandlers } from '../../api/handlers/erasure.ts';
import { failedJobHandlers } from '../../api/handlers/failed-jobs.ts';
import { groupHandlers } from '../../api/handlers/groups.ts';
import { jobHandlers } from '../../api/handlers/jobs.ts';
import { keyHandlers } from '../../api/handlers/keys.ts';
import { logHandlers } from '../../api/handlers/logs.ts';
import { operationHandlers } from '../../api/handlers/operations.ts';
import { scheduleHandlers } from '../../api/handlers/schedules.ts';
import { serviceHandlers } from '../../api/handlers/service.ts';
import { tenantHandlers } from '../../api/handlers/tenants.ts';
import { upkeepHandlers } from '../../api/handlers/upkeep.ts';
import { usageHandlers } from '../../api/handlers/usage.ts';
import { operatorOf } from '../../api/operators.ts';
import { authenticator } from '../../application/access/authenticate.ts';
import { resources } from '../../application/resources/resources.ts';
import type { AccessKey } from '../../domain/access/key.ts';
import type { JobType } from '../../domain/job/job-type.ts';
import type { DeadLetterCount } from '../../domain/reading/upkeep-view.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import type { KeyRegister } from '../../io/access/keys.ts';
import type { RevocationStore } from '../../io/access/revocations.ts';
import { signatures } from '../../io/access/signatures.ts';
import { sealingBy } from '../../io/aws/keys.ts';
import type { ReadLogPage } from '../../io/aws/logs/log-pages.ts';
import { SET_ASIDE } from '../../io/table/due.ts';
import { undocumented } from './document.ts';
import { NOW, reportType } from './jobs.ts';
import { useCases } from './use-cases.ts';

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every kind
  readonly body: any;
}

export const AUDIENCE = 'headgate:test';
export const OPERATOR_ARN = 'arn:aws:iam::123456789012:role/operator';
const signed = {
  event: { requestContext: { domainName: 'x.lambda-url', authorizer: { iam: { userArn: OPERATOR_ARN } } } },
};

export function doors({
  origins = [],
  letters = [],
  paceFreeAtMs = 0,
  readLogPage = printed,
  ...given
}: Parameters<typeof useCases>[0] & {
  readonly origins?: readonly string[];
  readonly letters?: readonly DeadLetterCount[];
  readonly paceFreeAtMs?: number;
  readonly readLogPage?: ReadLogPage;
} = {}) {
  const opened = useCases(given);
  const { ports } = opened;
  const records = new Map((given.tenants ?? []).map((tenant): [string, Tenant] => [tenant.tenantId, tenant]));
  const tenants = {
    load: async (ids: readonly string[]) => new Map([...records].filter(([id]) => ids.includes(id))),
    list: async () => [...records.values()],
    put: async (tenant: Tenant) => {
      const isLeaving = records.get(tenant.tenantId)?.erasedBy !== undefined && tenant.erasedBy === undefined;
      if (!isLeaving) records.set(tenant.tenantId, tenant);
      return isLeaving ? ('leaving' as const) : ('written' as const);
    },
  };
  const revoked = new Map<string, number>();
  const revocations: RevocationStore = {
    tokensNotBefore: async (tenantId) => revoked.get(tenantId),
    revoke: async (tenantId, beforeMs) =>
      void revoked.set(tenantId, Math.max(beforeMs, revoked.get(tenantId) ?? 0)),
  };
  // Of these job types, the first shows its logs to tenants.
  const types = new Map<string, JobType>([
    ...ports.types,
    [reportType.id, { ...reportType, logs: 'tenant' }],
  ]);
  const all = { ...ports, types, tenants, revocations, readLogPage };
  const setup = { ...all, keys: sealingBy(async (_, plain) => btoa(plain)), allowedOrigins: [] };
  const shared = { ...all, resources: resources(all) };
  const keys = fakeKeys();
  const about = { audience: AUDIENCE };
  const upkeep = {
    setAsideShards: SET_ASIDE,
    countDeadLetters: async () => letters,
    paceFreeAtMs: async () => paceFreeAtMs,
  };
  const operate = app(
    {
      identify: operatorOf,
      served: [
        ...served(jobOperations, jobHandlers(all)),
        ...served(logOperations, logHandlers(all)),
        ...served(failedJobOperations, failedJobHandlers(all)),
        ...served(bulkOperations, operationHandlers(all)),
        ...served(groupOperations, groupHandlers(all)),
        ...served(usageOperations, usageHandlers(all)),
        ...served(endpointReadOperations, endpointReadHandlers(all)),
        ...served(endpointSetupOperations, endpointSetupHandlers(setup)),
        ...served(tenantOperations, tenantHandlers(all)),
        ...served(erasureOperations, erasureHandlers({ ...all, register: keys })),
        ...served(scheduleOperations, scheduleHandlers(all)),
        ...served(keyOperations, keyHandlers({ ...all, register: keys })),
        ...served(upkeepOperations, upkeepHandlers({ ...all, ...upkeep })),
        ...served(serviceOperations, serviceHandlers({ name: 'operate', ...about })),
      ],
    },
    shared,
  );
  const api = app(
    {
      identify: callersBy(authenticator({ ...all, keys, signatures, ...about })),
      origins,
      served: [
        ...served(jobOperations, jobHandlers(all)),
        ...served(logOperations, logHandlers(all)),
        ...served(groupOperations, groupHandlers(all)),
        ...served(scheduleOperations, scheduleHandlers(all)),
        ...served(usageOperations, usageHandlers(all)),
        ...served(endpointReadOperations, endpointReadHandlers(all)),
        ...served(serviceOperations, serviceHandlers({ name: 'api', ...about })),
      ],
    },
    shared,
  );

  return {
    ...opened,
    ports: all,
    keys,
    /** As a tenant, or any caller that the headers name. */
    api: async (path: string, asking: Asking = {}): Promise<Answered> =>
      answered('api', path, asking, await api.request(path, initOf(asking))),
    /** As an operator; `platform` is what Lambda says beside the request. */
    operate: async (path: string, asking: Asking = {}, platform: object = signed): Promise<Answered> =>
      // The type of an event has far more than the door reads.
      answered('operate', path, asking, await operate.request(path, initOf(asking), platform as never)),
  };
}

/** Each log has one line. */
const printed: ReadLogPage = async () => ({
  kind: 'page',
  events: [{ atMs: NOW, message: 'begins' }],
  next: { token: 'f/1' },
  isAtEnd: true,
});

/** The register of keys, in memory. */
function fakeKeys(): KeyRegister {
  const keys = new Map<string, AccessKey>();
  return {
    get: async (id) => keys.get(id),
    list: async () => [...keys.values()],
    async register(key) {
      const there = keys.get(key.keyId);
      if (there === undefined) keys.set(key.keyId, key);
      return there;
    },
    async disable(id, disabledAt) {
      const key = keys.get(id);
      if (key !== undefined) keys.set(id, { ...key, disabledAt });
      return keys.get(id);
    },
    async forget(tenantId) {
      for (const [id, key] of keys) {
        const tenants = key.tenants.filter((one) => one !== tenantId);
        if (tenants.length === 0 && key.tenants.length > 0) keys.delete(id);
        else keys.set(id, { ...key, tenants });
      }
    },
  };
}

function initOf({ method = 'GET', headers = {}, body }: Asking): RequestInit {
  if (body === undefined) return { method, headers };
  const json = { 'Content-Type': 'application/json', ...headers };
  return { method, headers: json, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

async function answered(
  door: 'api' | 'operate',
  path: string,
  { method = 'GET' }: Asking,
  response: Response,
): Promise<Answered> {
  const { status, headers } = response;
  const text = await response.text();
  const found = operationAt(method, new URL(path, 'http://localhost').pathname);
  // What the door for tenants has not, it does not answer for.
  const id = door === 'api' && found !== undefined && !isForTenants(operationOf(found)) ? undefined : found;
  if (id !== undefined) expect(undocumented(id, status, headers.get('Content-Type'), text)).toBeUndefined();
  expect(headers.get('Cache-Control')).toBe('no-store');
  return { status, headers, text, body: text === '' ? undefined : JSON.parse(text) };
}

function operationAt(method: string, pathname: string): OperationId | undefined {
  return operationIds.find((id) => {
    const operation = operationOf(id);
    const pattern = new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`);
    return operation.method === method.toLowerCase() && pattern.test(pathname);
  });
}
