/** When a schedule runs, in each time zone, compared with a clock that is read minute by minute. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { type Calendar, calendarOf, type Timing } from '../../../../domain/schedule/calendar.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function calendar(timing: Timing): Calendar {
  const found = calendarOf(timing);
  if ('code' in found) throw new Error(found.message);
  return found;
}

function occurrences(timing: Timing, fromMs: number, untilMs: number): string[] {
  const { next } = calendar(timing);
  const found: string[] = [];
  for (let at = next(fromMs - 1); at !== undefined && at < untilMs; at = next(at))
    found.push(new Date(at).toISOString().slice(5, 16));
  return found;
}

/** A clock of its own: the parts of a formatted date, and nothing of the calendar under test. */
function localTimes(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (ms) => {
    const [day = 0, month = 0, year = 0, hour = 0, minute = 0] =
      format.format(ms).match(/\d+/g)?.map(Number) ?? [];
    return Date.UTC(year, month - 1, day, hour, minute);
  };
}

interface Sample {
  readonly cron: string;
  readonly minutes: (minute: number) => boolean;
  readonly hours: (hour: number) => boolean;
  readonly days: (date: Date) => boolean;
  readonly namesHours: boolean;
  readonly namesMinutes: boolean;
}

/** Longer than any move of these years. */
const LEAD_MS = 6 * 3_600_000;

/** What the clock shows at each minute of a range, and of the time before it. */
function shownTimes(timeZone: string, fromMs: number, untilMs: number) {
  const local = localTimes(timeZone);
  const count = (untilMs - fromMs + LEAD_MS) / MINUTE_MS + 1;
  return Array.from({ length: count }, (_, i) => {
    const ms = fromMs - LEAD_MS + (i - 1) * MINUTE_MS;
    return { ms, now: local(ms) };
  });
}

/** Minute by minute: the rules of the page, in the simplest words that a program has. */
function slowly(sample: Sample, times: ReturnType<typeof shownTimes>, fromMs: number): string[] {
  const matches = (localMs: number) => {
    const date = new Date(localMs);
    return sample.minutes(date.getUTCMinutes()) && sample.hours(date.getUTCHours()) && sample.days(date);
  };
  const shown = new Set<number>();
  const found: string[] = [];
  let before = times[0]?.now ?? 0;
  for (const { ms, now } of times.slice(1)) {
    const repeated = shown.has(now);
    let missed = false;
    for (let gone = before + MINUTE_MS; gone < now; gone += MINUTE_MS) missed ||= matches(gone);
    const runsNow = matches(now) && !(repeated && sample.namesHours && sample.namesMinutes);
    if (ms >= fromMs && (runsNow || (missed && sample.namesHours)))
      found.push(new Date(ms).toISOString().slice(5, 16));
    shown.add(now);
    before = now;
  }
  return found;
}

const every = () => true;
const listed =
  (...values: number[]) =>
  (value: number) =>
    values.includes(value);
const sample = (cron: string, given: Partial<Sample>): Sample => {
  const [minutes = '', hours = ''] = cron.split(' ');
  const [namesMinutes, namesHours] = [!minutes.startsWith('*'), !hours.startsWith('*')];
  return { cron, minutes: every, hours: every, days: every, namesHours, namesMinutes, ...given };
};
const samples: readonly Sample[] = [
  sample('30 2 * * *', { minutes: listed(30), hours: listed(2) }),
  sample('0,30 0-3 * * *', { minutes: listed(0, 30), hours: listed(0, 1, 2, 3) }),
  sample('15 23 * * *', { minutes: listed(15), hours: listed(23) }),
  sample('*/20 1,2 * * *', { minutes: (minute) => minute % 20 === 0, hours: listed(1, 2) }),
  sample('10 * * * *', { minutes: listed(10) }),
  sample('0 */2 * * *', { minutes: listed(0), hours: (hour) => hour % 2 === 0 }),
  sample('59 0 * * SUN', {
    minutes: listed(59),
    hours: listed(0),
    days: (date) => date.getUTCDay() === 0,
  }),
  sample('* 2 1-7 * MON', {
    hours: listed(2),
    days: (date) => date.getUTCDate() <= 7 || date.getUTCDay() === 1,
  }),
];

const zones = Intl.supportedValuesOf('timeZone');
const FROM_MS = Date.UTC(2026, 0, 1);

/** The days around each move of the clocks: on all others a local time is one moment. */
function moves(timeZone: string): number[] {
  const local = localTimes(timeZone);
  const isMoved = (fromMs: number, days: number) =>
    local(fromMs + days * DAY_MS) - local(fromMs) !== days * DAY_MS;
  const weeks = Array.from({ length: 3 * 52 }, (_, week) => FROM_MS + week * 7 * DAY_MS);
  const days = weeks
    .filter((week) => isMoved(week, 7))
    .flatMap((week) => [0, 1, 2, 3, 4, 5, 6].map((day) => week + day * DAY_MS));
  return days.filter((day) => isMoved(day, 1));
}

const moving = zones.map((zone) => ({ zone, moves: moves(zone) })).filter(({ moves }) => moves.length > 0);

describe('three years of every time zone', () => {
  test('most zones are read, and many of them move their clocks', () => {
    expect(zones.length).toBeGreaterThan(400);
    expect(moving.length).toBeGreaterThan(100);
  });

  /** Zones with the same moves by the same rules agree; each of the samples meets each kind of move. */
  const kinds = [
    ...new Map(
      moving.map(({ zone, moves }) => {
        const local = localTimes(zone);
        return [
          moves.map((day) => [day, local(day) - day, local(day + DAY_MS) - day].join()).join(' '),
          zone,
        ];
      }),
    ).values(),
  ];

  it.each(kinds)('%s runs as a clock that is read minute by minute', (zone) => {
    const local = moving.find((each) => each.zone === zone)?.moves ?? [];
    for (const day of local) {
      const range = [day - LEAD_MS, day + DAY_MS + LEAD_MS] as const;
      const times = shownTimes(zone, ...range);
      for (const each of samples)
        expect([each.cron, occurrences({ cron: each.cron, timeZone: zone }, ...range)]).toEqual([
          each.cron,
          slowly(each, times, range[0]),
        ]);
    }
  });

  it.each(kinds)('%s runs a clock time once a day, be it missing or repeated', (zone) => {
    const { next } = calendar({ cron: '30 2 * * *', timeZone: zone });
    let at = next(FROM_MS) ?? 0;
    for (let day = 0; day < 3 * 365; day++) {
      const after = next(at) ?? 0;
      expect(Math.abs((after - at) / 3_600_000 - 24)).toBeLessThanOrEqual(3);
      at = after;
    }
  });
});

describe('the days on which clocks are moved', () => {
  const york = 'America/New_York';
  const [spring, autumn] = [Date.UTC(2027, 2, 14), Date.UTC(2027, 10, 7)];
  const day = (cron: string, timeZone: string, fromMs: number) =>
    occurrences({ cron, timeZone }, fromMs, fromMs + DAY_MS);

  it.each([
    ['a missing clock time runs at the first moment after it', '30 2 * * *', spring, ['03-14T07:00']],
    ['several missing ones run once', '0,15,30 2 * * *', spring, ['03-14T07:00']],
    [
      'a missing and a present one at that moment run once',
      '30 2,3 * * *',
      spring,
      ['03-14T07:00', '03-14T07:30'],
    ],
    ['an interval within a missing hour runs once', '*/30 2 * * *', spring, ['03-14T07:00']],
    ['a repeated clock time runs at its first', '30 1 * * *', autumn, ['11-07T05:30']],
    [
      'an interval within a repeated hour runs in both',
      '*/30 1 * * *',
      autumn,
      ['11-07T05:00', '11-07T05:30', '11-07T06:00', '11-07T06:30'],
    ],
  ])('%s', (_, cron, fromMs, expected) => {
    expect(day(cron, york, fromMs)).toEqual(expected);
  });

  it('runs an hourly job each hour', () => {
    expect(day('15 * * * *', york, spring)).toHaveLength(24);
    expect(day('15 * * * *', york, autumn)).toHaveLength(24);
  });

  it('follows a move of half an hour, and one over the date line', () => {
    expect(day('15 2 * * *', 'Australia/Lord_Howe', Date.UTC(2027, 9, 2, 12))).toEqual(['10-02T15:30']);
    expect(day('0 12 * * *', 'Pacific/Apia', Date.UTC(2011, 11, 30))).toEqual(['12-30T10:00', '12-30T22:00']);
    expect(
      occurrences(
        { cron: '0 12 30 12 *', timeZone: 'Pacific/Apia' },
        Date.UTC(2011, 11, 1),
        Date.UTC(2012, 0, 1),
      ),
    ).toEqual(['12-30T10:00']);
  });
});

it('finds the same occurrence from each moment before it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.constantFrom(...zones),
      fc.integer({ min: FROM_MS, max: FROM_MS + 1100 * DAY_MS }),
      fc.integer({ min: 0, max: DAY_MS }),
      ({ cron }, timeZone, fromMs, stepMs) => {
        const { next } = calendar({ cron, timeZone });
        const found = next(fromMs) ?? 0;
        expect(found).toBeGreaterThan(fromMs);
        const later = Math.min(fromMs + stepMs, found - 1);
        expect(next(later)).toBe(found);
      },
    ),
  );
});

describe('what is refused', () => {
  it.each([
    ['', '/cron', 'Expected five fields, minute, hour, day of the month, month, day of the week, found 0.'],
    [
      '* * * *',
      '/cron',
      'Expected five fields, minute, hour, day of the month, month, day of the week, found 4.',
    ],
    [
      '0 0 * * * *',
      '/cron',
      'Expected five fields, minute, hour, day of the month, month, day of the week, found 6.',
    ],
    [
      '@daily',
      '/cron',
      'Expected five fields, minute, hour, day of the month, month, day of the week, found 1.',
    ],
    [
      '60 * * * *',
      '/cron',
      'Expected for the minute values from 0 to 59, such as *, */2, 1-5 or 1,3; found another text.',
    ],
    [
      '*/0 * * * *',
      '/cron',
      'Expected for the minute values from 0 to 59, such as *, */2, 1-5 or 1,3; found another text.',
    ],
    [
      '0 24 * * *',
      '/cron',
      'Expected for the hour values from 0 to 23, such as *, */2, 1-5 or 1,3; found another text.',
    ],
    [
      '0 0 0 * *',
      '/cron',
      'Expected for the day of the month values from 1 to 31, L for the last, such as *, */2, 1-5 or 1,3; found another text.',
    ],
    [
      '0 0 1 13 *',
      '/cron',
      'Expected for the month values from 1 to 12 or JAN to DEC, such as *, */2, 1-5 or 1,3; found another text.',
    ],
    [
      '0 0 * * FUN',
      '/cron',
      'Expected for the day of the week values from 0 to 7 or SUN to SAT, such as *, */2, 1-5 or 1,3; found another text.',
    ],
  ])('%j', (cron, pointer, message) => {
    expect(calendarOf({ cron, timeZone: 'UTC' })).toEqual({ code: 'cron_invalid', pointer, message });
  });

  it.each(['Mars/Olympus', '+02:00', '', 'Europe/Berlin '])('the time zone %j', (timeZone) => {
    expect(calendarOf({ cron: '0 0 * * *', timeZone })).toMatchObject({
      code: 'time_zone_unknown',
      pointer: '/timeZone',
    });
  });

  it('an expression for a day that never comes has no occurrence', () => {
    expect(calendar({ cron: '0 0 30 2 *', timeZone: 'Europe/Berlin' }).next(FROM_MS)).toBeUndefined();
    expect(calendar({ cron: '0 0 29 2 *', timeZone: 'Europe/Berlin' }).next(FROM_MS)).toBe(
      Date.UTC(2028, 1, 28, 23),
    );
  });
});
