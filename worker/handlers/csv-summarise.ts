/** csv.summarise: streams a CSV file of any length and writes statistics of every column. */
import type * as z from 'zod';
import type { CsvSummariseInput } from '../../job-types.ts';
import type { Handler } from '../work.ts';
import { ColumnStatistics, DistinctBudget } from './csv/column-statistics.ts';
import { dialectOf } from './csv/dialect.ts';
import { readTable } from './csv/table.ts';
import { openText } from './csv/text.ts';

const ROWS_PER_REPORT = 5000;
/** About 150,000 short values. Larger sets cost more time than the rest of the work. */
const DISTINCT_BYTES = 16 * 1024 * 1024;

export const csvSummarise: Handler<z.infer<typeof CsvSummariseInput>> = async (input, work) => {
  const source = await work.objects.read(input.csv);
  try {
    const { encoding, pieces } = await openText(source, input.encoding);
    const dialect = await dialectOf(pieces, input);
    const columns = new Columns(input.decimal);
    let rows = 0;
    const reader = {
      header(names: readonly string[]) {
        for (const name of names) columns.open(name);
      },
      row(cells: readonly string[]) {
        columns.add(cells);
        if (++rows % ROWS_PER_REPORT === 0) work.progress({ done: rows, note: 'rows' });
      },
    };
    const counts = await readTable(dialect, input, reader, work.signal);
    const { delimiter, headerLine } = dialect;
    const facts = { ...counts, encoding, delimiter, headerLine };
    const summary = JSON.stringify({ ...facts, columns: columns.summary() }, null, 1);
    const { uri, bytes } = await work.write('summary.json', summary, 'application/json');
    return { ...facts, columns: columns.count, summary: uri, bytes };
  } finally {
    source.destroy();
  }
};

class Columns {
  readonly #budget = new DistinctBudget(DISTINCT_BYTES);
  readonly #all: { readonly name: string; readonly statistics: ColumnStatistics }[] = [];
  readonly #decimal: '.' | ',';
  #rows = 0;

  constructor(decimal: '.' | ',') {
    this.#decimal = decimal;
  }

  get count(): number {
    return this.#all.length;
  }

  open(name: string): void {
    this.#all.push({ name, statistics: new ColumnStatistics(this.#budget, this.#decimal, this.#rows) });
  }

  add(cells: readonly string[]): void {
    // Empty cells beyond the header are trailing delimiters.
    for (let i = this.#all.length; i < cells.length; i += 1)
      if (cells.slice(i).some((cell) => cell !== '')) this.open('');
    for (const [i, { statistics }] of this.#all.entries()) statistics.add(cells[i] ?? '');
    this.#rows += 1;
  }

  summary() {
    return this.#all.map(({ name, statistics }) => ({ name, ...statistics.summary() }));
  }
}
