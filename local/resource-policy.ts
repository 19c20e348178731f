/**
 * Policies of resources: whether one lets a service of AWS use its resource. Callers are not asked, since credentials
 * are not checked here; a service, however, has no other right than this policy.
 */
import * as z from 'zod';
import { ACCOUNT_ID } from './aws.ts';

const OneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Conditions = z.record(
  z.string(),
  z.record(z.string(), z.union([OneOrMore, z.boolean().transform((one) => [String(one)])])),
);
const Statement = z.looseObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.literal('*'), z.record(z.string(), OneOrMore)]).default({}),
  Action: OneOrMore.default([]),
  Resource: OneOrMore.default([]),
  Condition: Conditions.default({}),
});
type Statement = z.infer<typeof Statement>;

export const PolicyDocument = z.looseObject({
  Statement: z.union([Statement.transform((one) => [one]), z.array(Statement)]),
});
export type PolicyDocument = z.infer<typeof PolicyDocument>;

/** What a service does to a resource, and for whom. */
export interface ServiceAccess {
  /** Such as `events.amazonaws.com`. */
  readonly service: string;
  /** Such as `sqs:SendMessage`. */
  readonly action: string;
  readonly resourceArn: string;
  /** The ARN of what the service acts for, such as a rule. */
  readonly sourceArn: string;
}

/** As IAM decides: one Allow that applies, and no Deny that does. */
export function letsService({ Statement: statements }: PolicyDocument, access: ServiceAccess): boolean {
  const applying = statements.filter((statement) => applies(statement, access));
  return (
    applying.some(({ Effect }) => Effect === 'Allow') && applying.every(({ Effect }) => Effect === 'Allow')
  );
}

function applies({ Principal, Action, Resource, Condition }: Statement, access: ServiceAccess): boolean {
  const services = Principal === '*' ? ['*'] : [...(Principal['Service'] ?? []), ...(Principal['AWS'] ?? [])];
  return (
    (services.includes(access.service) || services.includes('*')) &&
    Action.some((pattern) => matches(pattern.toLowerCase(), access.action.toLowerCase())) &&
    Resource.some((pattern) => matches(pattern, access.resourceArn)) &&
    Object.entries(Condition).every(([operator, tests]) =>
      Object.entries(tests).every(([key, patterns]) =>
        holds(operator, contextOf(access)[key.toLowerCase()], patterns),
      ),
    )
  );
}

/**
 * What is known of a service that acts, by keys in lower case, since IAM ignores theirs. A condition on any other key is
 * one on a key without a value.
 */
function contextOf({ sourceArn }: ServiceAccess): Readonly<Record<string, string | undefined>> {
  return {
    'aws:sourcearn': sourceArn,
    'aws:sourceaccount': ACCOUNT_ID,
    'aws:securetransport': 'true',
    'aws:principalisawsservice': 'true',
  };
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
function holds(operator: string, value: string | undefined, patterns: readonly string[]): boolean {
  const [, ifPresent] = /^(.*)IfExists$/.exec(operator) ?? [];
  if (ifPresent !== undefined) return value === undefined || holds(ifPresent, value, patterns);
  const [, negated] = /^(?:String|Arn)Not(.*)$/.exec(operator) ?? [];
  const compare = COMPARISONS[negated === undefined ? operator : operator.replace('Not', '')];
  const found = value !== undefined && patterns.some((pattern) => compare?.(pattern, value));
  return negated === undefined ? found : !found;
}

const COMPARISONS: Readonly<Record<string, (pattern: string, value: string) => boolean>> = {
  // Two names of the same operator, in IAM, too.
  ArnEquals: matches,
  ArnLike: matches,
  Bool: (pattern, value) => pattern.toLowerCase() === value,
  StringEquals: (pattern, value) => pattern === value,
  StringEqualsIgnoreCase: (pattern, value) => pattern.toLowerCase() === value.toLowerCase(),
  StringLike: matches,
};

/** IAM's wildcards: `*` for any text, `?` for one character. */
export function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`).test(text);
}
