/** The delivery of one event to one target: a few tries, then its dead-letter queue, then a report of the loss. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AwsEvent } from '../aws.ts';
import type { Target } from './requests.ts';

export interface Destinations {
  /** @param messageGroupId the group of a FIFO queue, or the tenant of a fair queue */
  send(
    queueArn: string,
    body: string,
    attributes?: Readonly<Record<string, string>>,
    messageGroupId?: string,
  ): Promise<void>;
  /** Resolves when the function has the event, as an asynchronous invocation does. */
  invoke(functionArn: string, event: unknown): Promise<void>;
  /** One-line messages for the operator; never the event itself. */
  report(line: string): void;
}

/** AWS retries for a day, up to 185 times. On a laptop a longer fault should be visible. */
const MOST_RETRIES = 3;
const FIRST_PAUSE_MS = 50;

/**
 * Resolves when the target, or its dead-letter queue, has the event; an event that neither accepts is reported and
 * lost.
 *
 * @param hurry once aborted, there are no more waits and the next failure is final
 */
export async function deliver(
  event: AwsEvent,
  route: { ruleArn: string; target: Target },
  destinations: Destinations,
  hurry: AbortSignal,
): Promise<void> {
  const { ruleArn, target } = route;
  const retries = Math.min(target.RetryPolicy?.MaximumRetryAttempts ?? MOST_RETRIES, MOST_RETRIES);
  for (let retried = 0; ; retried += 1) {
    try {
      return await hand(event, target, destinations);
    } catch (error) {
      if (retried < retries && !hurry.aborted) {
        await pause(FIRST_PAUSE_MS * 2 ** retried, undefined, { signal: hurry }).catch(() => undefined);
        continue;
      }
      const reason = error instanceof Error ? error.message : String(error);
      return await giveUp(event, { ruleArn, target, retried, reason }, destinations);
    }
  }
}

async function hand(event: AwsEvent, target: Target, destinations: Destinations): Promise<void> {
  const input = inputOf(event, target);
  if (target.Arn.startsWith('arn:aws:lambda:'))
    return await destinations.invoke(target.Arn, JSON.parse(input));
  const group = target.SqsParameters?.MessageGroupId;
  return await destinations.send(
    target.Arn,
    input,
    undefined,
    group?.startsWith('$.') ? textAt(event, group) : group,
  );
}

function inputOf(event: AwsEvent, target: Target): string {
  if (target.Input !== undefined) return target.Input;
  return JSON.stringify(target.InputPath === undefined ? event : valueAt(event, target.InputPath));
}

function textAt(event: AwsEvent, path: string): string {
  const value = valueAt(event, path);
  if (typeof value === 'string') return value;
  throw new Error(`the event has no text at ${path}`);
}

/** @param path `$` or `$.field.field` */
function valueAt(event: AwsEvent, path: string): unknown {
  let value: unknown = event;
  for (const key of path.split('.').slice(1)) {
    const found = Object.entries(value ?? {}).find(([name]) => name === key);
    if (!found) throw new Error(`the event has nothing at ${path}`);
    value = found[1];
  }
  return value;
}

interface Failure {
  readonly ruleArn: string;
  readonly target: Target;
  readonly retried: number;
  readonly reason: string;
}

/** @see EventBridge user guide, "Using dead-letter queues to process undelivered events", for the attributes */
async function giveUp(event: AwsEvent, failure: Failure, { send, report }: Destinations): Promise<void> {
  const { ruleArn, target, retried, reason } = failure;
  const what = `event ${event.id} of ${ruleArn} for ${target.Arn} (${reason})`;
  const queueArn = target.DeadLetterConfig?.Arn;
  if (!queueArn) {
    report(`EventBridge dropped ${what}: the target has no dead-letter queue.`);
    return;
  }
  try {
    await send(queueArn, JSON.stringify(event), {
      RULE_ARN: ruleArn,
      TARGET_ARN: target.Arn,
      ERROR_CODE: 'ERROR_FROM_TARGET',
      ERROR_MESSAGE: reason,
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: String(retried),
    });
    report(`EventBridge sent ${what} to the dead-letter queue.`);
  } catch (error) {
    report(`EventBridge dropped ${what}: the dead-letter queue refused it (${String(error)}).`);
  }
}
