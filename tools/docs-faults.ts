/** The tables of docs/developing/faults.md: faults, their consequences, and the tests that show them. */
import { badInput } from '../tests/matrix/bad-input.ts';
import { faults } from '../tests/matrix/faults.ts';
import { type Naming, namings } from '../tests/matrix/named.ts';
import type { Row, Rows, Shown } from '../tests/matrix/rows.ts';
import { simulated } from '../tests/matrix/simulated.ts';

export function faultTables(): string {
  const shownBy = Map.groupBy([...namings(), ...inTheSimulator()], ({ row }) => row);
  const shown = (id: string) => references(shownBy.get(id) ?? []).join('<br>');
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
    [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line), ''].join('\n');
  const codes = ({ codes = [] }: Shown) => codes.map((code) => `\`${code}\``).join(' ');
  return [
    '## Faults',
    '',
    table(
      ['row', 'what happens', 'what Headgate does', 'shown by'],
      shownIn(faults).map(([id, row]) => [id, row.what, row.answer, shown(id)]),
    ),
    '## Bad input',
    '',
    table(
      ['row', 'what is sent', 'code', 'what becomes of it', 'shown by'],
      shownIn(badInput).map(([id, row]) => [id, row.what, codes(row), row.answer, shown(id)]),
    ),
    '## Not here',
    '',
    table(
      ['row', 'what happens', 'why no test shows it'],
      Object.entries({ ...faults, ...badInput }).flatMap(([id, row]) =>
        'notHere' in row ? [[id, row.what, row.notHere]] : [],
      ),
    ),
  ].join('\n');
}

const shownIn = (rows: Rows): [string, Shown][] =>
  Object.entries(rows).flatMap(([id, row]) => (isShown(row) ? [[id, row]] : []));

const isShown = (row: Row): row is Shown => 'answer' in row;

function inTheSimulator(): Naming[] {
  const file = 'tests/simulation/simulation.test.ts';
  return Object.entries(simulated).flatMap(([point, rows]) =>
    rows.map((row) => ({ row, file, title: 'worlds with …', each: `\`${point}\`` })),
  );
}

/** One for each test, with the rows of its table in it. */
function references(names: readonly Naming[]): string[] {
  const tests = Map.groupBy(names, ({ file, title }) => `${file} ${title}`);
  return [...tests.values()].flatMap((some) => {
    const [first] = some;
    if (first === undefined) return [];
    const { file, title } = first;
    const rows = some.flatMap(({ each }) => each ?? []).join('; ');
    const text = rows === '' ? title.replace(/: …$/, '') : title.replace('…', () => rows);
    return [`[${file.replace(/^tests\//, '').replace(/\.test\.ts$/, '')}](../../${file}): ${text}`];
  });
}

const escaped = (text: string) => text.replaceAll('|', String.raw`\|`);
