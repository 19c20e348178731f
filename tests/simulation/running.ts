/** What must hold of the reports that a stage may leave unrecorded. */
import { BatchJobStateChange, classifyReport, parseReport } from '../../domain/batch/report.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { MessageBatch } from '../../io/aws/lambda.ts';
import type { Run } from './faults.ts';

interface Known {
  readonly types: JobTypes;
  job(jobId: string): JobRecord | undefined;
}

/** T6: the report that a container runs is acknowledged, and what depends on it would not know of it. */
export function checkingRunning(run: Run, { types, job }: Known, handle: MessageBatch): MessageBatch {
  const checkReport = (body: string) => {
    const { data: event } = BatchJobStateChange.safeParse(JSON.parse(body));
    const parsed = event && parseReport(event);
    if (parsed?.kind !== 'report') return;
    const { report } = parsed;
    const stored = job(report.jobId);
    const type = stored && types.get(stored.jobType);
    if (stored?.state !== 'submitted' || stored.runId !== report.runId || type === undefined) return;
    const now = classifyReport(stored, report, type, run.world.nowMs());
    if (now.kind !== 'news' || now.observation.kind !== 'running') return;
    const depends = stored.startBy !== undefined || stored.stuck !== undefined || type.promisesResult;
    if (depends) run.violate('T6', 'a report that something depends on stayed unrecorded', stored.jobId);
    else run.count('running left unrecorded');
  };
  return async (messages) => {
    const done = await handle(messages);
    for (const { id, body } of messages) if (done.has(id)) checkReport(body);
    return done;
  };
}
