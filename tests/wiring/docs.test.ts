/** What the documents say of the code is what the code says of itself, and each link leads somewhere. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { JobRecord } from '../../domain/job/job.ts';
import { generatedDocs, renderDoc } from '../../tools/docs.ts';
import { faultKinds } from '../simulation/kinds.ts';
import { expectations } from '../simulation/mutants.ts';
import { anchorsOf, linksOf, type Page } from './pages.ts';

const root = join(import.meta.dirname, '../..');
const files = [
  ...globSync('*.md', { cwd: root }),
  ...globSync('{docs,.github}/**/*.md', { cwd: root }),
].toSorted();
const pages = new Map<string, Page>(
  files.map((path) => [path, { path, text: readFileSync(join(root, path), 'utf8') }]),
);

it.each(generatedDocs)('docs/%s has the tables of the code; otherwise run `npm run docs`', (file) => {
  const { current, expected } = renderDoc(file);
  expect(current).toBe(expected);
});

describe('a link', () => {
  it.each([...pages.values()])('of $path leads to a file and a heading that are there', (page) => {
    const broken = linksOf(page).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? page.path : relative(root, join(root, dirname(page.path), file));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(pages.get(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('leads to each page of docs/ from its index', () => {
    const index = pages.get('docs/README.md');
    const listed = new Set(index === undefined ? [] : linksOf(index).map((link) => join('docs', link)));
    const own = files.filter(
      (path) => path.startsWith('docs/') && !/^docs\/(README|decisions\/\d)/.test(path),
    );
    expect(own.filter((path) => !listed.has(path))).toEqual([]);
  });

  it('to a page of docs/ in a comment of the code leads to a page that is there', () => {
    const sources = globSync(
      '{*.ts,*.yml,{application,bench,cli,demo,domain,functions,io,local,resources,testing,tests,tools,worker}/**/*.{ts,yml}}',
      { cwd: root },
    );
    const named = sources.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/\bdocs\/[\w/-]+\.md/g)].map(([path]) => ({
        file,
        path,
      })),
    );
    expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('docs/reliability.md', () => {
  const text = pages.get('docs/reliability.md')?.text ?? '';

  it('names every kind of fault, and every rule that is taken out', () => {
    const rules = expectations.map(({ rule, without, profile }) => `| [${rule}] | ${without} | ${profile} |`);
    expect(rules.filter((row) => !text.includes(row))).toEqual([]);
    expect(faultKinds.filter((kind) => !text.includes(`\`${kind}\``))).toEqual([]);
  });

  it('links each rule that a table names to its heading', () => {
    const named = [...text.matchAll(/\| \[([A-Z]?[\d.]+)\]/g)].map(([, rule]) => rule);
    const defined = [...text.matchAll(/^\[([A-Z]?[\d.]+)\]: \S+$/gm)].map(([, rule]) => rule);
    expect([...new Set(named)].toSorted()).toEqual(defined.toSorted());
  });
});

it('docs/architecture.md says of each field of the record which step writes it', () => {
  const [, table = ''] = (pages.get('docs/architecture.md')?.text ?? '').split('## Writers of each field');
  const cells = [...table.matchAll(/^\| (`[^|]*)\|/gm)].map(([, cell = '']) => cell);
  const described = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, field]) => field));
  expect(described.toSorted()).toEqual(Object.keys(JobRecord.shape).toSorted());
});

it('the glossary has each term once, in alphabetical order', () => {
  const text = pages.get('docs/developing/glossary.md')?.text ?? '';
  const rows = [...text.matchAll(/^\| ([^|]+) \|/gm)].map(([, term = '']) => term.toLowerCase());
  const terms = rows.slice(2);
  expect(terms).toEqual([...new Set(terms)].toSorted());
});

it('each decision record has its date, in the line after its title', () => {
  const records = [...pages.values()].filter(({ path }) => /^docs\/decisions\/\d{4}-/.test(path));
  const undated = records.filter(({ text }) => !/^# \d{4}: .*\n\n\*\d{4}-\d\d-\d\d[.*]/.test(text));
  expect(undated.map(({ path }) => path)).toEqual([]);
});
