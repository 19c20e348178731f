/** Reading a command line: a command, its options, and one sentence for wrong usage. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import * as z from 'zod';
import { inOurWords, withFound } from '../domain/request/expectation.ts';
import { nearest } from '../domain/request/spelling.ts';

/** Wrong usage: one sentence for the operator. */
export class Misused extends Error {
  override readonly name = 'Misused';
}

/** Where the stack is, for all commands. */
export const whereOptions = {
  stage: z
    .string()
    .regex(/^[\w-]{1,40}$/, 'expected a stage such as dev')
    .default('dev'),
  'endpoint-url': z.url('expected a URL').optional(),
  region: z.string().optional(),
};

/** An object of options by command. The positional argument of a command is its option `id`. */
export type Schemas = Readonly<Record<string, z.ZodObject>>;
export type Asked<S extends Schemas> = {
  [C in keyof S & string]: { readonly command: C; readonly options: z.output<S[C]> };
}[keyof S & string];

/**
 * @returns `help` when that was asked for
 * @throws Misused
 */
export function readCommand<S extends Schemas>(schemas: S, args: readonly string[]): Asked<S> | 'help' {
  const { values, positionals } = parsed(schemas, args);
  if (values['help'] === true) return 'help';
  const [command = '', id, ...rest] = positionals;
  const schema = Object.hasOwn(schemas, command) ? schemas[command] : undefined;
  if (schema === undefined) {
    const known = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(Object.keys(schemas));
    throw new Misused(`Expected ${known}${command && `, found ${command}`}.`);
  }
  if (rest.length > 0) throw new Misused(`Expected one argument, found ${positionals.length - 1}.`);
  const given = { ...values, ...(id === undefined ? {} : { id }) };
  const result = schema.safeParse(given, inOurWords);
  if (!result.success) throw new Misused(sentence(command, result.error, given));
  return { command, options: result.data } as Asked<S>; // the options were parsed by the schema of this command
}

function parsed(schemas: Schemas, args: readonly string[]) {
  const options: ParseArgsOptionsConfig = { help: { type: 'boolean' } };
  for (const { shape } of Object.values(schemas)) {
    for (const [name, schema] of Object.entries(shape)) if (name !== 'id') options[name] = optionOf(schema);
  }
  // Not strict: Node's own sentences for wrong usage are about Node.
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) if (token.kind === 'option') requireOption(options, token);
  return { values, positionals };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function requireOption(
  options: ParseArgsOptionsConfig,
  { name, rawName, value, inlineValue }: OptionToken,
): void {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const meant = nearest(name, Object.keys(options));
    throw new Misused(
      `There is no option ${rawName}${meant === undefined ? '' : `; the nearest is --${meant}`}.`,
    );
  }
  if (option.type === 'boolean') {
    if (value !== undefined) throw new Misused(`${rawName}: expected no value, found one.`);
    return;
  }
  // A forgotten value would take the next option for itself.
  if (value === undefined || (value.startsWith('-') && inlineValue !== true))
    throw new Misused(
      `${rawName}: expected a value, found ${value === undefined ? 'none' : `the option ${value}`}; ${rawName}=… takes any.`,
    );
}

/** A flag if the schema accepts `true`, a list if it accepts one, and text otherwise. */
function optionOf(schema: z.core.$ZodType): { type: 'boolean' | 'string'; multiple?: boolean } {
  if (z.safeParse(schema, true).success) return { type: 'boolean' };
  return { type: 'string', multiple: z.safeParse(schema, []).success };
}

function sentence(command: string, error: z.ZodError, given: Readonly<Record<string, unknown>>): string {
  const [issue] = error.issues;
  if (issue?.code === 'unrecognized_keys') return `${command} does not take ${spelled(issue.keys[0])}.`;
  const found = given[String(issue?.path[0])];
  const missing = found === undefined && issue?.code === 'invalid_type';
  const expected =
    missing && issue.message.startsWith('expected a value') ? 'expected a value' : issue?.message;
  const name = String(issue?.path[0]);
  const told = expected ?? 'expected another value';
  if (typeof found !== 'string' || found === '' || KEPT_SECRET.has(name))
    return `${spelled(name)}: ${withFound(told, found)}.`;
  return `${spelled(name)}: ${told.replace(/, found .*$/s, '')}, found ${typed(found)}.`;
}

/** Terminals are shared and scrolled back; a URL may carry a password. */
const KEPT_SECRET: ReadonlySet<string> = new Set(['secret', 'header', 'url']);
const MAX_SHOWN_CHARACTERS = 60;

/** What a person typed says more to them than its length. */
function typed(text: string): string {
  const clean = [...text].map((char) => (/\p{C}/u.test(char) ? '?' : char));
  return clean.length > MAX_SHOWN_CHARACTERS
    ? `${clean.slice(0, MAX_SHOWN_CHARACTERS).join('')}…`
    : clean.join('');
}

function spelled(name: PropertyKey | undefined): string {
  return name === 'id' ? 'ID' : `--${String(name)}`;
}

/** Runs a command and turns what it throws into a sentence and an exit code: 2 for wrong usage, 1 for the rest. */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  // The reader of the output may close it early, as `head` does; the command finishes its work.
  process.stdout.on('error', () => undefined);
  try {
    process.exitCode = await main();
  } catch (error) {
    const { message, name } = error instanceof Error ? error : { message: String(error), name: '' };
    process.stderr.write(`${message || name}\n`);
    process.exitCode = error instanceof Misused ? 2 : 1;
  }
}

export const print = (line: string): void => void process.stdout.write(`${line}\n`);
