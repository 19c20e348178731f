/**
 * Makes a planned stack by the calls that CloudFormation would send, and leaves equal resources of an earlier run
 * alone.
 */
import { ApiError } from '../aws.ts';
import { alarmMakers } from './make-alarms.ts';
import { batchMakers } from './make-batch.ts';
import { eventMakers } from './make-events.ts';
import { functionMakers } from './make-functions.ts';
import { keyMakers } from './make-keys.ts';
import { storeMakers } from './make-stores.ts';
import type { Maker, Services } from './maker.ts';
import { TemplateRefusal } from './refusal.ts';
import type { Stack } from './stack.ts';

const MAKERS: Readonly<Record<string, Maker>> = {
  ...storeMakers,
  ...eventMakers,
  ...keyMakers,
  ...batchMakers,
  ...functionMakers,
  ...alarmMakers,
};

/** @throws TemplateRefusal naming the resource that a service refused */
export async function makeStack(stack: Stack, services: Services): Promise<void> {
  for (const { logicalId, type } of stack.resources) {
    const make = MAKERS[type];
    if (make === undefined) continue;
    try {
      const identity = await make(stack.resource(logicalId), services, stack);
      if (identity) stack.settle(logicalId, identity);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      throw new TemplateRefusal(`Resources.${logicalId} (${type})`, `${error.name}: ${error.message}`);
    }
  }
}
