/** Documentation, comments and sentences are plain English: a sentence has a noun as its subject. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

interface Idiom {
  readonly found: RegExp;
  readonly instead: string;
}

const idioms: readonly Idiom[] = [
  { found: /\bwho(?:m|so)?ever\b/i, instead: 'the process, reader or operator that is meant' },
  { found: /(?:^|[.:;|] |\/\*\* | \* |\/\/ )Who (?!.*\?)/, instead: 'a noun as the subject' },
  {
    found: /\b(?:by|for|from|of|to|wakes?|waking|with) who\b/,
    instead: 'a noun, such as "the waiting attempts"',
  },
  { found: /\b(?:he|him|his|she)\b/i, instead: '"it", for a process or a tenant' },
  { found: /\b(?:any|no|some)body\b/i, instead: 'a noun: "a handler", "an operator", "no process"' },
  { found: /\bin vain\b/i, instead: '"without effect", or what was missing' },
  { found: /\bTwice[:,]/, instead: '"Idempotent: …"' },
  {
    found: /\bstands? (?:above|ahead|at|beside|between|by|here|in|on|open|there|twice|under)\b/i,
    instead: '"is", "has" or "appears"',
  },
  { found: /\bmade good\b/i, instead: '"repaired"' },
];

/** A decision record keeps the words of its day. The list of records has their titles, and faults.md the titles of tests. */
const KEPT = /^(?:docs\/(?:decisions\/|developing\/faults\.md)|tests\/wiring\/words\.test\.ts)/;

const root = join(import.meta.dirname, '../..');
const rooms: Readonly<Record<string, readonly string[]>> = {
  'the documentation': ['*.md', '.github/**/*.md', 'docs/**/*.md'],
  'domain/': ['domain/**/*.ts', 'job-types.ts'],
  'application/': ['application/**/*.ts', 'functions/*.ts'],
  'api/': ['api/**/*.ts'],
  'io/': ['io/**/*.ts'],
  'worker/': ['worker/**/*.ts'],
  'console/': ['console/**/*.{ts,tsx}'],
  'cli/, demo/, tools/ and bench/': ['{cli,client,demo,tools,bench}/**/*.ts'],
  'local/': ['local/**/*.ts'],
  'tests/': ['tests/**/*.ts'],
  'resources/': ['resources/*.yml', 'serverless.yml'],
};

describe.each(Object.entries(rooms))('%s', (_, patterns) => {
  const files = patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((file) => !KEPT.test(file));

  it('uses no idiom that has a plain word', () => {
    expect(files).not.toEqual([]);
    expect(files.toSorted().flatMap(idiomsIn)).toEqual([]);
  });
});

/** Names that were given up for those that the glossary has. */
const RETIRED =
  /\b(?:batchJobId|gated|complaint|Sighting|recognise|Standing|afterBehaviour|payDebts|isOwed|endStray|handedOver|MOMENT_MS|tellsProgress|previewSweep|SweepPorts|memberOf|isMember|takeTurns|WorkerWord|systemChance|LanePorts|holdsInVain)\b/;

it('no retired name is left outside decision records', () => {
  const files = globSync(
    '{api,application,bench,cli,console,demo,docs,domain,functions,io,resources,tests,tools,worker}/**/*.{ts,tsx,md,yml}',
    {
      cwd: root,
    },
  );
  const asked = files.filter((file) => !KEPT.test(file) && file !== 'tests/wiring/words.test.ts');
  const found = asked.flatMap((file) => {
    const name = RETIRED.exec(readFileSync(join(root, file), 'utf8'))?.[0];
    return name === undefined ? [] : [`${file}: ${name}`];
  });
  expect(found).toEqual([]);
});

function idiomsIn(file: string): string[] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  return lines.flatMap((line, i) =>
    idioms
      .filter(({ found }) => found.test(line))
      .map(({ found, instead }) => `${file}:${i + 1}: "${found.exec(line)?.[0].trim()}"; write ${instead}`),
  );
}
