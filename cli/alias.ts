/** The npm scripts of before `headgate`: aliases with the verbs and options that they had, for one release. */
import { run } from './main.ts';

type Translated = readonly [noun: string, rest: readonly string[]];

/** By the old noun and verb. */
const MOVED: Readonly<Record<string, readonly [noun: string, verb: string]>> = {
  'tenant why': ['job', 'why'],
  'tenant try': ['job', 'check'],
  'webhooks endpoints': ['webhook', 'list'],
  'webhooks list': ['webhook', 'deliveries'],
  'webhooks show': ['webhook', 'delivery'],
};
/** Their endpoint was an option, and is the argument now. */
const OF_ENDPOINT: ReadonlySet<string> = new Set(['ping', 'rotate', 'revoke', 'disable', 'enable', 'remove']);

export function translated(script: string, args: readonly string[]): Translated {
  const [verb = '', ...rest] = args;
  const moved = MOVED[`${script} ${verb}`];
  if (moved !== undefined) return [moved[0], [moved[1], ...rest]];
  if (script !== 'webhooks') return [script, args];
  return ['webhook', OF_ENDPOINT.has(verb) ? args.flatMap(withoutName) : args];
}

function withoutName(word: string): string[] {
  if (word === '--endpoint') return [];
  return [word.replace(/^--endpoint=/, '')];
}

if (import.meta.main) {
  const [script = '', ...args] = process.argv.slice(2);
  const [noun, rest] = translated(script, args);
  await run([noun, ...rest]);
  if (args.includes('--help'))
    process.stdout.write(
      `\nnpm run ${script} is an alias of npx headgate ${noun} for one release; some verbs have moved: docs/using/cli.md.\n`,
    );
}
