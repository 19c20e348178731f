/** In place of Docker, which is not on every machine: a program that notes how it is called, and runs commands as processes. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface EngineCall {
  readonly args: readonly string[];
  /** Of `run`: the variables that `--env` names. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * `pull` fails for images with `missing` in their names, `run` for those with `refused`; those with `hungry` run out of memory, and those
 * with `without` lack the command, of which the exit codes and the times are those of the engines' documents.
 */
const PROGRAM = `#!${process.execPath}
const { spawn } = require('node:child_process');
const { appendFileSync } = require('node:fs');
const args = process.argv.slice(2);
const named = args.flatMap((arg, i) => (args[i - 1] === '--env' ? [arg] : []));
const variables = Object.fromEntries(named.map((name) => [name, process.env[name] ?? '']));
appendFileSync(__filename + '.calls', JSON.stringify({ args, variables }) + '\\n');
const [verb, ...rest] = args;
if (verb === 'image') process.exit(1);
if (verb === 'pull' && rest.join().includes('missing')) {
  process.stderr.write('Pulling\\nError: manifest unknown\\n');
  process.exit(1);
}
const called = require('node:fs').readFileSync(__filename + '.calls');
const startedAt = called.includes('without') ? '0001-01-01T00:00:00Z' : '2026-01-01T00:00:00.5Z';
if (verb === 'inspect') process.stdout.write(called.includes('hungry') + ' ' + startedAt);
if (verb === 'run') {
  const at = args.findIndex((arg) => arg.startsWith('registry/'));
  if (args[at].includes('refused')) process.exit(125);
  if (args[at].includes('without')) process.exit(127);
  const child = spawn(args[at + 1], args.slice(at + 2), { stdio: 'inherit' });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' ? 143 : 137)));
}
`;

export function engineProgram() {
  const program = join(mkdtempSync(join(tmpdir(), 'engine-')), 'docker');
  writeFileSync(program, PROGRAM);
  chmodSync(program, 0o755);
  const file = `${program}.calls`;
  const calls = (): EngineCall[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [];
  return { program, calls, verbs: () => calls().map(({ args }) => args[0]) };
}
