/** The completion script, executed by bash as it is sourced. */
import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { completionOf } from '../../../cli/completion.ts';
import { program } from '../../../cli/entries.ts';
import { output } from '../../../cli/program/output.ts';

let script = '';
const streams = {
  out: (text: string) => {
    script = text;
  },
  err: () => undefined,
  width: 80,
  colour: false,
};
const context = {
  output: output(streams, false),
  environment: {},
  signal: new AbortController().signal,
};
const scriptFor = async (shell: string) => {
  await completionOf(program.entries).run({ id: shell }, context);
  return script;
};

/** What bash offers after these words, the last of which is being typed. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const typed = ['headgate', ...words].map((word) => `'${word}'`).join(' ');
  const probe = `${await scriptFor('bash')}\nCOMP_WORDS=(${typed}) COMP_CWORD=${words.length}\n_headgate\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-u', '-c', probe], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter((word) => word !== '');
}

test.each<[string[], string[]]>([
  [['dl'], ['dlq']],
  [['dlq', 're'], ['redrive']],
  [['dlq', 'redrive', '--ra'], ['--rate']],
  [['dlq', 'redrive', 'job_abc', '--ra'], ['--rate']],
  [['dlq', 'redrive', '--rate', '5/s', '--ma'], ['--max']],
  [['reconcile', '--set'], ['--set-aside']],
  [['tenant', 'put', 'acme', '--weigh'], ['--weight']],
  [['nothing', 'of', 'it'], []],
])('after %j bash offers %j', async (words, expected) => {
  expect(await offered(...words)).toEqual(expected);
});

test('every noun is offered at first', async () => {
  expect(await offered('')).toEqual([...Object.keys(program.entries), '--help']);
});

test('zsh takes the script of bash, and fish one of its own', async () => {
  expect(await scriptFor('zsh')).toMatch(/^autoload -U \+X bashcompinit/);
  expect(await scriptFor('fish')).toMatch(
    /^complete -c headgate -f -n '__fish_seen_subcommand_from dlq; and __fish_seen_subcommand_from list' -l since$/m,
  );
});
