/** The files that people have: what is read, what is mended and counted, and what is refused with the true line. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jobTypes } from '../../../job-types.ts';
import { ColumnStatistics, DistinctBudget } from '../../../worker/handlers/csv/column-statistics.ts';
import { csvSummarise } from '../../../worker/handlers/csv-summarise.ts';
import { runHandler } from './handler-run.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly distinct: number;
  readonly [more: string]: unknown;
}
interface Summary {
  readonly rows: number;
  readonly columns: readonly Column[];
  readonly [more: string]: unknown;
}
type Options = Readonly<Record<string, unknown>>;

async function summaryOf(file: string | Uint8Array, options: Options = {}, chunkBytes = 65_536) {
  const bytes = Buffer.from(file);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, i) =>
    bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes),
  );
  const input = { csv: 's3://jobs/tenants/acme/inputs/a.csv', ...options };
  const { result, written } = await runHandler<{ columns: number }>(
    csvSummarise,
    jobTypes.get('csv.summarise'),
    input,
    chunks,
  );
  const summary: Summary = JSON.parse(String(written.get('summary.json')));
  expect(result.columns).toBe(summary.columns.length);
  return summary;
}

const namesOf = ({ columns }: Summary) => columns.map(({ name }) => name);
const utf16 = (text: string, end: 'le' | 'be') => {
  const bytes = Buffer.from(text, 'utf16le');
  return end === 'le' ? bytes : bytes.swap16();
};
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const rowsOf = (count: number, row = '1,2') => `${row}\n`.repeat(count);

describe('a file is read', () => {
  test.each<[string, string | Uint8Array, Options, readonly string[], number]>([
    ['with a byte order mark of UTF-8', '\ufeffä,b\n1,2\n', {}, ['ä', 'b'], 1],
    ['as UTF-16LE by its byte order mark', utf16('\ufeffä,b\n1,2\n', 'le'), {}, ['ä', 'b'], 1],
    ['as UTF-16BE by its byte order mark', utf16('\ufeffä,b\r\n1,2\r\n', 'be'), {}, ['ä', 'b'], 1],
    ['as UTF-16LE without a mark', utf16('ä,b\n1,2\n', 'le'), { encoding: 'utf-16le' }, ['ä', 'b'], 1],
    ['as Latin-1', latin1('\xe4,b\n1,2\n'), { encoding: 'latin1' }, ['ä', 'b'], 1],
    ['as Windows-1252', latin1('\x80,b\n1,2\n'), { encoding: 'windows-1252' }, ['€', 'b'], 1],
    ['as Shift_JIS', latin1('\x83\x65,b\n1,2\n'), { encoding: 'shift_jis' }, ['テ', 'b'], 1],
    [
      'as its byte order mark says, whatever the input',
      '\ufeffä,b\n1,2\n',
      { encoding: 'latin1' },
      ['ä', 'b'],
      1,
    ],
    ['with lines that end in CR LF', 'a,b\r\n1,2\r\n3,4\r\n', {}, ['a', 'b'], 2],
    ['with many lines that end in CR LF', `a,b\r\n${'1,2\r\n'.repeat(200)}`, {}, ['a', 'b'], 200],
    ['with lines that end in CR', 'a,b\r1,2\r3,4', {}, ['a', 'b'], 2],
    ['with all line ends in turn', 'a,b\r1,2\n3,4\r\n5,6\r\r\n7,"8"\r\n', {}, ['a', 'b'], 4],
    ['without a last line end', 'a,b\n1,2', {}, ['a', 'b'], 1],
    ['with blank lines', '\n \na,b\n\n1,2\n  \n3,4\n\n', {}, ['a', 'b'], 2],
    ['with a line that names its delimiter', 'sep=;\r\na;b\r\n1;2\r\n', {}, ['a', 'b'], 1],
    ['with a line that names it, and the input too', 'sep=;\na;b\n1;2\n', { delimiter: ';' }, ['a', 'b'], 1],
    ['with a line that names a tab', '\ufeffsep=\t\na\tb\n1\t2\n', {}, ['a', 'b'], 1],
    [
      'with tabs, and empty cells first and last',
      'a\tb\tc\n\t1\t\n',
      { delimiter: '\t' },
      ['a', 'b', 'c'],
      1,
    ],
    ['with pipes', 'a|b\n1|2\n', { delimiter: '|' }, ['a', 'b'], 1],
    ['with a delimiter beyond ASCII', 'a§b\n1§2\n', { delimiter: '§' }, ['a', 'b'], 1],
    ['with one column that has a semicolon', 'a;b\n1\n', { delimiter: ',' }, ['a;b'], 1],
    ['with separators in a quoted name', '"a;b;c"\n1\n', {}, ['a;b;c'], 1],
    ['with quoted cells that have all kinds of things', 'a,b\n"1,\n""2""",3\n', {}, ['a', 'b'], 1],
    ['with spaces around quoted cells', 'a, "b, c"\n1, "x, y" \n', {}, ['a', 'b, c'], 1],
    ['with lines above the header', 'Report of "May\n\na,b\n1,2\n', { headerLine: 3 }, ['a', 'b'], 1],
    ['of one column with trailing commas', 'a\n1,\n2,\n', { ragged: 'fill', headerLine: 1 }, ['a'], 2],
    ['with a header alone and no line end', 'a,b', {}, ['a', 'b'], 0],
    ['with a header alone', 'a,b\n', {}, ['a', 'b'], 0],
    ['with names that repeat or are missing', 'a,,a,\n1,2,3,4\n', {}, ['a', '', 'a', ''], 1],
  ])('%s (M80)', async (_, file, options, names, rows) => {
    const summary = await summaryOf(file, options);
    expect([namesOf(summary), summary.rows]).toEqual([names, rows]);
    expect(await summaryOf(file, options, 1)).toEqual(summary);
  });

  test('and says how: encoding, delimiter and the line of the header', async () => {
    expect(await summaryOf(utf16('\ufeffsep=;\n\na;b\n1;2\n', 'be'))).toMatchObject({
      encoding: 'utf-16be',
      delimiter: ';',
      headerLine: 3,
      rows: 1,
      blankLines: 0,
      shortRows: 0,
      longRows: 0,
      cellsWithQuotes: 0,
    });
  });
});

describe('a file is refused', () => {
  const BIG = 'x'.repeat(2 ** 20);
  test.each<[string, string | Uint8Array, Options, RegExp]>([
    ['that is empty', '', {}, /is empty; expected a header/],
    ['of a byte order mark alone', '\ufeff', {}, /is empty/],
    ['of blank lines', '\n \r\n', {}, /is empty/],
    ['without a line of names', 'a,b\n1,2\n', { headerLine: 3 }, /names on line 3; the file has nothing/],
    ['with a header of empty cells', ',,\n1,2,3\n', {}, /line 1, found empty cells; set "headerLine"/],
    ['that is gzip', gzipSync('a,b\n1,2\n'), {}, /is a gzip archive/],
    ['that is a workbook', latin1('PK\x03\x04\x14\x00'), {}, /ZIP archive, as \.xlsx files are/],
    ['that is an Arrow file', latin1('ARROW1\0\0\xff'), {}, /is an Arrow file/],
    ['that is a PDF', '%PDF-1.7\n', {}, /is a PDF/],
    ['that is a page of HTML', '\ufeff\n<!DOCTYPE html>\n<p>404</p>', {}, /begins with "<"/],
    ['that is XML', '<Error><Code>NoSuchKey</Code></Error>', {}, /begins with "<"/],
    ['that is JSON', ' {"a": 1}', {}, /as JSON does/],
    ['that is a list of JSON', '[\n {"a": 1}]', {}, /as JSON does/],
    ['that is UTF-32', Buffer.from('\xff\xfe\0\0a\0\0\0', 'latin1'), {}, /UTF-32/],
    ['of UTF-16 without a mark', utf16('a,b\n1,2\n', 'le'), {}, /Line 1 has a NUL character.*"utf-16le"/],
    ['with a NUL character', `a,b\r\n${'1,2\r\n'.repeat(200)}3,\0\n`, {}, /Line 202 has a NUL/],
    [
      'in another encoding than UTF-8',
      latin1(`name\n${'x\r\n'.repeat(999)}M\xe9rida\nM\xe8rida\n`),
      {},
      /Line 1001 has bytes that are not utf-8.*"windows-1252"/,
    ],
    ['that ends within a character', Buffer.from('a\n1\né').subarray(0, -1), {}, /Line 3 has bytes/],
    [
      'with semicolons',
      'a;b,c;d\n1;2;3\n',
      {},
      /line 1 has 2 semicolons and 1 commas: set "delimiter" to ";"/,
    ],
    ['with tabs', '"a"\t"b"\n1\t2\n', {}, /1 tabs and 0 commas: set "delimiter" to "\\t"/],
    ['with pipes', '\n\na|b\n1|2\n', {}, /header on line 3 has 1 pipes/],
    [
      'that names another delimiter than the input',
      'sep=;\na;b\n',
      { delimiter: ',' },
      /Line 1 of the file says.*";".*","/,
    ],
    [
      'with a row that is too short',
      `a,b\n${rowsOf(4998)}1\n${rowsOf(9)}`,
      {},
      /Line 5000 has 1 cells, the header on line 1 has 2\..*"ragged"/,
    ],
    ['with a row that is too long', `a,b\n${rowsOf(998)}1,2,3\n`, {}, /Line 1000 has 3 cells/],
    [
      'with a row that is too long after long and blank lines',
      'a,b\r\n"1\r\n\r\n",2\r\n\r\n1,2,3\r\n',
      {},
      /Line 6 has 3 cells/,
    ],
    ['with a trailing comma', 'a,b\n1,2,\n', {}, /Line 2 has 3 cells, the header on line 1 has 2/],
    [
      'with a title above the table',
      'Report\n\na,b\n1,2\n',
      {},
      /Line 3 has 2 cells, the header on line 1 has 1\. .*"headerLine"/,
    ],
    ['with a title above the table, also when ragged', 'Report\na,b\n', { ragged: 'fill' }, /"headerLine"/],
    ['with a footer', 'a,b,c\n1,2,3\nTotal: 1\n', {}, /Line 3 has 1 cells/],
    [
      'with a mark of inches',
      `a,b\n${rowsOf(8)}1,27" monitor\n`,
      {},
      /Line 10 has a quotation mark inside of cell 2\..*"relaxed"/,
    ],
    [
      'with text after a quoted cell',
      'a,b\n1,2\n"x"y,2\n',
      {},
      /Line 3 has a quotation mark inside of cell 1/,
    ],
    [
      'with text and space after a quoted cell',
      'a,b\n1,2\n"x" y,2\n',
      {},
      /Line 3 has a quotation mark inside of cell 1/,
    ],
    [
      'with a quotation mark that stays open',
      'a,b\n1,2\n3,"4\n5,6\n',
      {},
      /begins on line 3 has a quotation mark that is not closed/,
    ],
    [
      'with a row without an end',
      `a,b\n1,2\n3,"${BIG}\n`,
      {},
      /begins on line 3 has more than 1048576 characters/,
    ],
    ['with too many columns', `${'a,'.repeat(1000)}a\n`, {}, /at most 1000 columns, found 1001 on line 1/],
    [
      'with too many columns in a ragged row',
      `a,b\n${'1,'.repeat(1000)}1\n`,
      { ragged: 'fill' },
      /found 1001 on line 2/,
    ],
    ['whose header has no end', BIG + BIG, {}, /no end of its header/],
  ])('%s, with a sentence that says what to do (M81)', async (_, file, options, sentence) => {
    for (const chunkBytes of [65_536, file.length < 5000 ? 1 : 4096]) {
      await expect(summaryOf(file, options, chunkBytes)).rejects.toMatchObject({
        name: 'NeverAgain',
        code: 'input_rejected',
        message: expect.stringMatching(sentence),
      });
    }
  });

  test.each([
    ['delimiter', ['', 'ab', '"', '\n', '\r', '\0', '\ufeff']],
    ['encoding', ['', 'utf-7', 'latin-99', 'utf-32']],
    ['headerLine', [0, 1.5, 1001]],
    ['ragged', ['ignore', true]],
    ['quotes', ['off']],
  ])('before its job is accepted, when %s is none', (option, values) => {
    const { input } = jobTypes.get('csv.summarise') ?? {};
    for (const value of values)
      expect(input?.safeParse({ csv: 's3://jobs/tenants/acme/a.csv', [option]: value }).success).toBe(false);
  });
});

describe('what the tenant allows is done, and counted', () => {
  test('short rows get empty cells, and long ones columns without a name (M82)', async () => {
    const file = 'a,b,\n1,2,3\n4\n5,6,7,\n8,9,10,11,\nTotal,,\n';
    const summary = await summaryOf(file, { ragged: 'fill' });
    expect(summary).toMatchObject({ rows: 5, shortRows: 1, longRows: 2 });
    expect(summary.columns).toMatchObject([
      { name: 'a', filled: 5, empty: 0, numbers: 4 },
      { name: 'b', filled: 3, empty: 2 },
      { name: '', filled: 3, empty: 2 },
      { name: '', filled: 1, empty: 4, min: 11 },
    ]);
  });

  test.each([
    ['relaxed', { rows: 3, cellsWithQuotes: 3 }, { distinct: 3, longest: 11 }],
    ['literal', { rows: 3, cellsWithQuotes: 3 }, { distinct: 3, longest: 11 }],
  ])('quotation marks inside of cells are text when they are %s (M82)', async (quotes, counts, column) => {
    const summary = await summaryOf('size,b\n27" monitor,1\n5\'11",2\n"""x""",3\n', { quotes });
    expect(summary).toMatchObject(counts);
    expect(summary.columns[0]).toMatchObject(column);
  });

  test('so is what follows a quoted cell when quotation marks are relaxed', async () => {
    const { columns } = await summaryOf('a,b\n"x" y, "2"\n', { quotes: 'relaxed' });
    expect(columns).toMatchObject([{ type: 'text', longest: 5 }, { type: 'number' }]);
  });

  test('blank lines are no rows', async () => {
    expect(await summaryOf('a,b\n\n1,2\n \n\n')).toMatchObject({ rows: 1, blankLines: 1 });
  });
});

describe('a column is numeric when all of its cells are numbers', () => {
  test.each([...['0', '+5', '5.', '.5', '-.5', '0.50', '1e3', '1E-3', '9007199254740991', '1e300', ' 7 ']])(
    '%s is one',
    async (cell) => {
      const { columns } = await summaryOf(`n\n"${cell}"\n`);
      expect(columns).toMatchObject([
        { type: 'number', min: Number(cell), max: Number(cell), mean: Number(cell) },
      ]);
    },
  );

  test.each([
    ...['101E010031', '888E010010', '1e400', '-1e999', '1e-400', '0x10', '0b1', '1_000', '1,234', '1.234,56'],
    ...[
      'NaN',
      'Infinity',
      '-inf',
      'null',
      'NA',
      '00501',
      '007',
      '-01',
      '.',
      '-',
      '+',
      'e5',
      '1e',
      '1 000',
      '٣',
    ],
    ...[
      '9007199254740993',
      '123456789012345678',
      '2024-01-31',
      '31/01/2024',
      '12:30',
      '5%',
      '$5',
      '5 €',
      '−5',
      '1.2.3',
    ],
  ])('%s is text, and the column says how many cells are numbers (M83)', async (cell) => {
    const { columns } = await summaryOf(`n\n"${cell}"\n12\n`);
    expect(columns).toMatchObject([{ type: 'text', filled: 2, numbers: 1, distinct: 2 }]);
  });

  test.each([
    ['1,5', 1.5],
    ['-,25', -0.25],
    ['1e3', 1000],
    ['7', 7],
    ['1.5', undefined],
    ['1.234,5', undefined],
    ['1,2,3', undefined],
    ['00,5', undefined],
  ])('%s with a decimal comma is %s (M83)', async (cell, value) => {
    const { columns } = await summaryOf(`a;b\n${cell};x\n`, { delimiter: ';', decimal: ',' });
    expect(columns[0]).toMatchObject(value === undefined ? { type: 'text' } : { type: 'number', min: value });
  });

  test('its statistics are numbers, whatever their size', async () => {
    for (const cells of [
      ['1e308', '-1e308', '1e308'],
      ['1e160', '-1e160'],
      ['5e-324', '1.7e308'],
    ]) {
      const { columns } = await summaryOf(`n\n${cells.join('\n')}\n`);
      expect(columns[0]).toMatchObject({ type: 'number', mean: expect.any(Number), max: expect.any(Number) });
      expect(JSON.stringify(columns)).not.toContain('null');
    }
  });

  test('mean and deviation are those of the numbers', async () => {
    const { columns } = await summaryOf('n\n1000000002\n1000000004\n1000000006\n\n');
    expect(columns).toMatchObject([
      { min: 1000000002, max: 1000000006, mean: 1000000004, standardDeviation: 2 },
    ]);
  });
});

describe('different values are counted within one budget of bytes (M84)', () => {
  const distinctOf = (column: ColumnStatistics) => {
    const { distinct, distinctIsAtLeast } = column.summary();
    return [distinct, distinctIsAtLeast];
  };

  test('which all columns share, and after which a count is "at least"', () => {
    const budget = new DistinctBudget(10_000);
    const [ids, flags] = [new ColumnStatistics(budget, '.'), new ColumnStatistics(budget, '.')];
    flags.add('yes');
    for (let i = 0; i < 1000; i += 1) ids.add(`id ${i}`);
    flags.add('yes');
    expect(distinctOf(flags)).toEqual([1, false]);
    flags.add('no');
    expect(distinctOf(flags)).toEqual([1, true]);
    const [found = 0, isAtLeast] = distinctOf(ids);
    expect([Number(found) > 50, Number(found) < 150, isAtLeast]).toEqual([true, true, true]);
  });

  test('in which a long value takes no more than a short one', () => {
    const column = new ColumnStatistics(new DistinctBudget(10_000), '.');
    const long = 'x'.repeat(1_000_000);
    for (const cell of [long, `${long}1`, `${long}2`, long]) column.add(cell);
    expect([distinctOf(column), column.summary()]).toMatchObject([[3, false], { longest: 1_000_001 }]);
  });
});

test('whatever the cells and the size of the pieces, what was written is what is counted', async () => {
  const cell = fc.oneof(
    fc.constantFrom('', '1', '-2.5', 'x', '"', ',', '\n', '\r\n', ' a ', 'é', '😀', '\ufffd', '0x1'),
    fc.string({ unit: 'grapheme', maxLength: 5 }).filter((text) => !text.includes('\0')),
  );
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.integer({ min: 1, max: 40 }),
      async (rows, end, chunkBytes) => {
        const file = ['a,b', ...rows.map((row) => row.map(quoted).join(','))].join(end);
        const summary = await summaryOf(file, {}, chunkBytes);
        const filled = (i: 0 | 1) => rows.filter((row) => row[i].trim() !== '').length;
        expect(summary.rows).toBe(rows.length);
        expect(summary.columns).toMatchObject([{ filled: filled(0) }, { filled: filled(1) }]);
      },
    ),
  );
});
