/** The same act on many things, one after the other, so that it can be watched and ends where its reader leaves it. */

export interface Done {
  readonly done: number;
  /** The sentences of those that were refused, each with how often. */
  readonly refused: ReadonlyMap<string, number>;
}

/** Each act is one that may be repeated, so a second run finds what the first has done. @param tell after each of them */
export async function inTurn<T>(
  things: readonly T[],
  act: (thing: T) => Promise<unknown>,
  tell: (sofar: string) => void,
): Promise<Done> {
  const refused = new Map<string, number>();
  let done = 0;
  for (const [i, thing] of things.entries()) {
    tell(`${i} of ${things.length}`);
    try {
      await act(thing);
      done++;
    } catch (error) {
      const sentence = error instanceof Error ? error.message : 'It failed.';
      refused.set(sentence, (refused.get(sentence) ?? 0) + 1);
    }
  }
  return { done, refused };
}

/** @param did as in "run again" */
export function doneText({ done, refused }: Done, did: string): string {
  const others = [...refused].map(([sentence, count]) => `${count} not: ${sentence}`);
  return [`${done} ${did}.`, ...others].join(' ');
}
