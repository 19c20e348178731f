/** The policies of the stack as AWS evaluates them, as far as they are used here; what they do not use is refused. */
import type { Statement } from '../support/template.ts';

export interface Request {
  readonly action: string;
  readonly resource: string;
  /** By condition key; a list for one with several values. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

const ACCOUNT = '111111111111';
const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
};

/** The ARN of a resource of the stack, by its logical id. */
export const arnOf = (logicalId: string): string => `arn:stack:${logicalId}`;

/** An explicit Deny wins, and without an Allow there is no right. @see IAM user guide, "Policy evaluation logic" */
export function allows(statements: readonly Statement[], request: Request): boolean {
  const matching = statements.filter((statement) => matches(statement, request));
  return (
    matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny')
  );
}

export function denies(statements: readonly Statement[], request: Request): boolean {
  return statements.some((statement) => statement.Effect === 'Deny' && matches(statement, request));
}

function matches(
  { Action, Resource, Condition = {} }: Statement,
  { action, resource, context = {} }: Request,
): boolean {
  return (
    Action.some((pattern) => like(action, pattern)) &&
    Resource.some((pattern) => like(resource, concrete(pattern))) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, context[key], wanted)),
    )
  );
}

/** A logical id, or a text with references in it. */
function concrete(target: string): string {
  if (/^[A-Za-z0-9]+$/.test(target)) return PSEUDO[target] ?? arnOf(target);
  return target.replaceAll(
    /\$\{([^}]+)\}/g,
    (_, name: string) => PSEUDO[name] ?? arnOf(name.replace(/\..*$/, '')),
  );
}

function holds(operator: string, found: string | readonly string[] | undefined, wanted: unknown): boolean {
  const values = found === undefined ? [] : [found].flat();
  const patterns = [wanted].flat().map(textOf);
  switch (operator) {
    case 'Null':
      return (values.length === 0) === (patterns[0] === 'true');
    case 'Bool':
    case 'StringEquals':
    case 'ArnEquals':
      return values.some((value) => patterns.includes(value));
    case 'StringLike':
      return values.some((value) => patterns.some((pattern) => like(value, pattern)));
    case 'ForAnyValue:StringLike':
      return values.some((value) => patterns.some((pattern) => like(value, pattern)));
    // Without a value it holds for all of none.
    case 'ForAllValues:StringLike':
      return values.every((value) => patterns.some((pattern) => like(value, pattern)));
    default:
      throw new Error(`No policy of the stack has had ${operator} before: add what it means`);
  }
}

/** A text, `!Ref AWS::AccountId`, or `!GetAtt Role.Arn`. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [argument] = Object.values(value);
  const [name = ''] = [argument].flat().map(String);
  return PSEUDO[name] ?? arnOf(name);
}

function like(value: string, pattern: string): boolean {
  const escaped = pattern.replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(value);
}
