/** A place in a list, as the text by which a reader continues it. Opaque to readers. */
import * as z from 'zod';
import { JOB_ID } from '../job/ids.ts';

const Cursor = z.strictObject({
  v: z.literal(1),
  /** Of the job or the delivery at the place: a time and its id. */
  at: z.int().nonnegative(),
  id: z.string(),
  /** The hash of the filter: with another one the place means nothing. */
  f: z.int(),
});
export type CursorPlace = Omit<z.infer<typeof Cursor>, 'v'>;

export function encoded(place: CursorPlace): string {
  const text = JSON.stringify({ v: 1, ...place });
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * @param ids the pattern of the ids in the list
 * @returns undefined for text that is no cursor
 */
export function decoded(cursor: string, ids = JOB_ID): CursorPlace | undefined {
  try {
    const { data } = Cursor.safeParse(JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))));
    return data !== undefined && ids.test(data.id) ? data : undefined;
  } catch {
    return undefined;
  }
}
