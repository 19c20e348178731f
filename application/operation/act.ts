/** What an operation does about one job or delivery, by the use case that does it when it is asked for alone. */
import type { ErrorCode } from '../../domain/errors.ts';
import type { Outcome } from '../../domain/operation/operation.ts';
import type { FailureRow } from '../../domain/reading/failure-row.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import type { EndpointStore } from '../../io/table/endpoints.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { type CancelJobPorts, cancelJob } from '../resources/cancel-job.ts';
import { redriveJob } from '../resources/redrive-job.ts';
import type { SubmitJobPorts } from '../resources/submit-job.ts';
import { type ReplayPorts, replay, sendingProblem } from '../webhook/replay.ts';
import type { Match } from './matches.ts';

export interface ActPorts extends SubmitJobPorts, CancelJobPorts, ReplayPorts {
  readonly jobs: SubmitJobPorts['jobs'] & CancelJobPorts['jobs'] & Pick<JobStore, 'get'>;
  readonly endpoints: Pick<EndpointStore, 'list'>;
}

/** @param operationId names it in the log */
export type Act = (operationId: string, match: Match) => Promise<Outcome>;

/** @returns a function that remembers how many jobs of each tenant wait, as intake does */
export function actor(ports: ActPorts): Act {
  const redriven = redriveJob(ports);
  return (operationId, match) => {
    switch (match.kind) {
      case 'redrive':
        return redrive(ports, match.row, (job) => redriven(operationId, job));
      case 'cancel':
        return cancel(ports, match.job);
      case 'replay':
        return sendAgain(ports, match.delivery);
    }
  };
}

type Redrive = (
  job: Parameters<ReturnType<typeof redriveJob>>[1],
) => ReturnType<ReturnType<typeof redriveJob>>;

async function redrive(
  { jobs }: ActPorts,
  { jobId, tenantId }: Pick<FailureRow, 'jobId' | 'tenantId'>,
  redriven: Redrive,
): Promise<Outcome> {
  const job = await jobs.get(jobId);
  // Its record has expired, or is not of the tenant that the row names.
  if (job?.tenantId !== tenantId) return refusal('not_found');
  if (job.redrivenAs !== undefined || job.state !== 'failed') return { kind: 'repeated' };
  const outcome = await redriven(job);
  if (outcome.kind === 'refused') return refusal(outcome.problem.code);
  return { kind: outcome.kind === 'created' ? 'done' : 'repeated' };
}

async function cancel(
  ports: ActPorts,
  job: Extract<Match, { readonly kind: 'cancel' }>['job'],
): Promise<Outcome> {
  const ended = await cancelJob(ports, job);
  return ended === undefined ? refusal('not_found') : { kind: 'done' };
}

async function sendAgain(ports: ActPorts, delivery: Delivery): Promise<Outcome> {
  const { tenantId, endpointId } = delivery;
  const known = await ports.endpoints.list(tenantId);
  const endpoint = known.find((each) => each.endpoint.endpointId === endpointId)?.endpoint;
  if (endpoint === undefined) return refusal('not_found');
  const stopped = sendingProblem(endpoint);
  if (stopped !== undefined) return refusal(stopped.code);
  return { kind: (await replay(ports, delivery)) === 'replayed' ? 'done' : 'repeated' };
}

const refusal = (code: ErrorCode): Outcome => ({ kind: 'refused', code });
