/** From text to rows that are as wide as their header, by the library's parser, with the true line of each. */
import { pipeline } from 'node:stream/promises';
import { CsvError, type Info, parse } from 'csv-parse';
import { NeverAgain } from '../../work.ts';
import type { Dialect } from './dialect.ts';

const MAX_COLUMNS = 1000;
const MAX_ROW_CHARACTERS = 1024 * 1024;

export interface TableOptions {
  /** `fill`: a short row gets empty cells, and cells beyond the header are columns without a name. */
  readonly ragged: 'refuse' | 'fill';
  /** `relaxed`: a quotation mark inside of a cell is text. `literal`: every one is. */
  readonly quotes: 'strict' | 'relaxed' | 'literal';
}

export interface TableReader {
  header(names: readonly string[]): void;
  /** @param cells at least as many as the header has names */
  row(cells: readonly string[]): void;
}

/** What was found and mended, so that nothing is mended in silence. */
export interface TableCounts {
  rows: number;
  /** Between rows; those after the last are not counted. */
  blankLines: number;
  shortRows: number;
  longRows: number;
  /** Cells with a quotation mark that was kept as text, where the options allow it. */
  cellsWithQuotes: number;
}

/** @throws NeverAgain with line and reason when the text is not the table that the options allow */
export async function readTable(
  dialect: Dialect,
  options: TableOptions,
  reader: TableReader,
  signal: AbortSignal,
): Promise<TableCounts> {
  const rows = new Rows(options, reader, dialect);
  const parser = parse({
    delimiter: dialect.delimiter,
    record_delimiter: '\n',
    quote: options.quotes === 'literal' ? null : '"',
    relax_quotes: options.quotes === 'relaxed',
    relax_column_count: true,
    skip_empty_lines: true,
    // Spaces around a quoted cell. The parser takes none after it when quotes are relaxed.
    ltrim: true,
    rtrim: options.quotes !== 'relaxed',
    max_record_size: MAX_ROW_CHARACTERS,
    // Rows are taken while the parser is at them: a stream of rows would be behind when it fails.
    on_record: (cells: string[], info) => {
      rows.add(cells, info);
      return null;
    },
  });
  try {
    await pipeline(dialect.text, parser, { signal });
  } catch (error) {
    throw error instanceof CsvError ? rows.refusalOf(error) : error;
  }
  return rows.counts;
}

class Rows {
  readonly counts: TableCounts = { rows: 0, blankLines: 0, shortRows: 0, longRows: 0, cellsWithQuotes: 0 };
  readonly #options: TableOptions;
  readonly #reader: TableReader;
  readonly #headerLine: number;
  readonly #isHeaderAsked: boolean;
  #names: readonly string[] = [];
  /** Of the next row, as far as the parser has come: its lines and its empty ones. */
  #endedLine = 0;
  #emptyLines = 0;

  constructor(options: TableOptions, reader: TableReader, dialect: Dialect) {
    this.#options = options;
    this.#reader = reader;
    this.#headerLine = dialect.headerLine;
    this.#isHeaderAsked = dialect.isHeaderAsked;
  }

  add(cells: readonly string[], info: Info): void {
    const line = this.#lineAfter(info.empty_lines);
    this.counts.blankLines += info.empty_lines - this.#emptyLines;
    this.#endedLine = info.lines;
    this.#emptyLines = info.empty_lines;
    if (this.#names.length === 0) this.#addHeader(cells);
    else this.#addRow(cells, line);
  }

  /** The line of the file on which the next row begins. */
  #lineAfter(emptyLines: number): number {
    return this.#headerLine + this.#endedLine + (emptyLines - this.#emptyLines);
  }

  #addHeader(names: readonly string[]): void {
    if (names.length > MAX_COLUMNS) throw tooManyColumns(this.#headerLine, names.length);
    if (names.every((name) => name === ''))
      throw refusal(
        `Expected column names on line ${this.#headerLine}, found empty cells; set "headerLine".`,
      );
    this.#names = names;
    this.#reader.header(names);
  }

  #addRow(cells: readonly string[], line: number): void {
    const width = this.#names.length;
    if (cells.length !== width) this.#judge(cells, line);
    if (this.#options.quotes !== 'strict')
      for (const cell of cells) if (cell.includes('"')) this.counts.cellsWithQuotes += 1;
    this.counts.rows += 1;
    this.#reader.row(
      cells.length < width ? [...cells, ...Array<string>(width - cells.length).fill('')] : cells,
    );
  }

  #judge(cells: readonly string[], line: number): void {
    const width = this.#names.length;
    const found = `Line ${line} has ${cells.length} cells, the header on line ${this.#headerLine} has ${width}.`;
    // A title above the table, most likely; no row of the table would fit it.
    if (width === 1 && this.counts.rows === 0 && cells.length > 1 && !this.#isHeaderAsked)
      throw refusal(`${found} If the column names are on a later line, set "headerLine".`);
    if (this.#options.ragged === 'refuse') {
      const advice = cells.length < width ? 'empty cells' : 'columns without a name';
      throw refusal(`${found} Set "ragged" to "fill" for ${advice} in their place.`);
    }
    if (cells.length > MAX_COLUMNS) throw tooManyColumns(line, cells.length);
    this.counts[cells.length < width ? 'shortRows' : 'longRows'] += 1;
  }

  /** The parser's own message quotes the file. */
  refusalOf({ code, ...facts }: CsvError): NeverAgain {
    const line = this.#lineAfter(this.#emptyLines);
    switch (code) {
      case 'CSV_QUOTE_NOT_CLOSED':
        return refusal(`The row that begins on line ${line} has a quotation mark that is not closed again.`);
      case 'CSV_MAX_RECORD_SIZE':
        return refusal(
          `The row that begins on line ${line} has more than ${MAX_ROW_CHARACTERS} characters; a quotation mark that is not closed has this effect.`,
        );
      default: {
        const at = Number(facts['lines']) + this.#headerLine - 1;
        const cell = Number(facts['index']) + 1;
        return refusal(
          `Line ${at} has a quotation mark inside of cell ${cell}. Double it within a quoted cell, or set "quotes" to "relaxed" to take it as text.`,
        );
      }
    }
  }
}

function tooManyColumns(line: number, found: number): NeverAgain {
  return refusal(`Expected at most ${MAX_COLUMNS} columns, found ${found} on line ${line}.`);
}

function refusal(sentence: string): NeverAgain {
  return new NeverAgain('input_rejected', sentence);
}
