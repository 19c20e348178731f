/** Numbers and times as people read them. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two units at most: the second says how far the first can be trusted. */
export function durationText(ms: number): string {
  if (ms < 0) return durationText(-ms);
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return two(ms, MINUTE, 'min', SECOND, 's');
  if (ms < DAY) return two(ms, HOUR, 'h', MINUTE, 'min');
  return two(ms, DAY, 'd', HOUR, 'h');
}

function two(ms: number, unit: number, name: string, lesser: number, lesserName: string): string {
  const whole = Math.floor(ms / unit);
  const rest = Math.floor((ms % unit) / lesser);
  return rest === 0 || whole >= 10 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${lesserName}`;
}

/** One unit, whole: it is read again every second. */
export function agoText(ms: number): string {
  if (ms < -SECOND) return `in ${roughly(-ms)}`;
  return ms < 2 * SECOND ? 'now' : `${roughly(ms)} ago`;
}

function roughly(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  return ms < 2 * DAY ? `${Math.floor(ms / HOUR)} h` : `${Math.floor(ms / DAY)} d`;
}

const counts = new Intl.NumberFormat('en');
export const countText = (count: number): string => counts.format(count);

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${countText(count)} ${count === 1 ? one : many}`;

/** In the reader's zone, with the zone, for what is read beside a log. */
export const exactText = (iso: string): string =>
  new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' });

export const clockText = (iso: string): string => new Date(iso).toLocaleTimeString('en-GB');

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
