/** Tables by their ARN, which every operation takes in the place of a name. */
import { ACCOUNT_ID, ApiError } from '../aws.ts';

type Body = Readonly<Record<string, unknown>>;

/** @throws ResourceNotFoundException for a table of another account */
export function tableName(nameOrArn: string): string {
  const [, account, name] = /^arn:aws:dynamodb:[\w-]+:(\d{12}):table\/([\w.-]+)$/.exec(nameOrArn) ?? [];
  if (name === undefined) return nameOrArn;
  if (account === ACCOUNT_ID) return name;
  throw new ApiError(
    'ResourceNotFoundException',
    `Requested resource not found: Table: ${nameOrArn} not found`,
  );
}

/** The same request with names alone. */
export function withNames(body: Body): Body {
  const { TableName, RequestItems } = body;
  return {
    ...body,
    ...(typeof TableName === 'string' && { TableName: tableName(TableName) }),
    ...(isObject(RequestItems) && { RequestItems: renamed(RequestItems, tableName) }),
  };
}

/** The answer of a batch, by the names that its request had. */
export function withGivenNames(answer: unknown, { RequestItems }: Body): unknown {
  if (!isObject(answer) || !isObject(RequestItems)) return answer;
  const given = new Map(Object.keys(RequestItems).map((name) => [tableName(name), name]));
  const members = ['Responses', 'UnprocessedItems', 'UnprocessedKeys'].flatMap((member) => {
    const found = answer[member];
    return isObject(found) ? [[member, renamed(found, (name) => given.get(name) ?? name)]] : [];
  });
  return { ...answer, ...Object.fromEntries(members) };
}

function renamed(byName: Body, rename: (name: string) => string): Body {
  return Object.fromEntries(Object.entries(byName).map(([name, value]) => [rename(name), value]));
}

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
