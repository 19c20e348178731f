/** What an operation has done, as a sentence for the operator. */
import type { Operation } from '../api/schema.ts';
import { countText } from '../parts/words.ts';

export type Counted = Pick<Operation, 'done' | 'repeated' | 'refused' | 'codes' | 'state'>;

/** @param did as in "run again" */
export function endedText({ done, repeated, refused, codes, state }: Counted, did: string): string {
  const sentences = [`${countText(done)} ${did}.`];
  if (repeated > 0) sentences.push(`${countText(repeated)} ${repeated === 1 ? 'was' : 'were'} so before.`);
  const why = Object.entries(codes).map(([code, count]) => `${code} (${countText(count)})`);
  if (refused > 0) sentences.push(`${countText(refused)} not: ${why.join(', ')}.`);
  if (state === 'cancelled') sentences.push('It was stopped; what was not reached is as it was.');
  return sentences.join(' ');
}

export const soFarText = ({ done, repeated, refused }: Counted): string =>
  `${countText(done + repeated + refused)} of those that match`;
