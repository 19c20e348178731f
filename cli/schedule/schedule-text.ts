/** A schedule as lines for people, and as a record for programs. */
import type { Outcome, Schedule } from '../../domain/schedule/schedule.ts';

export const timesOf = (times: readonly number[]): string[] => times.map((ms) => new Date(ms).toISOString());

export function scheduleLines(schedule: Schedule, next: readonly number[]): string[] {
  const { scheduleId, tenantId, cron, timeZone, overlap, catchUp, jitterSeconds, paused, recent } = schedule;
  const jitter = jitterSeconds === 0 ? '' : `, jitter ${jitterSeconds} s`;
  return [
    `${scheduleId} of ${tenantId}: ${cron} in ${timeZone}; overlap ${overlap}, catch-up ${catchUp}${jitter}`,
    ...(paused === undefined
      ? [`next: ${timesOf(next).join(', ') || 'never'}`]
      : [
          `paused by ${paused.by === 'tenant' ? 'its tenant' : 'an operator'} since ${timesOf([paused.at])[0]}: ${paused.reason}`,
        ]),
    ...recent.map(outcomeLine),
  ];
}

function outcomeLine(outcome: Outcome): string {
  const [at = ''] = timesOf([outcome.at]);
  if ('jobId' in outcome) return `${at}  ${outcome.jobId}`;
  const until = outcome.until === outcome.at ? '' : ` until ${timesOf([outcome.until])[0]}`;
  const why =
    outcome.skipped === 'overlap'
      ? 'left out, since the job before was not over'
      : 'missed, and not made up for';
  return `${at}${until}  ${why}`;
}

/** Without what only the machinery of the table needs. */
export function scheduleRecord(schedule: Schedule) {
  const { dueAt: _, version: __, decidedUntil: ___, deletedAt: ____, ...shown } = schedule;
  return shown;
}
