/**
 * The moments that a cron expression names on the clocks of a time zone.
 *
 * croner reads the expression and finds local times; which moment a local time is, is decided here, since clocks are moved.
 * When they go forward, local times are missing; when they go back, local times come twice:
 *
 * - An expression that names its hours (`30 2 * * *`) runs once at the first moment after missing times, for all of them
 *   together. One whose hours begin with `*` leaves missing times out: its next hour comes as usual.
 * - An expression that names its minutes and its hours runs at the first of two moments with the same local time. One whose
 *   minutes or hours begin with `*` is an interval, and runs at both.
 */
import { Cron } from 'croner';
import { type Problem, problem } from '../errors.ts';
import { type TimeZone, timeZone } from './time-zone.ts';

export interface Timing {
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  readonly cron: string;
  /** A name of the IANA database. */
  readonly timeZone: string;
}

export interface Calendar {
  /** @returns the first occurrence after this moment, or undefined when there is none */
  next(afterMs: number): number | undefined;
}

const FIELDS = ['minute', 'hour', 'day of the month', 'month', 'day of the week'] as const;

/** @returns the calendar, or why there is none, with a pointer to the field of the schedule */
export function calendarOf({ cron, timeZone: name }: Timing): Calendar | Problem {
  const zone = timeZone(name);
  if (zone === undefined) {
    const expected = 'Expected a name of the IANA time zone database, such as Europe/Berlin or UTC.';
    return problem('time_zone_unknown', '/timeZone', expected);
  }
  const fields = cron.trim().split(/\s+/);
  const pattern = patternOf(fields.join(' '));
  if (pattern === undefined) return problem('cron_invalid', '/cron', whyInvalid(fields));
  const [minutes = '', hours = ''] = fields;
  const namesHours = !isOpen(hours);
  return {
    next: (afterMs) =>
      nextOccurrence(afterMs, {
        zone,
        nextLocal: (localMs) => pattern.nextRun(new Date(localMs))?.getTime(),
        makesUpMissing: namesHours,
        leavesOutRepeated: namesHours && !isOpen(minutes),
      }),
  };
}

const isOpen = (field: string): boolean => /^[*?]/.test(field);

/** In UTC, whose clocks are never moved, so that its runs are local times. */
function patternOf(cron: string): Cron | undefined {
  if (!/^[^@]\S*( \S+){4}$/.test(cron)) return undefined;
  try {
    return new Cron(cron, { timezone: 'UTC', mode: '5-part' });
  } catch {
    return undefined;
  }
}

const EXPECTED = [
  'from 0 to 59',
  'from 0 to 23',
  'from 1 to 31, L for the last',
  'from 1 to 12 or JAN to DEC',
  'from 0 to 7 or SUN to SAT',
] as const;

/** The first field that is no part of an expression by itself. */
function whyInvalid(fields: readonly string[]): string {
  if (fields.length !== FIELDS.length)
    return `Expected five fields, ${FIELDS.join(', ')}, found ${fields.join('') === '' ? 0 : fields.length}.`;
  const wrong = fields.findIndex(
    (field, place) => patternOf(FIELDS.map((_, i) => (i === place ? field : '*')).join(' ')) === undefined,
  );
  const name = FIELDS[wrong];
  if (name === undefined) return 'Expected five fields that go together.';
  return `Expected for the ${name} values ${EXPECTED[wrong]}, such as *, */2, 1-5 or 1,3; found another text.`;
}

interface Rules {
  readonly zone: TimeZone;
  /** The first local time of the expression after this one. Local times are milliseconds as if the clock showed UTC. */
  nextLocal(localMs: number): number | undefined;
  readonly makesUpMissing: boolean;
  readonly leavesOutRepeated: boolean;
}

/** From one move of the clocks to the next the offset is the same, and local times are moments. */
function nextOccurrence(afterMs: number, rules: Rules): number | undefined {
  const { zone, nextLocal } = rules;
  let fromMs = afterMs;
  let seenMs = afterMs;
  for (;;) {
    const offset = zone.offsetAt(seenMs);
    const localMs = nextLocal(fromMs + offset);
    if (localMs === undefined) return undefined;
    const foundMs = localMs - offset;
    const movedMs = firstMove(zone, seenMs, foundMs);
    if (movedMs === undefined) {
      if (!rules.leavesOutRepeated || !wasBefore(zone, localMs, foundMs)) return foundMs;
      fromMs = foundMs;
      seenMs = foundMs;
      continue;
    }
    const isMissing = localMs < movedMs + zone.offsetAt(movedMs);
    if (isMissing && rules.makesUpMissing) return movedMs;
    fromMs = movedMs - 1;
    seenMs = movedMs;
  }
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Morocco moves its clocks twice within five weeks; no zone does it twice within one. */
const STRIDE_MS = 7 * 24 * HOUR_MS;
/** Longer than any move: the largest one is a whole day, over the date line. */
const BEFORE_MS = 26 * HOUR_MS;

/** @returns the moment of the first move after `fromMs` and not after `toMs`, to the minute */
function firstMove(zone: TimeZone, fromMs: number, toMs: number): number | undefined {
  const offset = zone.offsetAt(fromMs);
  for (let lowMs = fromMs; lowMs < toMs; lowMs += STRIDE_MS) {
    const highMs = Math.min(lowMs + STRIDE_MS, toMs);
    if (zone.offsetAt(highMs) !== offset) return moveWithin(zone, lowMs, highMs);
  }
  return undefined;
}

function moveWithin(zone: TimeZone, lowMs: number, highMs: number): number {
  const offset = zone.offsetAt(lowMs);
  let before = Math.floor(lowMs / MINUTE_MS);
  let after = Math.ceil(highMs / MINUTE_MS);
  while (after - before > 1) {
    const middle = (before + after) >> 1;
    if (zone.offsetAt(middle * MINUTE_MS) === offset) before = middle;
    else after = middle;
  }
  return after * MINUTE_MS;
}

/** Whether the clock has shown this local time before. */
function wasBefore(zone: TimeZone, localMs: number, foundMs: number): boolean {
  const earlier = zone.offsetAt(foundMs - BEFORE_MS);
  const earlierMs = localMs - earlier;
  return earlierMs < foundMs && zone.offsetAt(earlierMs) === earlier;
}
