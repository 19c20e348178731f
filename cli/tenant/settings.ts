/** The settings of a tenant as options. */
import * as z from 'zod';
import { JobTypeId } from '../../domain/job/ids.ts';
import { Priority } from '../../domain/job/priority.ts';
import { inOurWords } from '../../domain/request/expectation.ts';
import { Cap } from '../../domain/tenant/policy.ts';
import { WEIGHTS } from '../../domain/tenant/tenant.ts';
import { option } from '../program/verb.ts';

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

export const settingOptions = {
  status: option(
    'active|suspended',
    'whether its messages are taken',
    z.enum(['active', 'suspended'], 'expected active or suspended').optional(),
  ),
  cap: option('N|none', 'attempts in AWS Batch at once', CapText.optional()),
  'type-cap': option(
    'TYPE=N|none',
    'the same for one job type; may be repeated',
    z.array(TypeCap).optional(),
  ),
  'key-cap': option('N|none', 'the same for each concurrencyKey', CapText.optional()),
  weight: option(
    '1|2|4|8',
    'its share while all tenants have a backlog',
    whole('1, 2, 4 or 8').pipe(z.literal(WEIGHTS, 'expected 1, 2, 4 or 8')).optional(),
  ),
  'priority-ceiling': option(
    'PRIORITY',
    'the highest priority of a job: low, normal, high or urgent',
    z.enum(Priority.options, 'expected low, normal, high or urgent').optional(),
  ),
  'above-ceiling': option(
    'clamp|refuse',
    'what becomes of a job that asks for more',
    z.enum(['clamp', 'refuse'], 'expected clamp or refuse').optional(),
  ),
  'waiting-quota': option(
    'N',
    'how many of its jobs may wait',
    whole('a whole number')
      .pipe(z.int().min(1, 'expected at least 1').max(1_000_000, 'expected at most 1000000'))
      .optional(),
  ),
  'job-types': option(
    'TYPE,TYPE|all',
    'the job types that it may use',
    z
      .string()
      .transform((text) => (text === 'all' ? null : text.split(',')))
      .pipe(z.array(JobTypeId).nullable())
      .optional(),
  ),
};

/** It is a parameter of the stage, and not in the table. */
export const defaultCapOption = {
  'default-cap': option(
    'N',
    "the stage's DefaultTenantCap (none)",
    whole('a whole number').pipe(z.int().min(0).max(1000)).default(0),
  ),
};
