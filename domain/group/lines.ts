/** Where the lines of an object are: its items are read in slices, and each by its place, so that a repeat reads the same. */
import * as z from 'zod';

export const Lines = z.object({
  /** Of the object that was counted: another in its place is not read. */
  etag: z.string(),
  /** So many lines are one slice. */
  slice: z.int().positive(),
  /** The byte at which each slice begins, and the one behind the last. */
  places: z.array(z.int().nonnegative()),
});
export type Lines = z.infer<typeof Lines>;

const LINE_FEED = 0x0a;

/** Counts the lines of a text that comes in pieces, and keeps nothing of it. */
export function lineCounter(slice: number, most: number) {
  const places: number[] = [];
  let items = 0;
  let bytes = 0;
  let isInLine = false;
  return {
    /** @returns false when there are more lines than may be */
    take(piece: Uint8Array): boolean {
      for (const byte of piece) {
        if (!isInLine) {
          if (items % slice === 0) places.push(bytes);
          items++;
          isInLine = true;
        }
        bytes++;
        if (byte === LINE_FEED) isInLine = false;
        if (items > most) return false;
      }
      return true;
    },
    /** A line feed at the end ends the last line and begins none. */
    counted: () => ({ items, places: [...places, bytes] }),
  };
}

/** The bytes of the slice that begins with this line, as S3 counts them: both ends are part of it. */
export function rangeOf(
  { slice, places }: Lines,
  line: number,
): { readonly first: number; readonly last: number } | undefined {
  const [begin, end] = places.slice(Math.floor(line / slice));
  return begin === undefined || end === undefined || end <= begin
    ? undefined
    : { first: begin, last: end - 1 };
}

/** The lines of one slice. */
export function linesIn(text: string): string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
