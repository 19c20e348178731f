/** Finding queues, and their tags: what SQS refuses of such a request and fauxqs does not look at. */
import * as z from 'zod';
import type { SqsQueue } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { ACCOUNT_ID, ApiError } from '../aws.ts';
import { TagKey, TagMap, TagValue } from '../tags.ts';

type Body = Readonly<Record<string, unknown>>;

const MAX_RESULTS = 1000;
const TOKEN = /^after ([\w-]+(\.fifo)?)$/;

const refused = (reason: string) => new ApiError('InvalidParameterValue', reason);

const List = z.object({ MaxResults: z.number().optional(), NextToken: z.string().optional() });
const Listed = z.looseObject({ NextToken: z.string().optional() });

/** Tokens of fauxqs are bare names, and any text passes for one; ours say that they are tokens. */
export function listQueues(body: Body, theirs: (body: Body) => unknown): object {
  const { MaxResults, NextToken } = List.parse(body);
  if (
    MaxResults !== undefined &&
    !(Number.isInteger(MaxResults) && MaxResults >= 1 && MaxResults <= MAX_RESULTS)
  )
    throw refused(
      `Value ${MaxResults} for parameter MaxResults is invalid. Reason: Must be between 1 and ${MAX_RESULTS}.`,
    );
  const text = Buffer.from(NextToken ?? '', 'base64url').toString();
  const [, after] = TOKEN.exec(text) ?? [];
  if (NextToken !== undefined && after === undefined) throw refused('Invalid or expired next token.');
  // Without MaxResults fauxqs has one page of everything, which has no second one.
  const most = MaxResults ?? (after === undefined ? undefined : MAX_RESULTS);
  const page = Listed.parse(theirs({ ...body, NextToken: after, MaxResults: most }));
  if (page.NextToken === undefined) return page;
  return { ...page, NextToken: Buffer.from(`after ${page.NextToken}`).toString('base64url') };
}

/** @throws QueueDoesNotExist for a queue of another account: there is none */
export function checkOwner({ QueueOwnerAWSAccountId: owner }: Body): void {
  if (owner === undefined || owner === null || owner === ACCOUNT_ID) return;
  throw new ApiError('QueueDoesNotExist', 'The specified queue does not exist.');
}

const Tags = z.record(TagKey, TagValue);

/** @throws InvalidParameterValue for tags that cannot be added to those of the queue */
export function checkTags(added: unknown, queue?: SqsQueue): void {
  const own = Tags.safeParse(added ?? {});
  const all = own.success ? TagMap.safeParse({ ...Object.fromEntries(queue?.tags ?? []), ...own.data }) : own;
  if (!all.success) throw refused(`Tags: ${firstFault(all.error)}.`);
}

function firstFault({ issues: [issue] }: z.ZodError): string {
  if (issue?.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  return issue?.message ?? 'are not valid';
}
