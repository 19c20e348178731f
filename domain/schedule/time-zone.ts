/** The offset of a time zone from UTC, by Node's own copy of the IANA database. */

export interface TimeZone {
  /** How far the local clock is ahead of UTC at this moment, in milliseconds. */
  offsetAt(ms: number): number;
}

/** Node also takes an offset such as +02:00 for a zone; that is none, since it knows no summer time. */
const NAME = /^[A-Za-z]/;

/** Each formatter takes 50 µs to make, and a process knows a few hundred zones at most. */
const known = new Map<string, TimeZone>();

/** @returns undefined for a name that is not in the IANA database of this version of Node */
export function timeZone(name: string): TimeZone | undefined {
  const before = known.get(name);
  if (before !== undefined) return before;
  const format = NAME.test(name) ? formatOf(name) : undefined;
  if (format === undefined) return undefined;
  const zone = { offsetAt: (ms: number) => offsetIn(format.format(ms)) };
  known.set(name, zone);
  return zone;
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset', year: 'numeric' });
  } catch {
    return undefined;
  }
}

const OFFSET = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/;

/** @param text such as `2027 GMT-05:00`; UTC itself is `2027 GMT` */
function offsetIn(text: string): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = OFFSET.exec(text) ?? [];
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -ms : ms;
}
