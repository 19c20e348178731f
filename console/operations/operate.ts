/** One act on everything that matches a filter. The stack does it in slices, so it goes on when this page is left. */
import { call, isOutage, type Ready, ready } from '../api/call.ts';
import type { Operation } from '../api/schema.ts';
import type { Given, Written } from '../parts/act.tsx';
import { endedText, soFarText } from './ended.ts';
import type { Start } from './start.ts';

const LOOK_MS = 1_000;

export const beginning = (start: Start, { key }: Written): Ready<'post /v1/operations'> =>
  ready('post /v1/operations', { body: start, idempotencyKey: key });

/**
 * Begins it, and tells how far it is until it is over.
 *
 * @param did as in "run again"
 */
export async function operate(start: Start, did: string, given: Given): Promise<string> {
  const { tell } = given;
  const begun = await beginning(start, given).send();
  const path = { operationId: begun.body.id };
  // Whether it took effect is seen by the next look: until then it can be asked for again.
  const stop = () => void call('post /v1/operations/{operationId}/cancel', { path }).catch(() => undefined);
  let operation: Operation = begun.body;
  while (operation.state === 'running' || operation.state === 'cancelling') {
    tell(soFarText(operation), operation.state === 'running' ? stop : undefined);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    try {
      operation = (await call('get /v1/operations/{operationId}', { path })).body;
    } catch (error) {
      // It goes on meanwhile, so to say that nothing was done would be false.
      if (!isOutage(error))
        return `It has begun and goes on, but this page may not follow it: headgate operation get ${path.operationId}`;
    }
  }
  return endedText(operation, did);
}
