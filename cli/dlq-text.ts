/** Dead letters in a terminal. */
import type { Letter } from '../domain/dead-letter/letter.ts';
import type { Found } from '../io/aws/dead-letters.ts';

/** Columns as wide as their widest cell; the last one has no width. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

export const HEADINGS = ['WHEN', 'KIND', 'TENANT', 'TYPE', 'CLASS', 'CODE', 'ID', 'REASON'];

/** The reason comes last: it is the longest. */
export function rowOf(letter: Letter): string[] {
  const { kind, tenant = '-', type = '-', class: failureClass = '-', code, id, reason } = letter;
  return [time(letter.atMs), kind, tenant, type, failureClass, code, id, reason].map(harmless);
}

/** All of one letter, the body last and as it was sent. */
export function pageOf({ letter, stored }: Found): string {
  const facts: [string, string][] = [
    ['id', letter.id],
    ['kind', letter.kind],
    ['letter', letter.messageId],
    ['sent', time(stored.sentAtMs)],
    ...Object.entries(stored.attributes),
  ];
  return [...columns(facts.map((fact) => fact.map(harmless))), '', printable(stored.body)].join('\n');
}

function time(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** The only control characters that SQS accepts beside line breaks; a terminal would interpret them. */
export function printable(text: string): string {
  return text.replace(/[\u007f-\u009f]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
}

/** The attributes of a message that SQS moved come from the sender, and may contain line breaks. */
export function harmless(text: string): string {
  return printable(text).replace(/\s+/g, ' ');
}
