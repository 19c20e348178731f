/** The delivery of one event to one target: a few tries, then its dead-letter queue, then a report of the loss. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AwsEvent } from '../aws.ts';
import { parsePath, valueAt } from './json-path.ts';
import type { Target } from './requests.ts';
import { inputOf } from './target-input.ts';

export interface Destinations {
  /** Whether the resource is there, and whether its policy lets EventBridge use it for a rule. */
  access(resourceArn: string, ruleArn: string): 'allowed' | 'denied' | 'missing';
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

export interface Route {
  readonly rule: { readonly name: string; readonly arn: string };
  readonly target: Target;
  /** When EventBridge received the event, in epoch milliseconds. */
  readonly receivedAtMs: number;
}

/**
 * Resolves when the target, or its dead-letter queue, has the event; an event that neither accepts is reported and
 * lost.
 *
 * @param hurry once aborted, there are no more waits and the next failure is final
 */
export async function deliver(
  event: AwsEvent,
  route: Route,
  destinations: Destinations,
  hurry: AbortSignal,
): Promise<void> {
  const { rule, target } = route;
  // What cannot succeed is not tried again.
  // @see EventBridge user guide, "Using dead-letter queues to process undelivered events"
  const missing = access(destinations, route, target.Arn);
  if (missing !== undefined) return await giveUp(event, { ...route, ...missing, retried: 0 }, destinations);
  const input = inputOf(target, { event, rule, receivedAtMs: route.receivedAtMs });
  if (input === undefined) {
    const reason = 'the event gives no JSON for the target';
    return await giveUp(event, { ...route, code: 'INVALID_JSON', reason, retried: 0 }, destinations);
  }
  const retries = Math.min(target.RetryPolicy?.MaximumRetryAttempts ?? MOST_RETRIES, MOST_RETRIES);
  for (let retried = 0; ; retried += 1) {
    try {
      return await hand(event, input, target, destinations);
    } catch (error) {
      if (retried < retries && !hurry.aborted) {
        await pause(FIRST_PAUSE_MS * 2 ** retried, undefined, { signal: hurry }).catch(() => undefined);
        continue;
      }
      const reason = error instanceof Error ? error.message : String(error);
      return await giveUp(event, { ...route, code: 'ERROR_FROM_TARGET', reason, retried }, destinations);
    }
  }
}

/** @returns why EventBridge cannot use the resource; undefined when it can */
function access(
  destinations: Destinations,
  { rule, target }: Route,
  arn: string,
): Pick<Failure, 'code' | 'reason'> | undefined {
  const found = destinations.access(arn, rule.arn);
  if (found === 'missing') return { code: 'NO_RESOURCE', reason: `there is no ${arn}` };
  // With a role of its own a target needs no policy, and rights of roles are not checked here.
  if (found === 'allowed' || target.RoleArn !== undefined) return undefined;
  return {
    code: 'NO_PERMISSIONS',
    reason: `the policy of ${arn} does not let EventBridge use it for this rule`,
  };
}

async function hand(
  event: AwsEvent,
  input: string,
  target: Target,
  destinations: Destinations,
): Promise<void> {
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

function textAt(event: AwsEvent, path: string): string {
  const value = valueAt(event, parsePath(path) ?? []);
  if (typeof value === 'string') return value;
  throw new Error(`the event has no text at ${path}`);
}

interface Failure extends Route {
  readonly code: 'ERROR_FROM_TARGET' | 'INVALID_JSON' | 'NO_PERMISSIONS' | 'NO_RESOURCE';
  readonly retried: number;
  readonly reason: string;
}

/** @see EventBridge user guide, "Using dead-letter queues to process undelivered events", for the attributes */
async function giveUp(event: AwsEvent, failure: Failure, destinations: Destinations): Promise<void> {
  const { rule, target, code, retried, reason } = failure;
  const { send, report } = destinations;
  const what = `event ${event.id} of ${rule.arn} for ${target.Arn} (${reason})`;
  const queueArn = target.DeadLetterConfig?.Arn;
  if (!queueArn) {
    report(`EventBridge dropped ${what}: the target has no dead-letter queue.`);
    return;
  }
  try {
    const missing = access(destinations, failure, queueArn);
    if (missing !== undefined) throw new Error(missing.reason);
    await send(queueArn, JSON.stringify(event), {
      RULE_ARN: rule.arn,
      TARGET_ARN: target.Arn,
      ERROR_CODE: code,
      ERROR_MESSAGE: reason,
      ...(code === 'ERROR_FROM_TARGET' && { EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts' }),
      RETRY_ATTEMPTS: String(retried),
    });
    report(`EventBridge sent ${what} to the dead-letter queue.`);
  } catch (error) {
    report(`EventBridge dropped ${what}: the dead-letter queue refused it (${String(error)}).`);
  }
}
