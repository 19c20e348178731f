/** The ports of a deployed stack for commands, at any endpoint. */
import { slots } from '../application/tenant/slots.ts';
import { queue } from '../io/aws/queues.ts';
import { systemClock } from '../io/process/clock.ts';
import type { Log } from '../io/process/log.ts';
import { systemRandom } from '../io/process/random.ts';
import { batched } from '../io/table/batching.ts';
import { gateStore } from '../io/table/gates.ts';
import { jobStore } from '../io/table/jobs.ts';
import { table } from '../io/table/table.ts';
import { tenantStore } from '../io/table/tenants.ts';
import { waitingStore } from '../io/table/waiting.ts';
import { clientsFor, findTable, queueUrl } from './where.ts';

export interface Where {
  readonly stage: string;
  readonly region?: string | undefined;
  readonly 'endpoint-url'?: string | undefined;
  readonly table?: string | undefined;
}

/** Commands have reports of their own, so only failures are logged. */
export const quietLog: Log = {
  info: () => undefined,
  error: (event, { jobId = '', why = '' } = {}) => void process.stderr.write(`${event} ${jobId} ${why}\n`),
};

/** @param defaultCap the stage's parameter DefaultTenantCap, which is not in the table */
export async function openStack(where: Where, environment: NodeJS.ProcessEnv, defaultCap = 0) {
  const { sqs, dynamo, documents } = clientsFor({
    endpoint: where['endpoint-url'],
    // The AWS CLI's own variable, which the SDK does not read.
    region: where.region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'],
  });
  const name = where.table ?? environment['TABLE_NAME'] ?? (await findTable(dynamo, where.stage));
  const items = table(documents, name, systemRandom);
  const submitQueue = queue(sqs, await queueUrl(sqs, `headgate-${where.stage}-submit`));
  return {
    items,
    jobs: jobStore(items),
    tenants: tenantStore(items),
    gates: gateStore(items),
    waiting: waitingStore(items),
    slots: slots({
      gates: gateStore(items),
      waiting: waitingStore(items),
      submitQueue,
      clock: systemClock,
      log: quietLog,
      batched,
      defaultCap,
    }),
    submitQueue,
    clock: systemClock,
    defaultCap,
    region: () => sqs.config.region(),
    close() {
      sqs.destroy();
      dynamo.destroy();
    },
  };
}
export type Stack = Awaited<ReturnType<typeof openStack>>;
