/** One page of what an attempt printed, as its reader may see it, and the cursor that continues it. */
import * as z from 'zod';
import { fnv1a } from '../job/identity.ts';
import { withoutInternals, withoutSecrets } from '../redaction.ts';
import { shortened } from '../size.ts';
import type { Audience } from './job-view.ts';
import { isOfRequest, type LogPlace, printedBy } from './log-place.ts';

export const LogLine = z.object({
  at: z.iso.datetime(),
  /** It may have several lines: a program prints an error with its stack as one. */
  message: z.string(),
});
export type LogLine = z.infer<typeof LogLine>;

export interface LogEvent {
  readonly atMs: number;
  readonly message: string;
}

const Ms = z.int().nonnegative();

/** How far a log was read. */
export const LogPosition = z.union([
  /** In a stream: what CloudWatch Logs gave to go on with. */
  z.strictObject({ token: z.string().regex(/^f\/\d{1,80}(?:\/[a-z])?$/) }),
  /**
   * In a search that began at `from`: the newest time that was given, how many lines of that time, and, while the search has
   * more, its token.
   */
  z.strictObject({ from: Ms, newest: Ms, given: Ms.max(9000), token: z.string().max(3000).optional() }),
]);
export type LogPosition = z.infer<typeof LogPosition>;

/** `f` is a hash of the log: in another one a position means nothing. */
const Cursor = z.strictObject({ v: z.literal(1), f: z.int(), at: LogPosition });

/** As many lines as one page may have, and as many characters as a line may have of which no more is known. */
export const MAX_LOG_LINES = 1000;
const MAX_MESSAGE_CHARACTERS = 16_384;

const hashOf = (place: LogPlace): number => fnv1a(JSON.stringify(place));

export function logCursor(place: LogPlace, at: LogPosition): string {
  return btoa(JSON.stringify({ v: 1, f: hashOf(place), at }))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** @returns undefined for text that is no cursor, and for the cursor of another log */
export function logPositionIn(cursor: string, place: LogPlace): LogPosition | undefined {
  try {
    const { data } = Cursor.safeParse(JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))));
    return data?.f === hashOf(place) && 'from' in data.at === (place.kind === 'request')
      ? data.at
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What a tenant reads is without what looks like a secret or names the operator's account. Among the lines of a function,
 * which are those of many tenants, it gets those alone that Lambda has marked as of its own run.
 */
export function linesFor(audience: Audience, place: LogPlace, events: readonly LogEvent[]): LogLine[] {
  return events.flatMap(({ atMs, message }) => {
    if (place.kind === 'request' && audience === 'tenant' && !isOfRequest(message, place.requestId))
      return [];
    const printed = place.kind === 'request' ? printedBy(message) : message;
    if (printed === undefined) return [];
    const text = audience === 'tenant' ? withoutInternals(withoutSecrets(printed)) : printed;
    return [
      {
        at: new Date(atMs).toISOString(),
        message: shortened(text.replace(CONTROL, ''), MAX_MESSAGE_CHARACTERS),
      },
    ];
  });
}

/** A terminal obeys some of them, and in JSON each takes six bytes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
