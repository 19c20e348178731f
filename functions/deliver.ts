/**
 * Woken by deliveries that are due: later tries, replays, and every try to an endpoint that answers slowly. Records
 * the outcome of each, and disables an endpoint that is gone.
 */
import { deliver } from '../application/webhook/deliver.ts';
import { queueHandler } from '../io/aws/lambda.ts';
import { openWebhooks } from '../io/open.ts';

const webhooks = openWebhooks('deliver');

export const handler = queueHandler(webhooks.log, deliver(webhooks));
