/** Reading a command line: a command, its options, and one sentence for wrong usage. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import * as z from 'zod';

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
  const result = schema.safeParse({ ...values, ...(id === undefined ? {} : { id }) });
  if (!result.success) throw new Misused(sentence(command, result.error));
  return { command, options: result.data } as Asked<S>; // the options were parsed by the schema of this command
}

function parsed(schemas: Schemas, args: readonly string[]) {
  const options: ParseArgsOptionsConfig = { help: { type: 'boolean' } };
  for (const { shape } of Object.values(schemas)) {
    for (const [name, schema] of Object.entries(shape)) if (name !== 'id') options[name] = optionOf(schema);
  }
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Node's message is long; its first sentence names the option.
    const [first = ''] = (error instanceof Error ? error.message : '').split(/(?<=\.)\s|\n/);
    throw new Misused(first.endsWith('.') ? first : `${first}.`);
  }
}

/** A flag if the schema accepts `true`, a list if it accepts one, and text otherwise. */
function optionOf(schema: z.core.$ZodType): { type: 'boolean' | 'string'; multiple?: boolean } {
  if (z.safeParse(schema, true).success) return { type: 'boolean' };
  return { type: 'string', multiple: z.safeParse(schema, []).success };
}

function sentence(command: string, error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue?.code === 'unrecognized_keys') return `${command} does not take ${spelled(issue.keys[0])}.`;
  return `${spelled(issue?.path[0])}: ${issue?.message ?? 'not understood'}.`;
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
