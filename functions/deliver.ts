/**
 * Woken by deliveries that are due: later tries, replays, and everything for endpoints that answer slowly. Leaves the row
 * of each with what came of it, and the endpoint disabled when it is gone for good.
 */
import { deliver } from '../application/webhook/deliver.ts';
import { queueHandler } from '../io/aws/lambda.ts';
import { openWebhooks } from '../io/open.ts';

const webhooks = openWebhooks('deliver');

export const handler = queueHandler(webhooks.log, deliver(webhooks));
