/** The erasure of a tenant, for operators. */
import { notFound } from '../../application/resources/refused.ts';
import { type StartErasingPorts, startErasing } from '../../application/tenant/start-erasing.ts';
import { TenantId } from '../../domain/job/ids.ts';
import { operationView } from '../../domain/operation/asked.ts';
import type { erasureOperations } from '../contract/erasure.ts';
import type { Handlers } from '../handler.ts';

export function erasureHandlers(ports: StartErasingPorts): Handlers<keyof typeof erasureOperations> {
  return {
    async eraseTenant({ caller, path, query }) {
      const { success, data: tenantId } = TenantId.safeParse(path['tenantId']);
      if (!success) return notFound;
      const { unfinished } = query;
      const done = await startErasing(ports, tenantId, {
        // One of these, or absent, by the contract of the operation.
        unfinished: unfinished === 'cancel' || unfinished === 'drain' ? unfinished : undefined,
        operator: caller.by,
      });
      if (done.kind === 'refused') return done;
      return { kind: 'answer', status: 202, body: operationView(done.operation) };
    },
  };
}
