/** The words of `npm run dlq`: what may be typed, and what each command makes of it. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { z } from 'zod';
import { type Filter, filterSchema, GROUPINGS } from '../domain/redrive.ts';

export const USAGE = `Usage: npm run dlq -- COMMAND [OPTIONS]

  list    [FILTER] [--group-by reason|code|class|tenant|type] [--json]
  show    ID
  redrive ID | FILTER | --all   [--rate 5/s] [--max N] [--dry-run]
  discard ID | FILTER | --all   --reason "..." [--dry-run] [--table NAME]

ID is the job of a failed job, else the message id. FILTER is any of
  --tenant ID  --type JOB_TYPE  --class FAILURE_CLASS  --code CODE
  --since 30m | 2h | 7d | 2026-01-31 | 2026-01-31T09:00:00Z

--stage STAGE       whose front queue: headgate-STAGE-front (dev)
--table NAME        the jobs table, else TABLE_NAME, else the stage's only one
--endpoint-url URL  --region REGION   as for the AWS CLI
`;

/** Wrong usage: one sentence for the person who typed it. */
export class Misused extends Error {
  override readonly name = 'Misused';
}

export const Rate = z
  .string()
  .regex(/^[1-9]\d{0,3}\/[sm]$/, 'expected a rate such as 5/s or 30/m')
  .transform((text) => Number.parseInt(text, 10) / (text.endsWith('m') ? 60 : 1));
export const Max = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'expected a whole number from 1')
  .transform(Number);

export const where = {
  stage: z
    .string()
    .regex(/^[\w-]{1,40}$/, 'expected a stage such as dev')
    .default('dev'),
  'endpoint-url': z.url('expected a URL').optional(),
  region: z.string().optional(),
};

function commandSchemas(nowMs: number) {
  const { id, ...filter } = filterSchema(nowMs).shape;
  const acting = { ...where, id, ...filter, all: z.boolean().optional(), 'dry-run': z.boolean().optional() };
  return {
    list: z.strictObject({
      ...where,
      ...filter,
      'group-by': z.enum(GROUPINGS, `expected one of ${GROUPINGS.join(', ')}`).optional(),
      json: z.boolean().optional(),
    }),
    show: z.strictObject({ ...where, id: id.unwrap() }),
    redrive: z.strictObject({ ...acting, rate: Rate.default(5), max: Max.optional() }),
    discard: z.strictObject({
      ...acting,
      reason: z.string('expected why, in a sentence').trim().min(1, 'expected why').max(512),
      table: z.string().min(1).optional(),
    }),
  };
}
type Schemas = ReturnType<typeof commandSchemas>;
type Command = keyof Schemas;
type OptionsOf<C extends Command> = z.output<Schemas[C]>;
export type Asked = { [C in Command]: { readonly command: C; readonly options: OptionsOf<C> } }[Command];

const TEXTS = [
  ...['stage', 'table', 'endpoint-url', 'region', 'tenant', 'type', 'class', 'code', 'since'],
  ...['group-by', 'rate', 'max', 'reason'],
];
const FLAGS = ['json', 'all', 'dry-run', 'help'];

/**
 * @returns `help` when that was asked for
 * @throws Misused
 */
export function readArguments(args: readonly string[], nowMs: number): Asked | 'help' {
  const { values, positionals } = parsed(args);
  if (values['help'] === true) return 'help';
  const [command = '', id, ...rest] = positionals;
  const schemas = commandSchemas(nowMs);
  if (!isCommand(schemas, command))
    throw new Misused(`Expected list, show, redrive or discard${command && `, found ${command}`}.`);
  if (rest.length > 0) throw new Misused(`Expected one id, found ${positionals.length - 1}.`);
  const result = schemas[command].safeParse({ ...values, ...(id === undefined ? {} : { id }) });
  if (!result.success) throw new Misused(sentence(command, result.error));
  const asked = { command, options: result.data } as Asked; // the options were parsed by the schema of this command
  if (asked.command === 'redrive' || asked.command === 'discard') refuseUnbounded(asked.options);
  return asked;
}

function parsed(args: readonly string[]) {
  const options: ParseArgsOptionsConfig = Object.fromEntries([
    ...TEXTS.map((name) => [name, { type: 'string' }]),
    ...FLAGS.map((name) => [name, { type: 'boolean' }]),
  ]);
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Node explains at length; its first sentence names the option.
    const [first = ''] = (error instanceof Error ? error.message : '').split(/(?<=\.)\s|\n/);
    throw new Misused(first.endsWith('.') ? first : `${first}.`);
  }
}

function isCommand(schemas: Schemas, word: string): word is Command {
  return Object.hasOwn(schemas, word);
}

function sentence(command: Command, error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue?.code === 'unrecognized_keys') return `${command} does not take ${spelled(issue.keys[0])}.`;
  return `${spelled(issue?.path[0])}: ${issue?.message ?? 'not understood'}.`;
}

function spelled(name: PropertyKey | undefined): string {
  return name === 'id' ? 'ID' : `--${String(name)}`;
}

/** A forgotten filter must not mean the whole queue. */
function refuseUnbounded({ all, ...options }: OptionsOf<'redrive'> | OptionsOf<'discard'>): void {
  const narrowed = Object.values(filterOf(options)).some((value) => value !== undefined);
  if (narrowed === (all === true))
    throw new Misused(narrowed ? '--all goes without ID and filter.' : 'Expected an ID, a filter or --all.');
}

export function filterOf(options: Filter): Filter {
  const { id, tenant, type, class: failureClass, code, since } = options;
  return { id, tenant, type, class: failureClass, code, since };
}
