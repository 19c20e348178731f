/** What a section carries while something there needs an operator. */

export interface Badge {
  readonly text: string;
  /** For a reader who does not see it beside its section. */
  readonly says: string;
}

/** @param open failures that no operator has dealt with @param bad checks that found something */
export function badgesOf(open: number, more: boolean, bad: number): Readonly<Record<string, Badge>> {
  return {
    ...(open === 0 ? {} : { '/failures': { text: `${open}${more ? '+' : ''}`, says: 'not run again' } }),
    ...(bad === 0 ? {} : { '/health': { text: String(bad), says: 'not well' } }),
  };
}
