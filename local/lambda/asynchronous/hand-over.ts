/** The end of an asynchronous invocation: what its destination and its dead-letter queue get. */
import { randomUUID } from 'node:crypto';
import { ACCOUNT_ID, type AwsEvent } from '../../aws.ts';
import type { InvokeResult } from '../function.ts';
import type { QueuedEvent, Settlement } from './event-queue.ts';
import type { Handling } from './invoke-config.ts';

export interface HandOverOptions {
  readonly region: string;
  now(): number;
  handlingOf(functionName: string): Handling;
  /** The ARN of the queue that the function itself names, beside its destinations. */
  deadLetterQueueOf(functionName: string): string | undefined;
  /** @throws when there is no such queue, or it refuses the message */
  send(queueArn: string, body: string, attributes?: Readonly<Record<string, string>>): Promise<void>;
  publish(event: AwsEvent, busArn: string): Promise<void>;
  /** Invokes another function asynchronously. @throws when there is none */
  invoke(functionArn: string, payload: unknown): void;
  report(line: string): void;
}

/** One that takes nothing is reported, and the event is lost, as in AWS. Never rejects. */
export type HandOver = (event: QueuedEvent, settlement: Settlement) => Promise<void>;

export function createHandOver(options: HandOverOptions): HandOver {
  const { report } = options;
  const attempt = async (arn: string, functionName: string, hand: () => unknown): Promise<string[]> => {
    try {
      await hand();
      return [arn];
    } catch (error) {
      report(`${arn} did not take the result of function ${functionName}: ${String(error)}.`);
      return [];
    }
  };
  return async (event, settlement) => {
    const { functionName } = event;
    const { onSuccess, onFailure } = options.handlingOf(functionName);
    const succeeded = settlement.condition === 'Success';
    const destination = succeeded ? onSuccess : onFailure;
    const deadLetters = succeeded ? undefined : options.deadLetterQueueOf(functionName);
    const taken: string[] = [];
    if (destination !== undefined) {
      const record = recordOf(options, event, settlement);
      taken.push(...(await attempt(destination, functionName, () => give(options, destination, record))));
    }
    if (deadLetters !== undefined) {
      const send = () =>
        options.send(deadLetters, JSON.stringify(event.payload), attributesOf(event, settlement));
      taken.push(...(await attempt(deadLetters, functionName, send)));
    }
    if (succeeded) return;
    const where = taken.length > 0 ? `sent to ${taken.join(' and ')}` : 'dropped';
    const { errorType = 'no result' } = failureOf(settlement.result) ?? {};
    report(
      `Function ${functionName} failed on an event for good (${settlement.condition} after ${event.tries} tries, ${errorType}); it is ${where}.`,
    );
  };
}

type ResultRecord = ReturnType<typeof recordOf>;

/** @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
function recordOf(
  { region, now }: HandOverOptions,
  { requestId, functionName, payload, tries }: QueuedEvent,
  { condition, result }: Settlement,
) {
  const failure = failureOf(result);
  return {
    version: '1.0',
    timestamp: new Date(now()).toISOString(),
    requestContext: {
      requestId,
      functionArn: `arn:aws:lambda:${region}:${ACCOUNT_ID}:function:${functionName}:$LATEST`,
      condition,
      approximateInvokeCount: tries,
    },
    requestPayload: payload,
    ...(result && {
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(failure && { functionError: 'Unhandled' }),
      },
      responsePayload: result.outcome === 'returned' ? result.payload : failure,
    }),
  };
}

function failureOf(result: InvokeResult | undefined) {
  if (result?.outcome !== 'failed') return undefined;
  const { errorType, errorMessage } = result;
  return { errorType, errorMessage };
}

async function give(options: HandOverOptions, destination: string, record: ResultRecord): Promise<void> {
  const service = destination.split(':')[2];
  if (service === 'sqs') return await options.send(destination, JSON.stringify(record));
  if (service === 'lambda') return options.invoke(destination, record);
  const { functionArn, condition } = record.requestContext;
  await options.publish(
    {
      version: '0',
      id: randomUUID(),
      'detail-type': `Lambda Function Invocation Result - ${condition === 'Success' ? 'Success' : 'Failure'}`,
      source: 'lambda',
      account: ACCOUNT_ID,
      time: record.timestamp.replace(/\.\d+Z$/, 'Z'),
      region: options.region,
      resources: [destination, functionArn],
      detail: record,
    },
    destination,
  );
}

/** A message attribute of a dead letter has the beginning of the error. */
const ERROR_CHARACTERS = 1024;

/** @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq */
function attributesOf({ requestId }: QueuedEvent, { result }: Settlement): Readonly<Record<string, string>> {
  const { errorMessage = 'The event was too old.' } = failureOf(result) ?? {};
  return {
    RequestID: requestId,
    ErrorCode: '200',
    // SQS takes no empty attribute.
    ErrorMessage: errorMessage.slice(0, ERROR_CHARACTERS) || 'Unhandled',
  };
}
