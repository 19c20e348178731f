/** The command line of `npm run dlq`: its commands and their options. */
import * as z from 'zod';
import { type Filter, filterSchema, GROUPINGS } from '../domain/dead-letter/letter.ts';
import { type Asked, Misused, readCommand, whereOptions } from './command-line.ts';

export const USAGE = `Usage: npm run dlq -- COMMAND [OPTIONS]

  list    [FILTER] [--group-by reason|code|class|tenant|type] [--json]
  show    ID
  redrive ID | FILTER | --all   [--rate 5/s] [--max N] [--dry-run] [--table NAME]
  discard ID | FILTER | --all   --reason "..." [--dry-run] [--table NAME]

ID is the job of a failed job, else the message id. FILTER is any of
  --tenant ID  --type JOB_TYPE  --class FAILURE_CLASS  --code CODE
  --since 30m | 2h | 7d | 2026-01-31 | 2026-01-31T09:00:00Z

--stage STAGE       whose front queue: headgate-STAGE-front (dev)
--table NAME        the jobs table, else TABLE_NAME, else the stage's only one
--endpoint-url URL  --region REGION   as for the AWS CLI
`;

export const Rate = z
  .string()
  .regex(/^[1-9]\d{0,3}\/[sm]$/, 'expected a rate such as 5/s or 30/m')
  .transform((text) => Number.parseInt(text, 10) / (text.endsWith('m') ? 60 : 1));
export const Max = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'expected a whole number from 1')
  .transform(Number);

function commandSchemas(nowMs: number) {
  const { id, ...filter } = filterSchema(nowMs).shape;
  const acting = {
    ...whereOptions,
    id,
    ...filter,
    all: z.boolean().optional(),
    'dry-run': z.boolean().optional(),
  };
  return {
    list: z.strictObject({
      ...whereOptions,
      ...filter,
      'group-by': z.enum(GROUPINGS, `expected one of ${GROUPINGS.join(', ')}`).optional(),
      json: z.boolean().optional(),
    }),
    show: z.strictObject({ ...whereOptions, id: id.unwrap() }),
    redrive: z.strictObject({
      ...acting,
      rate: Rate.default(5),
      max: Max.optional(),
      table: z.string().min(1).optional(),
    }),
    discard: z.strictObject({
      ...acting,
      reason: z.string('expected why, in a sentence').trim().min(1, 'expected why').max(512),
      table: z.string().min(1).optional(),
    }),
  };
}
export type DlqAsked = Asked<ReturnType<typeof commandSchemas>>;
type Acting = Extract<DlqAsked, { command: 'redrive' | 'discard' }>['options'];

/**
 * @returns `help` when that was asked for
 * @throws Misused
 */
export function readArguments(args: readonly string[], nowMs: number): DlqAsked | 'help' {
  const asked = readCommand(commandSchemas(nowMs), args);
  if (asked !== 'help' && (asked.command === 'redrive' || asked.command === 'discard'))
    refuseUnbounded(asked.options);
  return asked;
}

/** A forgotten filter must not mean the whole queue. */
function refuseUnbounded({ all, ...options }: Acting): void {
  const narrowed = Object.values(filterOf(options)).some((value) => value !== undefined);
  if (narrowed === (all === true))
    throw new Misused(narrowed ? '--all goes without ID and filter.' : 'Expected an ID, a filter or --all.');
}

export function filterOf(options: Filter): Filter {
  const { id, tenant, type, class: failureClass, code, since } = options;
  return { id, tenant, type, class: failureClass, code, since };
}
