/** AWS Batch as the functions see it: an id at once, and the events that the rule lets through. */
import type { SubmitRequest } from '../../domain/batch/submission.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { Counts } from './meter.ts';
import type { Queues } from './queues.ts';

/** How a container of a job goes: its exit code for each attempt, and how long it runs. */
export interface Container {
  readonly exitCodes: readonly number[];
  readonly runMs: number;
}

const START_MS = 2000;

export function virtualBatch({ exitCodes, runMs }: Container, counts: Counts, queues: Queues): BatchPort {
  const submitted = new Map<string, SubmitRequest>();
  const terminated = new Set<string>();
  const tell = (
    runId: string,
    { jobName, tags }: SubmitRequest,
    rest: object,
    atMs: number,
    happens: () => boolean = () => !terminated.has(runId),
  ) => {
    const detail = { jobId: runId, jobName, tags, attempts: [], ...rest };
    const event = { source: 'aws.batch', 'detail-type': 'Batch Job State Change', detail };
    queues.put('events', JSON.stringify(event), { atMs, byRule: true, happens });
  };
  const container = (runId: string) => ({ logStreamName: `headgate/default/${runId.replaceAll('-', '')}` });
  return {
    async submit(request) {
      counts.calls += 1;
      const attempt = Number(request.parameters['attempt']);
      const runId = `0f0f0f0f-0000-4000-8000-${String(submitted.size).padStart(12, '0')}`;
      submitted.set(runId, request);
      const startedAt = queues.nowMs() + START_MS;
      const exitCode = exitCodes[attempt - 1] ?? 0;
      const end = { exitCode, ...container(runId) };
      tell(runId, request, { status: 'RUNNING', startedAt, container: container(runId) }, startedAt);
      const status = exitCode === 0 ? 'SUCCEEDED' : 'FAILED';
      const stoppedAt = startedAt + runMs;
      const finished = { startedAt, stoppedAt, statusReason: 'Essential container in task exited' };
      tell(runId, request, { status, ...finished, container: end }, stoppedAt);
      return { kind: 'accepted', runId };
    },
    async listByName() {
      counts.calls += 1;
      return [];
    },
    async describe() {
      counts.calls += 1;
      return new Map();
    },
    async terminate(runId, statusReason) {
      counts.calls += 1;
      const request = submitted.get(runId);
      if (request === undefined || terminated.has(runId)) return;
      terminated.add(runId);
      const stoppedAt = queues.nowMs() + 1000;
      const ended = { status: 'FAILED', isTerminated: true, statusReason, stoppedAt };
      tell(runId, request, { ...ended, container: container(runId) }, stoppedAt, () => true);
    },
  };
}
