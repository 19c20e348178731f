/**
 * Woken by the events on the bus. Leaves one delivery for each event and subscribed endpoint, after a first try where
 * one can be made at once; after a final event it settles the job.
 */
import { notify } from '../application/webhook/notify.ts';
import { queueHandler } from '../io/aws/lambda.ts';
import { openRecords, openWebhooks } from '../io/open.ts';

const webhooks = openWebhooks('notify');

export const handler = queueHandler(webhooks.log, notify({ ...webhooks, ...openRecords(webhooks) }));
