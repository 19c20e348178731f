/** What the first lines of a file say about the rest: which of them has the column names, and what separates cells. */
import { NeverAgain } from '../../work.ts';

export interface Asked {
  readonly delimiter?: string | undefined;
  readonly headerLine?: number | undefined;
}

export interface Dialect {
  readonly delimiter: string;
  /** Of the column names, from 1. */
  readonly headerLine: number;
  /** The input named the line; otherwise it may be a title above the table. */
  readonly isHeaderAsked: boolean;
  /** The text from that line on. */
  readonly text: AsyncIterable<string>;
}

/** Column names are within this, with the lines before them. */
const MAX_HEAD_CHARACTERS = 1024 * 1024;
/** Excel writes and reads it. */
const SEPARATOR_LINE = /^"?sep=([^"\n])"?$/i;
const MARKUP = /^\s*</;
const JSON_TEXT = /^\s*(?:\{\s*["}]|\[\s*["{[\]])/;
const SEPARATORS = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'pipes' } as const;

/** @throws NeverAgain when the text is empty, another format, or when its delimiter is not clear */
export async function dialectOf(pieces: AsyncIterable<string>, asked: Asked): Promise<Dialect> {
  const source = pieces[Symbol.asyncIterator]();
  let head = '';
  for (let ended = false; ; ) {
    const found = headerIn(head, ended, asked.headerLine ?? 1);
    if (found !== undefined) {
      refuseOtherFormats(head);
      const delimiter = delimiterOf(found, asked.delimiter);
      const isHeaderAsked = asked.headerLine !== undefined;
      return {
        delimiter,
        headerLine: found.line,
        isHeaderAsked,
        text: joined(head.slice(found.offset), source),
      };
    }
    if (ended || head.length > MAX_HEAD_CHARACTERS) throw refusal(noHeader(head, asked.headerLine));
    const next = await source.next();
    if (next.done === true) ended = true;
    else head += next.value;
  }
}

interface Header {
  readonly line: number;
  readonly offset: number;
  readonly text: string;
  readonly separator: string | undefined;
}

/** The first line with content, not before line `from` and not the one that names the separator. */
function headerIn(head: string, ended: boolean, from: number): Header | undefined {
  let separator: string | undefined;
  for (let line = 1, offset = 0; offset < head.length; line += 1) {
    const newline = head.indexOf('\n', offset);
    if (newline < 0 && !ended) return undefined;
    const text = head.slice(offset, newline < 0 ? head.length : newline);
    const named = line === 1 ? SEPARATOR_LINE.exec(text)?.[1] : undefined;
    if (named === undefined && line >= from && text.trim() !== '') return { line, offset, text, separator };
    separator ??= named;
    if (newline < 0) return undefined;
    offset = newline + 1;
  }
  return undefined;
}

function refuseOtherFormats(head: string): void {
  if (MARKUP.test(head))
    throw refusal('The file begins with "<", as HTML and XML do; it may be an error page of a web server.');
  if (JSON_TEXT.test(head)) throw refusal('The file begins as JSON does; expected CSV.');
}

function delimiterOf({ line, text, separator }: Header, asked: string | undefined): string {
  if (asked !== undefined && separator !== undefined && asked !== separator) {
    const [inFile, inInput] = [JSON.stringify(separator), JSON.stringify(asked)];
    throw refusal(`Line 1 of the file says that its delimiter is ${inFile}; the input says ${inInput}.`);
  }
  return asked ?? separator ?? unquestionedComma(text, line);
}

/** A guess that is wrong would succeed with wrong columns, so a header that looks otherwise is a question to the tenant. */
function unquestionedComma(header: string, line: number): ',' {
  const unquoted = header.replaceAll(/"[^"]*"/g, '');
  const count = (separator: string) => unquoted.split(separator).length - 1;
  const commas = count(',');
  const [most = ',', name = ''] =
    Object.entries(SEPARATORS).find(([separator]) => count(separator) > commas) ?? [];
  if (most === ',') return ',';
  const found = `The header on line ${line} has ${count(most)} ${name} and ${commas} commas`;
  throw refusal(`${found}: set "delimiter" to ${JSON.stringify(most)}, or to "," if that is right.`);
}

async function* joined(first: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function noHeader(head: string, headerLine: number | undefined): string {
  if (head.length > MAX_HEAD_CHARACTERS)
    return 'The file has no end of its header within its first 1,048,576 characters.';
  if (headerLine === undefined || head.trim() === '') return 'The file is empty; expected a header and rows.';
  return `Expected column names on line ${headerLine}; the file has nothing from there on.`;
}

function refusal(sentence: string): NeverAgain {
  return new NeverAgain('input_rejected', sentence);
}
