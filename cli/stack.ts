/** The parts of a deployed stack that commands work on, wherever they are pointed. */
import { systemChance, systemClock } from '../io/clock.ts';
import { gateStore } from '../io/gates.ts';
import { jobStore } from '../io/jobs.ts';
import type { Log } from '../io/log.ts';
import { queue } from '../io/queues.ts';
import { tableSlots } from '../io/slots.ts';
import { table } from '../io/table.ts';
import { tenantStore } from '../io/tenants.ts';
import { waitingStore } from '../io/waiting.ts';
import { clientsFor, findTable, queueUrl } from './dlq-where.ts';

export interface Where {
  readonly stage: string;
  readonly region?: string | undefined;
  readonly 'endpoint-url'?: string | undefined;
  readonly table?: string | undefined;
}

/** Commands have reports of their own; only what fails is worth a line. */
export const quietLog: Log = {
  info: () => undefined,
  error: (event, { jobId = '', why = '' } = {}) => void process.stderr.write(`${event} ${jobId} ${why}\n`),
};

/** @param defaultCap of the stage: its parameter DefaultTenantCap, which the table does not know */
export async function openStack(where: Where, environment: NodeJS.ProcessEnv, defaultCap = 0) {
  const { sqs, dynamo, documents } = clientsFor({
    endpoint: where['endpoint-url'],
    // The AWS CLI's own variable, which the SDK does not read.
    region: where.region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'],
  });
  const name = where.table ?? environment['TABLE_NAME'] ?? (await findTable(dynamo, where.stage));
  const items = table(documents, name, systemChance);
  const submitQueue = queue(sqs, await queueUrl(sqs, `headgate-${where.stage}-submit`));
  return {
    items,
    jobs: jobStore(items),
    tenants: tenantStore(items),
    gates: gateStore(items),
    waiting: waitingStore(items),
    slots: tableSlots(items, { submitQueue, clock: systemClock, log: quietLog, defaultCap }),
    submitQueue,
    clock: systemClock,
    defaultCap,
    close() {
      sqs.destroy();
      dynamo.destroy();
    },
  };
}
export type Stack = Awaited<ReturnType<typeof openStack>>;
