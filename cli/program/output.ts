/**
 * What a command prints: lines for people, or JSON for programs. Texts of tenants, containers and AWS pass through here
 * alone, so no control character of theirs reaches the terminal, where it could move the cursor, change its title or fill
 * the clipboard.
 */
import { styleText } from 'node:util';

export type Tone = 'good' | 'bad' | 'dim' | 'strong';
export type Span = string | { readonly text: string; readonly tone?: Tone | undefined };

/** What people read. */
export interface Page {
  line(...spans: readonly Span[]): void;
  /** Columns as wide as their widest cell. The last one takes what is left of the width. */
  table(headings: readonly string[] | undefined, rows: readonly (readonly Span[])[]): void;
  /** A text that goes on below itself where the line is too short, behind a prefix that is not repeated. */
  hanging(prefix: string, text: Span): void;
  /** Several lines as they are, such as a body. */
  block(text: string): void;
}

export interface Output {
  /** True with `--json`. */
  readonly json: boolean;
  /** Each record as JSON on a line of its own; or the page, for people. */
  show(records: readonly unknown[], page: (page: Page) => void): void;
  /** A remark that is no record: with `--json` it goes to stderr. */
  note(sentence: string): void;
  /** To stderr. */
  warn(sentence: string): void;
}

export interface Streams {
  out(text: string): void;
  err(text: string): void;
  /** Characters in a line; Infinity when the output is no terminal and no width was given. */
  readonly width: number;
  readonly colour: boolean;
}

export function output(streams: Streams, json: boolean): Output {
  const page = pageOn(streams);
  const warn = (sentence: string) => streams.err(`${plain(sentence)}\n`);
  return {
    json,
    show: (records, write) => {
      if (!json) return write(page);
      for (const record of records) streams.out(`${jsonText(record)}\n`);
    },
    note: (sentence) => (json ? warn(sentence) : page.line(sentence)),
    warn,
  };
}

function pageOn({ out, width, colour }: Streams): Page {
  const line = (...spans: readonly Span[]) => {
    const whole = spans.map((span) => painted(span, colour)).join('');
    out(`${whole.trimEnd()}\n`);
  };
  return {
    line,
    table(headings, rows) {
      const all = headings === undefined ? rows : [headings, ...rows];
      for (const row of aligned(all, width)) line(...row);
    },
    hanging(prefix, span) {
      const before = plain(prefix);
      const room = Math.max(MIN_LAST, width - lengthOf(before));
      for (const [i, part] of wrapped(plain(textOf(span)), room).entries())
        line(i === 0 ? before : ' '.repeat(lengthOf(before)), withText(span, part));
    },
    block: (text) => out(`${plain(text, true)}\n`),
  };
}

const GAP = '  ';

/** The cells of each row padded to common widths, and the last one cut to what is left of the line. */
export function aligned(rows: readonly (readonly Span[])[], width = Number.POSITIVE_INFINITY): Span[][] {
  const texts = rows.map((row) => row.map((span) => plain(textOf(span))));
  const count = Math.max(0, ...texts.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) =>
    Math.max(0, ...texts.map((row) => lengthOf(row[i] ?? ''))),
  );
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0);
  return rows.map((row, r) =>
    row.flatMap((span, i) => {
      const text = texts[r]?.[i] ?? '';
      const last = i === count - 1;
      const shown = last ? cut(text, Math.max(MIN_LAST, width - before)) : padded(text, widths[i] ?? 0);
      return last ? [withText(span, shown)] : [withText(span, shown), GAP];
    }),
  );
}

/** A last column narrower than this says nothing; such a line wraps instead. */
const MIN_LAST = 16;

export function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}

/** Broken at spaces. A word that is longer than a line, such as an address, stays behind the word before it. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current !== '' && lengthOf(longer) > width && lengthOf(word) <= width) {
      lines.push(current);
      current = word;
    } else current = longer;
  }
  return [...lines, current];
}

const padded = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - lengthOf(text)));
const lengthOf = (text: string): number => [...text].length;
const textOf = (span: Span): string => (typeof span === 'string' ? span : span.text);
const withText = (span: Span, text: string): Span => (typeof span === 'string' ? text : { ...span, text });

const STYLES = { good: 'green', bad: 'red', dim: 'dim', strong: 'bold' } as const satisfies Record<
  Tone,
  string
>;

function painted(span: Span, colour: boolean): string {
  const text = plain(textOf(span));
  if (!colour || typeof span === 'string' || span.tone === undefined || text.trim() === '') return text;
  return styleText(STYLES[span.tone], text, { validateStream: false });
}

/** The control characters of Unicode, and those that turn the direction of a text. */
const CONTROL = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Visible escapes in place of control characters; white space is one line's, unless the text is a block. */
export function plain(text: string, block = false): string {
  return text.replace(CONTROL, (character) => {
    if (character === '\n' || character === '\t') return block ? character : ' ';
    if (character === '\r') return block ? '' : ' ';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** JSON leaves some control characters as they are; a program that reads the escapes gets the same text. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    CONTROL,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
