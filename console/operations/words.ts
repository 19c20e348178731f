/** What an operation was asked for, in words. */
import type { Operation } from '../api/schema.ts';
import { exactText } from '../parts/words.ts';

export interface Asked {
  readonly title: string;
  /** Each field of its filter, with its value. */
  readonly of: readonly (readonly [name: string, value: string])[];
}

const TITLES: Readonly<Record<string, string>> = {
  redrive: 'Run failed jobs again',
  cancel: 'Cancel jobs',
  replay: 'Send webhooks again',
};

/** As in "40 run again." */
export const DID: Readonly<Record<string, string>> = {
  redrive: 'run again',
  cancel: 'cancelled or told to stop',
  replay: 'on their way',
};

export function askedOf({ kind, filter }: Pick<Operation, 'kind' | 'filter'>): Asked {
  const { tags = {}, since, until, ...rest } = filter;
  const times = Object.entries({ since, until }).map(([name, at]) => [name, at && exactText(at)] as const);
  const fields = [...Object.entries(rest), ...times].flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const tagged = Object.entries(tags).map(([name, value]) => [`tag ${name}`, value] as const);
  return { title: TITLES[kind] ?? kind, of: [...fields, ...tagged] };
}
