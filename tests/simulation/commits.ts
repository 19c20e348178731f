/** What is noted of each write of a record: its line in the story, and the rare paths that it shows. */
import type { JobRecord } from '../../domain/job/job.ts';
import type { Run } from './faults.ts';
import type { Process } from './world.ts';

export function noteCommit(
  run: Run,
  process: Process,
  before: JobRecord | undefined,
  after: JobRecord,
): void {
  const text = () => {
    const old: Readonly<Record<string, unknown>> = before ?? {};
    const names = new Set([...Object.keys(old), ...Object.keys(after)]);
    const now: Readonly<Record<string, unknown>> = after;
    const told = [...names].filter(
      (name) => !['version', 'stateAt', 'input', 'endedAttempts'].includes(name),
    );
    const differences = told.filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]));
    const fields = differences.map((name) => `${name}=${JSON.stringify(now[name]) ?? 'none'}`).join(' ');
    return `COMMIT v${after.version} ${after.state}#${after.attempt} ${fields}`;
  };
  run.note(process.name, text, after.jobId);
}

/** Proof that the rare paths were taken at all. */
export function countRarities(run: Run, { role }: Process, before: JobRecord, after: JobRecord): void {
  const adopted = before.runId === undefined && after.runId !== undefined;
  if (adopted) run.count(`adopted by ${role}`);
  if (after.claim !== undefined && before.runId !== undefined && after.runId !== before.runId)
    run.count('authority moved to the claimant');
  if ((after.refused?.length ?? 0) > (before.refused?.length ?? 0)) run.count('duplicate refused');
  const ended =
    after.endedAttempts.length > before.endedAttempts.length ? after.endedAttempts.at(-1) : undefined;
  if (ended?.failure?.class === 'lost') run.count('attempt lost');
  if (before.claim !== undefined && (after.claim?.try ?? 0) > before.claim.try)
    run.count('claim taken over by a later try');
  if (after.progress?.at !== before.progress?.at) run.count('progress heard');
  if (after.redrivenAs !== undefined && before.redrivenAs === undefined) run.count('redriven');
  if (after.state !== before.state) run.count(`entered ${after.state}`);
  if (after.state === 'succeeded' && before.state === 'cancelling')
    run.count('succeeded although an end was asked for');
}
