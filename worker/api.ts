/** The four calls of a container to `worker-api`, and how often they are repeated. */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type * as z from 'zod';
import type { Claimed, Done, Heard, Refused, WorkerAnswer, WorkerCall } from '../domain/worker/calls.ts';
import type { PacingClock } from '../io/process/clock.ts';
import { errorName, type Log } from '../io/process/log.ts';

type CallOf<Name extends WorkerCall['call']> = Omit<
  z.input<typeof import('../domain/worker/calls.ts').WorkerCall> & { call: Name },
  'as' | 'call'
>;

/** One call, without a repetition. @throws when there is no answer: the call may have had its effect */
export type SendCall = (call: object) => Promise<WorkerAnswer>;

export interface WorkerApi {
  claim(call: CallOf<'claim'>): Promise<Claimed | Refused>;
  heartbeat(call: CallOf<'heartbeat'>): Promise<Heard | Refused>;
  complete(call: CallOf<'complete'>): Promise<Done | Refused>;
  fail(call: CallOf<'fail'>): Promise<Done | Refused>;
}

/** How often a call is made before the container gives up: about four minutes of pauses in all. */
const MAX_CALLS = 12;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 30_000;

/** Every call may be repeated: a claim is known by its nonce, a result by its token, and progress says how far it is. */
export function patient(send: SendCall, clock: PacingClock, log: Log): WorkerApi {
  const ask = async (call: string, body: object, calls = MAX_CALLS): Promise<WorkerAnswer> => {
    for (let made = 1; ; made++) {
      const answer = await send({ ...body, call }).catch((error: unknown) => {
        log.info(`worker:${call}:unanswered`, { why: errorName(error), count: made });
        if (made >= calls) throw error;
        return undefined;
      });
      if (answer !== undefined && (answer.status < 500 || made >= calls)) return answer;
      await clock.waitUntil(clock.nowMs() + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** made));
    }
  };
  // The answer to a call has the form of that call, or is a refusal; both are this version's, or a newer one's with more fields.
  return {
    claim: (call) => ask('claim', call) as Promise<Claimed | Refused>,
    // The next one follows soon.
    heartbeat: (call) =>
      ask('heartbeat', call, call.reads || call.uploads ? MAX_CALLS : 1) as Promise<Heard | Refused>,
    complete: (call) => ask('complete', call) as Promise<Done | Refused>,
    fail: (call) => ask('fail', call, 4) as Promise<Done | Refused>,
  };
}

export class CallUnanswered extends Error {
  override readonly name = 'CallUnanswered';
}

export function invoking(client: LambdaClient, functionName: string): SendCall {
  return async (call) => {
    const { Payload, FunctionError } = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(call) }),
    );
    if (FunctionError !== undefined || Payload === undefined)
      throw new CallUnanswered(`worker-api did not answer: ${FunctionError}`);
    return JSON.parse(Payload.transformToString()) as WorkerAnswer; // our own function's answer
  };
}
