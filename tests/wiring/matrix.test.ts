/** What can go wrong is listed, and shown by tests that say so. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { badInput } from '../matrix/bad-input.ts';
import { faults } from '../matrix/faults.ts';
import { batchRows, otherRows } from '../matrix/laptop.ts';
import { namings, namingsIn } from '../matrix/named.ts';
import { simulated } from '../matrix/simulated.ts';
import { profiles } from '../simulation/profiles.ts';

const rows = Object.entries({ ...faults, ...badInput });
const named = new Set([...namings().map(({ row }) => row), ...Object.values(simulated).flat()]);

it('every row has a test that names it, or the reason why there is none', () => {
  const unshown = rows.filter(([id, row]) => 'answer' in row && !named.has(id)).map(([id]) => id);
  expect(unshown).toEqual([]);
});

it('no test names a row that is not listed, or one that is said to have no test', () => {
  const shown = new Set(rows.flatMap(([id, row]) => ('answer' in row ? [id] : [])));
  expect([...named].filter((id) => !shown.has(id))).toEqual([]);
});

it('the first letter distinguishes faults from bad input, and the rows are in order', () => {
  for (const [letter, list] of [
    ['F', faults],
    ['M', badInput],
  ] as const) {
    const ids = Object.keys(list);
    expect(ids.filter((id) => !new RegExp(`^${letter}\\d\\d$`).test(id))).toEqual([]);
    expect(ids).toEqual(ids.toSorted());
  }
});

it.each(Object.keys(simulated).filter((point) => point !== 'due.lag'))(
  'some world of the simulator has the fault %s',
  (point) => {
    const [group = '', fault = ''] = point.split('.');
    const odds = Object.values(profiles).map((profile) => Object(Object(profile)[group])[fault]);
    expect(Math.max(...odds)).toBeGreaterThan(0);
  },
);

// The ids are put together here, or these examples would name rows themselves.
describe('a title that names rows', () => {
  const titles = (source: string) =>
    namingsIn('x.test.ts', source).map(({ row, title }) => `${row} ${title}`);

  it('is read with the groups around it', () => {
    const source = `describe('a job', () => {\n  describe.each(all)('$id', () => {\n    it("isn't lost (F${'01'}, F${'02'})", go);\n  });\n});`;
    expect(titles(source)).toEqual([`F01 a job: isn't lost`, `F02 a job: isn't lost`]);
  });

  it('may be the row of a table, whose title comes after it', () => {
    const source = `it('before', go);\nit.each([\n  ['text (M${'02'})', 'code'],\n  ['more', 'code'],\n])('%s is refused with %s', go);`;
    expect(namingsIn('x.test.ts', source)).toEqual([
      { row: 'M02', file: 'x.test.ts', title: '… is refused with …', each: 'text' },
    ]);
  });

  it('must be a title', () => {
    expect(() => titles(`const text = 'a duplicate (F${'01'})';`)).toThrow('outside of a title');
  });
});

it.each([...batchRows, ...otherRows].map(({ aws, file, title }) => [aws, file, title]))(
  'on a laptop, too: %s',
  (_, file, title) => {
    const source = readFileSync(join(import.meta.dirname, '..', `${file}.test.ts`), 'utf8');
    expect(source.replaceAll(/\s+/g, ' ')).toContain(title);
  },
);
