/** Dead letters for people and for programs. */
import type { Letter } from '../../domain/dead-letter/letter.ts';
import type { Found } from '../../io/aws/dead-letters.ts';
import type { Page } from '../program/output.ts';
import { second } from '../program/time.ts';

export const HEADINGS = ['WHEN', 'KIND', 'TENANT', 'TYPE', 'CLASS', 'CODE', 'ID', 'REASON'];

/** The reason comes last: it is the longest. */
export function rowOf(letter: Letter): string[] {
  const { kind, tenant = '-', type = '-', class: failureClass = '-', code, id, reason } = letter;
  return [second(letter.atMs), kind, tenant, type, failureClass, code, id, reason];
}

export const recordOf = ({ atMs, ...letter }: Letter) => ({ at: new Date(atMs).toISOString(), ...letter });

/** All of one letter, the body last and as it was sent. */
export function writePage(page: Page, { letter, stored }: Found): void {
  const facts: [string, string][] = [
    ['id', letter.id],
    ['kind', letter.kind],
    ['letter', letter.messageId],
    ['sent', second(stored.sentAtMs)],
    ...Object.entries(stored.attributes),
  ];
  page.table(undefined, facts);
  page.line();
  page.block(stored.body);
}
