/** The function that containers call: everything that a container may know of its job, and do to it. */
import { refusedCall } from '../../domain/metrics/door-metrics.ts';
import { asLines, parseCall, type WorkerAnswer, type WorkerCall } from '../../domain/worker/calls.ts';
import { claimJob } from './claim-job.ts';
import { complete, fail } from './end-of-work.ts';
import { heartbeat } from './heartbeat.ts';
import type { WorkerApiPorts } from './ports.ts';

/** An answer, or its text in lines. A rejection is a fault of ours: the container calls again. */
export type WorkerApi = (event: unknown) => Promise<WorkerAnswer | string>;

export function workerApi(ports: WorkerApiPorts): WorkerApi {
  return async (event) => {
    const parsed = parseCall(event);
    const isCall = parsed.kind === 'call';
    const answer = isCall ? await answerTo(ports, parsed.call) : parsed.answer;
    if ('code' in answer) ports.log.info('worker:call:refused', { code: answer.code }, refusedCall(answer));
    return (isCall ? parsed.call.as === 'lines' : wantsLines(event)) ? asLines(answer) : answer;
  };
}

function answerTo(ports: WorkerApiPorts, call: WorkerCall): Promise<WorkerAnswer> {
  switch (call.call) {
    case 'claim':
      return claimJob(ports, call);
    case 'heartbeat':
      return heartbeat(ports, call);
    case 'complete':
      return complete(ports, call);
    case 'fail':
      return fail(ports, call);
  }
}

const wantsLines = (event: unknown): boolean =>
  typeof event === 'object' && event !== null && 'as' in event && event.as === 'lines';
