import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileCron } from '../../../local/events/cron.ts';
import { compileSchedule } from '../../../local/events/schedule.ts';

/** A Sunday. */
const FROM = Date.parse('2026-11-29T20:00:00Z');
const after = (fields: string, count: number) => {
  const times: string[] = [];
  for (let at: number | undefined = FROM; times.length < count; ) {
    at = compileCron(fields)?.(at);
    if (at === undefined) break;
    times.push(new Date(at).toISOString().slice(0, 16));
  }
  return times;
};

// From the examples of the EventBridge user guide, and their neighbours.
test.each<[string, string[]]>([
  ['0 10 * * ? *', ['2026-11-30T10:00', '2026-12-01T10:00']],
  ['15 12 * * ? *', ['2026-11-30T12:15', '2026-12-01T12:15']],
  ['0 18 ? * MON-FRI *', ['2026-11-30T18:00', '2026-12-01T18:00']],
  ['0 8 1 * ? *', ['2026-12-01T08:00', '2027-01-01T08:00']],
  ['0/15 * * * ? *', ['2026-11-29T20:15', '2026-11-29T20:30', '2026-11-29T20:45', '2026-11-29T21:00']],
  ['0/10 * ? * MON-FRI *', ['2026-11-30T00:00', '2026-11-30T00:10']],
  ['0/5 8-17 ? * 2-6 *', ['2026-11-30T08:00', '2026-11-30T08:05']],
  ['5/20 10 ? * 1 *', ['2026-12-06T10:05', '2026-12-06T10:25', '2026-12-06T10:45', '2026-12-13T10:05']],
  ['0 9 ? * 2#1 *', ['2026-12-07T09:00', '2027-01-04T09:00']],
  ['0 12 ? * L *', ['2026-12-05T12:00', '2026-12-12T12:00']],
  ['0 12 ? * 6L *', ['2026-12-25T12:00', '2027-01-29T12:00']],
  ['0 12 ? * friL *', ['2026-12-25T12:00', '2027-01-29T12:00']],
  ['0 0 L * ? *', ['2026-11-30T00:00', '2026-12-31T00:00']],
  ['0 12 15W * ? *', ['2026-12-15T12:00', '2027-01-15T12:00', '2027-02-15T12:00', '2027-03-15T12:00']],
  ['0 12 1W 8 ? 2027', ['2027-08-02T12:00']],
  ['0 0 29 FEB ? *', ['2028-02-29T00:00', '2032-02-29T00:00']],
  ['0 0 1 1,7 ? 2027-2028', ['2027-01-01T00:00', '2027-07-01T00:00', '2028-01-01T00:00', '2028-07-01T00:00']],
  ['0 0 1 1 ? 2199', ['2199-01-01T00:00']],
  ['0 0 1 1 ? 2020', []],
  ['0 0 31 2 ? *', []],
])('cron(%s) is due at %j', (fields, expected) => {
  expect(after(fields, Math.max(expected.length, 1))).toEqual(expected);
});

test.each([
  '0 0 * * * *',
  '0 0 ? * ? *',
  '0 0 1 * MON *',
  '* * * * *',
  '* * * * ? * *',
  '60 * * * ? *',
  '* 24 * * ? *',
  '* * 0 * ? *',
  '* * 32 * ? *',
  '* * ? 13 1 *',
  '* * ? * 0 *',
  '* * ? * 8 *',
  '* * ? * MON#6 *',
  '* * ? * MONDAY *',
  '* * 32W * ? *',
  '* * * * ? 1969',
  '* * * * ? 2200',
  '10-5 * * * ? *',
  '*/0 * * * ? *',
  '1,,2 * * * ? *',
  '-1 * * * ? *',
  '1.5 * * * ? *',
  '',
])('cron(%s) is refused', (fields) => {
  expect(() => compileSchedule(`cron(${fields})`)).toThrow('Parameter ScheduleExpression is not valid');
});

describe('for any minutes, hours, days and weekdays', () => {
  const list = (from: number, to: number) =>
    fc.uniqueArray(fc.integer({ min: from, max: to }), { minLength: 1, maxLength: 3 });

  test('the next time matches each field, and no minute before it does', () => {
    fc.assert(
      fc.property(list(0, 59), list(0, 23), list(1, 7), fc.boolean(), (minutes, hours, days, byWeekday) => {
        const given = days.join(',');
        const fields = `${minutes} ${hours} ${byWeekday ? `? * ${given}` : `${given} * ?`} *`;
        const matches = (ms: number) => {
          const date = new Date(ms);
          const day = byWeekday ? date.getUTCDay() + 1 : date.getUTCDate();
          return (
            minutes.includes(date.getUTCMinutes()) && hours.includes(date.getUTCHours()) && days.includes(day)
          );
        };
        let expected = FROM + 60_000;
        while (!matches(expected)) expected += 60_000;
        expect(compileCron(fields)?.(FROM)).toBe(expected);
      }),
      { numRuns: 100 },
    );
  });
});
