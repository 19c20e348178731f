/** The command line of `npm run tenant`. */
import * as z from 'zod';
import { JOB_ID, JobTypeId, TenantId } from '../domain/job/ids.ts';
import { Priority } from '../domain/job/priority.ts';
import { inOurWords } from '../domain/request/expectation.ts';
import { Cap } from '../domain/tenant/policy.ts';
import { WEIGHTS } from '../domain/tenant/tenant.ts';
import { type Asked, whereOptions } from './command-line.ts';

export const USAGE = `Usage: npm run tenant -- COMMAND [OPTIONS]

  put    ID  [--status active|suspended] [--cap N|none] [--type-cap TYPE=N|none ...] [--key-cap N|none]
             [--weight 1|2|4|8] [--priority-ceiling low|normal|high|urgent] [--above-ceiling clamp|refuse]
             [--waiting-quota N] [--job-types TYPE,TYPE|all]
  show   ID
  list
  pause  ID  --reason "..."     new jobs wait
  resume ID
  why    JOB                    why a job has not begun, and how its attempts ended
  try    FILE                   a trial of a message, without sending it

put leaves all other settings as they are. Changes take effect at once: a higher cap wakes waiting jobs, a lower one ends
nothing.

--stage STAGE       whose stack (dev)
--default-cap N     the stage's DefaultTenantCap, for why and try
--log-group NAME    the stack's output WorkerLogGroupName: why prints addresses of logs
--table NAME        the jobs table, else TABLE_NAME, else the stage's only one
--endpoint-url URL  --region REGION   as for the AWS CLI
`;

const none = z.literal('none').transform(() => null);
const whole = (what: string) =>
  z
    .string()
    .regex(/^-?\d{1,9}$/, `expected ${what}`)
    .transform(Number);
const CapText = z.union([none, whole('a whole number or none').pipe(Cap)], {
  error: (issue) => (issue.code === 'invalid_union' ? issue.errors.flat().at(-1)?.message : undefined),
});
/** `report.render=5`, or `report.render=none`. */
const TypeCap = z.string().transform((text, context) => {
  const [type, cap = ''] = text.split('=');
  const parsed = z.tuple([JobTypeId, CapText]).safeParse([type, cap], inOurWords);
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: parsed.error.issues[0]?.message ?? 'expected TYPE=N' });
  return z.NEVER;
});

const where = { ...whereOptions, table: z.string().min(1).optional() };
const asking = { ...where, 'default-cap': whole('a whole number').pipe(z.int().min(0).max(1000)).optional() };
const id = TenantId;

export const schemas = {
  put: z.strictObject({
    ...where,
    id,
    status: z.enum(['active', 'suspended'], 'expected active or suspended').optional(),
    cap: CapText.optional(),
    'type-cap': z.array(TypeCap).optional(),
    'key-cap': CapText.optional(),
    weight: whole('1, 2, 4 or 8').pipe(z.literal(WEIGHTS, 'expected 1, 2, 4 or 8')).optional(),
    'priority-ceiling': z.enum(Priority.options, 'expected low, normal, high or urgent').optional(),
    'above-ceiling': z.enum(['clamp', 'refuse'], 'expected clamp or refuse').optional(),
    'waiting-quota': whole('a whole number')
      .pipe(z.int().min(1, 'expected at least 1').max(1_000_000, 'expected at most 1000000'))
      .optional(),
    'job-types': z
      .string()
      .transform((text) => (text === 'all' ? null : text.split(',')))
      .pipe(z.array(JobTypeId).nullable())
      .optional(),
  }),
  show: z.strictObject({ ...asking, id }),
  list: z.strictObject(where),
  pause: z.strictObject({
    ...where,
    id,
    reason: z.string('expected why, in a sentence').trim().min(1, 'expected why').max(256),
  }),
  resume: z.strictObject({ ...where, id }),
  why: z.strictObject({
    ...asking,
    'log-group': z.string().min(1).optional(),
    id: z.string().regex(JOB_ID, 'expected a job id'),
  }),
  try: z.strictObject({ ...asking, id: z.string().min(1), bucket: z.string().min(3).optional() }),
};
export type TenantAsked = Asked<typeof schemas>;
export type TenantOptions<C extends TenantAsked['command']> = Extract<TenantAsked, { command: C }>['options'];
