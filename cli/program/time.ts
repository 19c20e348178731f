/** Times on a screen: UTC, as logs and AWS have them. */

/** @example 2026-01-31T09:00:00Z */
export const second = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** With two units at most. @example 0.3 s, 12.4 s, 3 min 20 s, 2 h 5 min, 4 d 3 h */
export function duration(ms: number): string {
  if (ms < MINUTE_MS) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < HOUR_MS) return units(ms, MINUTE_MS, 'min', 1000, 's');
  if (ms < DAY_MS) return units(ms, HOUR_MS, 'h', MINUTE_MS, 'min');
  return units(ms, DAY_MS, 'd', HOUR_MS, 'h');
}

function units(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}
