/** Rates of scheduled rules. */
import { ApiError } from '../aws.ts';

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * `rate(1 minute)`, `rate(5 minutes)`, ... as milliseconds. As on AWS, 1 has the singular and all others the plural.
 *
 * @throws ValidationException for anything else
 */
export function rateMs(expression: string): number {
  if (expression.startsWith('cron(')) {
    throw new ApiError('ValidationException', `not implemented here: ${expression} (rate(...) is)`);
  }
  const [, digits = '', unit = '', plural] = /^rate\((\d+) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  const value = Number(digits);
  const unitMs = UNIT_MS[unit];
  if (!unitMs || value < 1 || (value === 1) !== (plural === '')) {
    throw new ApiError('ValidationException', `Parameter ScheduleExpression is not valid: ${expression}`);
  }
  return value * unitMs;
}
