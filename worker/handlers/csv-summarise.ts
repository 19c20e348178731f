/** csv.summarise: streams a CSV file of any length and writes statistics of each column. */
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import type * as z from 'zod';
import type { CsvSummariseInput } from '../../job-types.ts';
import { type Handler, NeverAgain } from '../work.ts';
import { ColumnStatistics } from './column-statistics.ts';

const MAX_COLUMNS = 1000;
const MAX_RECORD_BYTES = 1024 * 1024;
const ROWS_PER_REPORT = 5000;

export const csvSummarise: Handler<z.infer<typeof CsvSummariseInput>> = async ({ csv, delimiter }, work) => {
  let columns: { name: string; statistics: ColumnStatistics }[] = [];
  let rows = 0;
  const parser = parse({ delimiter, bom: true, max_record_size: MAX_RECORD_BYTES, skip_empty_lines: true });
  const source = await work.objects.read(csv);
  try {
    await pipeline(
      source,
      parser,
      async (records: AsyncIterable<string[]>) => {
        for await (const record of records) {
          if (columns.length === 0) {
            columns = headerOf(record);
            continue;
          }
          for (const [i, { statistics }] of columns.entries()) statistics.add(record[i] ?? '');
          if (++rows % ROWS_PER_REPORT === 0) work.progress({ done: rows, note: 'rows' });
        }
      },
      { signal: work.signal },
    );
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // The parser's own message would quote the file.
    throw new NeverAgain('input_rejected', `The file is not valid CSV: ${error.code} near row ${rows + 2}.`);
  }
  if (columns.length === 0)
    throw new NeverAgain('input_rejected', 'The file is empty; expected a header and rows.');
  const summary = {
    rows,
    columns: columns.map(({ name, statistics }) => ({ name, ...statistics.summary() })),
  };
  const { uri, bytes } = await work.write(
    'summary.json',
    JSON.stringify(summary, null, 1),
    'application/json',
  );
  return { rows, columns: columns.length, summary: uri, bytes };
};

function headerOf(names: readonly string[]) {
  if (names.length > MAX_COLUMNS) {
    throw new NeverAgain('input_rejected', `Expected at most ${MAX_COLUMNS} columns, found ${names.length}.`);
  }
  return names.map((name) => ({ name: name.trim(), statistics: new ColumnStatistics() }));
}
