/** Which tests name which rows: read from the titles, and from the rows of tables that become titles. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Naming {
  readonly row: string;
  /** Below the root of the repository. */
  readonly file: string;
  /** As a reader of the test run sees it, without the ids; an ellipsis stands where a table fills in. */
  readonly title: string;
  /** The row of the table, where that is what names it. */
  readonly each?: string;
}

const root = join(import.meta.dirname, '../..');
const IDS = String.raw`\(([FM]\d\d(?:, [FM]\d\d)*)\)`;
const TEXT = String.raw`(?:\\.|(?!\1)[^\\\n])*?`;
const NAMING = new RegExp(String.raw`(['"\`])(${TEXT}${IDS}${TEXT})\1`, 'g');
/** What stands before a title, on its own line or on the one before. */
const OPENS_TEST = /(?:\b(?:it|test|describe)|\))\(\s*$/;
const TABLE_TITLE = /\)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*?(?:%[sjd]|\$\w+)(?:\\.|(?!\1)[^\\])*?)\1/g;
const PLACE = /%[sjd]|\$\w+/;
const DESCRIBE = /^( *)describe\b.*?\((['"`])((?:\\.|(?!\2).)*)\2/;

export function namings(): Naming[] {
  const files = globSync('tests/**/*.test.ts', { cwd: root }).toSorted();
  return files.flatMap((file) => namingsIn(file, readFileSync(join(root, file), 'utf8')));
}

export function namingsIn(file: string, source: string): Naming[] {
  return [...source.matchAll(NAMING)].flatMap(({ index, 2: text = '', 3: ids = '' }) => {
    const { title, at } = titleOf(source, index, text);
    const whole = [...describesAround(source, at), title].map(readable).join(': ');
    const each = title === text ? {} : { each: readable(text) };
    return ids.split(', ').map((row) => ({ row, file, title: whole, ...each }));
  });
}

/** A row of a table is part of the title that follows the table. */
function titleOf(source: string, index: number, text: string): { title: string; at: number } {
  if (OPENS_TEST.test(source.slice(0, index))) return { title: text, at: index };
  TABLE_TITLE.lastIndex = index;
  const found = TABLE_TITLE.exec(source);
  if (found === null) throw new Error(`A row is named outside of a title: ${text}`);
  return { title: found[2] ?? '', at: found.index };
}

/** The formatter indents what is inside. */
function describesAround(source: string, at: number): string[] {
  const lines = source.slice(0, at + 1).split('\n');
  let indent = /^ */.exec(lines.at(-1) ?? '')?.[0].length ?? 0;
  const around: string[] = [];
  for (const line of lines.toReversed()) {
    const [, spaces = '', , title = ''] = DESCRIBE.exec(line) ?? [];
    if (title === '' || spaces.length >= indent) continue;
    indent = spaces.length;
    if (title.replaceAll(new RegExp(PLACE, 'g'), '').trim() !== '') around.unshift(title);
  }
  return around;
}

function readable(title: string): string {
  return title
    .replaceAll(new RegExp(` ?${IDS}`, 'g'), '')
    .replaceAll(/\\(.)/g, '$1')
    .replaceAll(new RegExp(PLACE, 'g'), '…');
}
