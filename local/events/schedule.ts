/** When a scheduled rule is due. */
import { ApiError } from '../aws.ts';
import { compileCron } from './cron.ts';

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** @returns the first time after `afterMs`; undefined when there is none */
export type Schedule = (afterMs: number, dueAtMs: number | undefined) => number | undefined;

/**
 * `rate(1 minute)`, `rate(5 minutes)` or `cron(0 12 * * ? *)`. As on AWS, a rate of 1 has the singular and all others the
 * plural. A rate keeps its rhythm from `dueAtMs`, the time before; without one it begins at `afterMs`.
 *
 * @throws ValidationException for anything else
 */
export function compileSchedule(expression: string): Schedule {
  const [, fields] = /^cron\((.*)\)$/.exec(expression) ?? [];
  const cron = fields === undefined ? undefined : compileCron(fields);
  if (cron !== undefined) return cron;
  const [, digits = '', unit = '', plural] = /^rate\((\d+) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  const value = Number(digits);
  const unitMs = UNIT_MS[unit];
  if (!unitMs || value < 1 || (value === 1) !== (plural === ''))
    throw new ApiError('ValidationException', `Parameter ScheduleExpression is not valid: ${expression}`);
  const everyMs = value * unitMs;
  return (afterMs, dueAtMs) =>
    dueAtMs === undefined
      ? afterMs + everyMs
      : dueAtMs + everyMs * Math.max(1, Math.ceil((afterMs + 1 - dueAtMs) / everyMs));
}
