/** The embedded cloud's DynamoDB, SQS and EventBridge behind its gateway, with nothing deployed to it. */
import { DatabaseSync } from 'node:sqlite';
import { createClock } from '../../local/clock.ts';
import { openTables } from '../../local/dynamodb/tables.ts';
import { createEventBridge } from '../../local/events/eventbridge.ts';
import { startGateway } from '../../local/gateway.ts';
import { openFauxqs } from '../../local/sqs/fauxqs.ts';
import { queueAccess } from '../../local/sqs/policies.ts';
import { handleQueueCall, sendTo } from '../../local/sqs/queues.ts';
import { REGION } from './aws.ts';

export async function startEmbedded() {
  const report = (line: string) => process.stderr.write(`${line}\n`);
  const fauxqs = await openFauxqs();
  const tables = openTables();
  const clock = createClock();
  const events = createEventBridge({
    region: REGION,
    clock,
    report,
    database: new DatabaseSync(':memory:'),
    access: (queueArn, ruleArn) => queueAccess(fauxqs, queueArn, 'events.amazonaws.com', ruleArn),
    send: async (queueArn, body, attributes, groupId) =>
      sendTo(fauxqs, queueArn, { body, attributes, groupId }),
    invoke: async () => undefined,
  });
  const gateway = await startGateway({
    port: 0,
    report,
    services: {
      dynamodb: { protocol: 'json', handle: tables.handle },
      events: { protocol: 'json', handle: events.handle },
      sqs: { protocol: 'json', handle: (request) => handleQueueCall(fauxqs, request) },
    },
  });
  fauxqs.moveQueues(gateway.endpoint);
  return {
    endpoint: gateway.endpoint,
    async close() {
      await events.close();
      await gateway.close();
      clock.release();
      await fauxqs.close();
      tables.close();
    },
  };
}
