/** `headgate tenant delete`: all that a tenant has goes, and its record last. */
import * as z from 'zod';
import { startErasing } from '../../application/tenant/start-erasing.ts';
import { TenantId } from '../../domain/job/ids.ts';
import { operationView } from '../../domain/operation/asked.ts';
import { keyRegister } from '../../io/access/keys.ts';
import { systemRandom } from '../../io/process/random.ts';
import { jobLists } from '../../io/table/job-lists.ts';
import { operationStore } from '../../io/table/operation/operations.ts';
import { refusedBy } from '../program/stopped.ts';
import { flag, option, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { withStack } from '../stack/stack.ts';

export const erase = verb({
  summary: 'erase a tenant and all that it has',
  argument: 'TENANT',
  options: {
    id: { effect: '', schema: TenantId },
    unfinished: option(
      'HOW',
      'jobs that are not over: cancel ends them, drain waits for them; without it they are a reason to refuse',
      z.enum(['cancel', 'drain']).optional(),
    ),
    yes: flag('do it; without it nothing is done'),
    ...placeOptions,
  },
  details: `The tenant is closed at once: its jobs are refused, its keys are gone. Then its jobs end, and its records, objects, logs of
containers, receipts, endpoints, deliveries, groups and schedules are removed, its record last. It takes 16 minutes at least, and
goes on in the stack when this command has ended; headgate operation get shows how far it has come. Nothing can bring the tenant
back. Stop what sends for it first: in a stage that admits unknown tenants a later job makes it anew.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const { id: tenantId, unfinished } = values;
      if (!values.yes) {
        context.output.note(`Nothing was done. With --yes all that ${tenantId} has is removed, for good.`);
        return 'done';
      }
      const records = await stack.records();
      const done = await startErasing(
        {
          ...records,
          lists: jobLists(records.items),
          operations: operationStore(records.items),
          register: keyRegister(await stack.keys()),
          random: systemRandom,
        },
        tenantId,
        { unfinished, operator: 'command line' },
      );
      if (done.kind === 'refused') throw refusedBy(done.problem);
      const { operation } = done;
      context.output.show([operationView(operation)], (shown) =>
        shown.line(`${tenantId} is being erased: headgate operation get ${operation.operationId}`),
      );
      return 'done';
    }),
});
