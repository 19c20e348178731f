/** The ports of a stack for commands. Clients and tables are opened when a verb asks for them, and closed at its end. */
import { BatchClient } from '@aws-sdk/client-batch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { slots } from '../../application/tenant/slots.ts';
import { isForBus, isForNotify } from '../../domain/webhook/notification.ts';
import { bus, eventQueue, inTurn } from '../../io/aws/bus.ts';
import { queue } from '../../io/aws/queues.ts';
import { systemClock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import { systemRandom } from '../../io/process/random.ts';
import { batched } from '../../io/table/batching.ts';
import { dependantStore } from '../../io/table/dependency/dependants.ts';
import { rollStore } from '../../io/table/due/rolls.ts';
import { failureStore } from '../../io/table/failures.ts';
import { gateStore } from '../../io/table/gates.ts';
import { groupStore } from '../../io/table/group/groups.ts';
import { jobStore } from '../../io/table/jobs.ts';
import { receiptStore } from '../../io/table/receipts.ts';
import { scheduleStore } from '../../io/table/schedules.ts';
import { table } from '../../io/table/table.ts';
import { tenantStore } from '../../io/table/tenants.ts';
import { waitingStore } from '../../io/table/waiting.ts';
import type { Context, Ending } from '../program/verb.ts';
import { findTable, queueUrl } from './find.ts';
import { type Place, type PlaceValues, placeOf } from './place.ts';

/** Commands have reports of their own, so only failures are logged. */
export const quietLog = ({ output }: Context): Log => ({
  info: () => undefined,
  error: (event, { jobId = '', why = '' } = {}) => output.warn(`${event} ${jobId} ${why}`),
});

/** Without these the SDK waits for ever for an address that does not answer. */
const requestHandler = { connectionTimeout: 5000, requestTimeout: 20_000, throwOnRequestTimeout: true };

/** @returns what `use` returns; clients are closed then, and when it throws */
export async function withStack(
  values: PlaceValues,
  context: Context,
  use: (stack: Stack) => Promise<Ending>,
): Promise<Ending> {
  const stack = await openStack(values, context);
  try {
    return await use(stack);
  } finally {
    stack.close();
  }
}

type ClientConfiguration = Place['config'] & { readonly requestHandler: typeof requestHandler };
export type Stack = Awaited<ReturnType<typeof openStack>>;
/** @param defaultCap the stage's parameter DefaultTenantCap, which is not in the table */
export type Records = Awaited<ReturnType<Stack['records']>>;

/** Clients of one place, each opened when it is asked for. */
function clientsAt(config: Place['config']) {
  const open: { destroy(): void }[] = [];
  const client = <C extends { destroy(): void }>(
    Client: new (configuration: ClientConfiguration) => C,
  ): C => {
    const made = new Client({ ...config, requestHandler });
    open.push(made);
    return made;
  };
  return {
    client,
    opened<C extends { destroy(): void }>(Client: new (configuration: ClientConfiguration) => C): () => C {
      let made: C | undefined;
      return () => {
        made ??= client(Client);
        return made;
      };
    },
    close() {
      for (const each of open) each.destroy();
    },
  };
}

async function openStack(values: PlaceValues, context: Context) {
  const { stage, table: named, config, outputs } = await placeOf(values, context);
  const { opened, client, close } = clientsAt(config);
  const sqs = opened(SQSClient);
  const dynamo = opened(DynamoDBClient);
  const events = opened(EventBridgeClient);
  const tableNamed = (name: string) => {
    const documents = DynamoDBDocumentClient.from(dynamo(), {
      marshallOptions: { removeUndefinedValues: true },
    });
    return table(documents, name, systemRandom);
  };
  const items = once(async () => tableNamed(named ?? (await findTable(dynamo(), stage))));
  const queueNamed = async (name: 'front' | 'submit' | 'notify' | 'deliver') =>
    queue(sqs(), await queueUrl(sqs(), `headgate-${stage}-${name}`));
  return {
    stage,
    sqs,
    kms: opened(KMSClient),
    /** What is owed is told in every stage. A step of a job is not owed. */
    bus: async () =>
      inTurn([
        { to: bus(events(), `headgate-${stage}`), wants: (event) => isForBus(event, 'final') },
        { to: eventQueue(await queueNamed('notify')), wants: (event) => isForNotify(event, 'final') },
      ]),
    batch: opened(BatchClient),
    client,
    /** Of a laptop alone. */
    outputs,
    region: () => sqs().config.region(),
    items,
    /** The table of keys. */
    keys: async () => tableNamed(await findTable(dynamo(), stage, 'KeysTable')),
    queue: queueNamed,
    /** @param defaultCap the stage's parameter DefaultTenantCap, which is not in the table */
    async records(defaultCap = 0) {
      const known = await items();
      const submitQueue = await queueNamed('submit');
      const [gates, waiting] = [gateStore(known), waitingStore(known)];
      const log = quietLog(context);
      return {
        items: known,
        jobs: jobStore(known),
        failures: failureStore(known),
        receipts: receiptStore(known),
        rolls: rollStore(known),
        dependants: dependantStore(known),
        groups: groupStore(known),
        schedules: scheduleStore(known),
        tenants: tenantStore(known),
        gates,
        waiting,
        slots: slots({
          gates,
          waiting,
          submitQueue,
          clock: systemClock,
          random: systemRandom,
          log,
          batched,
          defaultCap,
        }),
        submitQueue,
        clock: systemClock,
        defaultCap,
      };
    },
    close,
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
