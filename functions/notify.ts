/**
 * Woken by the events on the bus. Leaves one delivery row for each event and subscribed endpoint, after a first try of
 * those that can be made at once; for a final event it then settles the job: nothing is owed any more.
 */
import { notify } from '../application/webhook/notify.ts';
import { queueHandler } from '../io/aws/lambda.ts';
import { openRecords, openWebhooks } from '../io/open.ts';

const webhooks = openWebhooks('notify');

export const handler = queueHandler(webhooks.log, notify({ ...webhooks, ...openRecords(webhooks) }));
