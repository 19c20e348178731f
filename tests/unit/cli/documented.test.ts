/** Each command of a page is one that there is: its verb, its options and the values that they take. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from '@jest/globals';
import { checks } from '../../../cli/doctor/doctor.ts';
import { program } from '../../../cli/entries.ts';
import { parse } from '../../../cli/program/parse.ts';

const root = join(import.meta.dirname, '../../..');
const pages = ['README.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: root })].filter(
  // What a record of a decision names may have another name by now.
  (path) => !path.includes('docs/decisions/'),
);

interface Written {
  readonly line: string;
  readonly args: readonly string[];
}

/** The lines of blocks of code, and what is written between single backticks. */
function codeOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```(?:\w*)\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
    block.replaceAll(/\\\n\s*/g, ' ').split('\n'),
  );
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...blocks, ...[...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll('\n', ' '))];
}

/** Words as a shell takes them apart, up to the end of the command. */
function wordsOf(line: string): string[] {
  const [command = ''] = line.split(/ (?:\||#|&&|>) ?|[;)]/);
  return [...command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replaceAll(/['"]/g, ''));
}

const commandsOf = (text: string): Written[] =>
  codeOf(text).flatMap((line) => {
    const found = /(?:^|\s)(?:npx )?headgate ((?!-)[a-z].*)$/.exec(line)?.[1];
    return found === undefined ? [] : [{ line: found, args: wordsOf(found) }];
  });

/** What a reader is to fill in. */
const isOpen = (value: unknown): boolean => /…|\||^\$|^[A-Z_]+$|\{$/.test(String(value));

/** @returns what is wrong with the command */
async function wrongIn({ args }: Written): Promise<string | undefined> {
  const [noun = '', verb] = args;
  if (verb === undefined) return Object.hasOwn(program.entries, noun) ? undefined : `there is no ${noun}`;
  try {
    const asked = await parse(program, args);
    if (asked.kind !== 'run') return undefined;
    const wrong = Object.entries(asked.given).find(
      ([name, value]) =>
        ![value].flat().some(isOpen) && asked.verb.options[name]?.schema.safeParse(value).success === false,
    );
    return wrong && `--${wrong[0]} does not take ${String(wrong[1])}`;
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown';
  }
}

describe.each(pages)('%s', (path) => {
  const text = readFileSync(join(root, path), 'utf8');

  it('names commands of headgate that there are', async () => {
    const judged = await Promise.all(
      commandsOf(text).map(async (written) => [written.line, await wrongIn(written)]),
    );
    expect(judged.filter(([, wrong]) => wrong !== undefined)).toEqual([]);
  });

  it('names scripts of npm that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const named = codeOf(text).flatMap((line) =>
      [...line.matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name = '']) => name),
    );
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

test.each([
  ['a verb that there is not', 'dlq lst', 'headgate dlq has no lst; the nearest is list.'],
  ['an option that there is not', 'dlq list --limt 3', '--limt'],
  ['a value that it does not take', 'dlq list --group-by planet', '--group-by does not take planet'],
  ['a noun that there is not', 'queue', 'there is no queue'],
])('%s is found', async (_, line, wrong) => {
  const [written] = commandsOf(`\`headgate ${line}\``);
  expect(written && (await wrongIn(written))).toContain(wrong);
});

test('the pages have commands to look at', () => {
  const found = pages.flatMap((path) => commandsOf(readFileSync(join(root, path), 'utf8')));
  expect(found.length).toBeGreaterThan(100);
});

describe('the checks of doctor', () => {
  const ids = checks.map(({ id }) => id);

  it('are those of its table, in their order', () => {
    const page = readFileSync(join(root, 'docs/using/cli.md'), 'utf8');
    const table = page.slice(page.indexOf('## Doctor'), page.indexOf('## For scripts'));
    expect([...table.matchAll(/^\| `([a-z]+\.[a-z_]+)` \|/gm)].map(([, id]) => id)).toEqual(ids);
  });

  it('that the runbook names are there', () => {
    const named = ['alarms', 'symptoms', 'queues', 'causes', 'repair'].flatMap((name) => {
      const page = readFileSync(join(root, `docs/operating/${name}.md`), 'utf8');
      const lines = page.split('\n').filter((line) => /doctor/.test(line));
      const nouns = new Set(ids.map((id) => id.split('.')[0]));
      return lines.flatMap((line) =>
        [...line.matchAll(/`([a-z]+)\.([a-z_]+)`/g)].flatMap(([, noun, rest]) =>
          nouns.has(noun) ? [`${noun}.${rest}`] : [],
        ),
      );
    });
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  });
});
