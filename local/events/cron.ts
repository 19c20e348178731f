/**
 * Cron expressions of scheduled rules. Their fields are read here, because EventBridge counts weekdays from 1 for Sunday and
 * refuses what other crons take; the calendar is that of croner.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
import { Cron } from 'croner';

interface Field {
  readonly from: number;
  readonly to: number;
  /** The first name is that of `from`. */
  readonly names?: readonly string[];
}

const MINUTES: Field = { from: 0, to: 59 };
const HOURS: Field = { from: 0, to: 23 };
const DAYS: Field = { from: 1, to: 31 };
const MONTHS: Field = {
  from: 1,
  to: 12,
  names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
};
const WEEKDAYS: Field = { from: 1, to: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] };
const YEARS: Field = { from: 1970, to: 2199 };

/**
 * @param fields what is inside `cron(…)`
 * @returns the next time after an epoch time in milliseconds, or undefined when there is none; undefined instead of a
 * function for an expression that EventBridge refuses
 */
export function compileCron(fields: string): ((afterMs: number) => number | undefined) | undefined {
  const [minutes = '', hours = '', days = '', months = '', weekdays = '', years = '', ...more] =
    fields.split(' ');
  // EventBridge wants one of the two open, since it does not say which of them would win.
  if (more.length > 0 || (days === '?') === (weekdays === '?')) return undefined;
  const parts = [
    valuesOf(minutes, MINUTES),
    valuesOf(hours, HOURS),
    days === '?' ? '*' : daysOf(days),
    valuesOf(months, MONTHS),
    weekdays === '?' ? '*' : weekdaysOf(weekdays),
    valuesOf(years, YEARS),
  ];
  if (parts.includes(undefined)) return undefined;
  const cron = new Cron(`0 ${parts.join(' ')}`, { timezone: 'UTC', domAndDow: true });
  return (afterMs) => cron.nextRun(new Date(afterMs))?.getTime();
}

function daysOf(text: string): string | undefined {
  if (text === 'L') return text;
  const [, nearest] = /^(\d+)W$/.exec(text) ?? [];
  if (nearest !== undefined) return numberOf(nearest, DAYS) === undefined ? undefined : text;
  return valuesOf(text, DAYS);
}

function weekdaysOf(text: string): string | undefined {
  const weekday = (name: string) => {
    const value = numberOf(name, WEEKDAYS);
    return value === undefined ? undefined : value - 1;
  };
  // The last day of the week, which ends with Saturday.
  if (text === 'L') return '6';
  const [, last, nth, place] = /^(\w+)L$|^(\w+)#([1-5])$/.exec(text) ?? [];
  const day = weekday(last ?? nth ?? '');
  if (day !== undefined) return last === undefined ? `${day}#${place}` : `${day}#L`;
  return valuesOf(text, WEEKDAYS)
    ?.split(',')
    .map((value) => (value === '*' ? value : Number(value) - 1))
    .join(',');
}

/** A list of values, or `*`; undefined when any part is out of the field's range. */
function valuesOf(text: string, field: Field): string | undefined {
  if (text === '*') return text;
  const values: number[] = [];
  for (const part of text.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
    const bounds = boundsOf(range, field, step !== undefined);
    const by = Number(step ?? 1);
    if (bounds === undefined || by < 1) return undefined;
    for (let value = bounds.first; value <= bounds.last; value += by) values.push(value);
  }
  return [...new Set(values)].toSorted((a, b) => a - b).join(',');
}

function boundsOf(
  range: string,
  field: Field,
  stepped: boolean,
): { first: number; last: number } | undefined {
  if (range === '*') return { first: field.from, last: field.to };
  const [from = '', to, ...more] = range.split('-');
  const first = numberOf(from, field);
  // `10/15` begins at 10 and has no other end than that of the field.
  const last = to === undefined ? (stepped ? field.to : first) : numberOf(to, field);
  if (first === undefined || last === undefined || last < first || more.length > 0) return undefined;
  return { first, last };
}

function numberOf(text: string, { from, to, names = [] }: Field): number | undefined {
  const place = names.indexOf(text.toUpperCase());
  if (place >= 0) return from + place;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= from && value <= to ? value : undefined;
}
