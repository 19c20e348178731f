/** `headgate array submit`: one message on the front queue for many jobs, and what became of it. */
import * as z from 'zod';
import { arrayIdOf, fingerprintOf } from '../../application/job/identity.ts';
import { problem } from '../../domain/errors.ts';
import { MAX_CONCURRENCY, MAX_FAILED } from '../../domain/group/array.ts';
import type { Group } from '../../domain/group/group.ts';
import { type ArrayRequest, parseArraySubmission } from '../../domain/request/request.ts';
import { bodyOf, fileText, requestOptions, senderOptions } from '../job/request.ts';
import { sent } from '../job/sending.ts';
import { wholeUpTo } from '../program/numbers.ts';
import { misused, refusedBy, Stopped } from '../program/stopped.ts';
import { type Context, flag, option, type Values, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { type Records, type Stack, withStack } from '../stack/stack.ts';
import { show, waitForEnd } from './read.ts';

const options = {
  ...senderOptions,
  item: option('JSON', 'the input of one job; may be repeated', z.array(z.string().min(1)).optional()),
  items: option('FILE|-', 'a file with one input on each line, as JSON', z.string().min(1).optional()),
  'items-ref': option('s3://…', 'an object with such lines, up to 10,000', z.string().min(1).optional()),
  concurrency: option(
    'N',
    'so many of its jobs run at once',
    wholeUpTo(MAX_CONCURRENCY, 'a number').optional(),
  ),
  'max-failed': option(
    'N',
    'when more have failed, the others are cancelled',
    wholeUpTo(MAX_FAILED, 'a number').optional(),
  ),
  ...requestOptions,
  wait: flag('wait for its end, an hour at most; exit code 0 if each job succeeded'),
  ...placeOptions,
};

export const submit = verb({
  summary: 'send one job for each input, and say what became of the message',
  argument: 'JOB_TYPE',
  options,
  details: `headgate array submit csv.summarise --tenant acme --key import-42 --items inputs.jsonl --concurrency 20 --max-failed 5

Up to 1,000 inputs of one message, or 10,000 lines of an object. All inputs are read before the message is sent: with a line that is no
JSON nothing is sent. Lines of an object are judged by the stack, each alone.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const request = await requestOf(values);
      const records = await stack.records();
      const group = await send(request, values.key, stack, records, context);
      if (values.wait) return waitForEnd(records, group, context);
      show(context, group);
      return 'done';
    }),
});

/** @throws Stopped with the refusal that intake would write on its dead letter */
async function requestOf(values: Values<typeof options>): Promise<ArrayRequest> {
  const items = await itemsOf(values);
  const others = Object.entries({
    itemsRef: values['items-ref'],
    concurrency: values.concurrency,
    maxFailed: values['max-failed'],
  }).flatMap(([name, value]) => (value === undefined ? [] : [`"${name}":${JSON.stringify(value)}`]));
  const parts = [...(items === undefined ? [] : [`"items":[${items.join(',')}]`]), ...others];
  const body = bodyOf(values, {}, { array: `{${parts.join(',')}}` });
  const parsed = parseArraySubmission(body, { tenantId: values.tenant, idempotencyKey: values.key });
  if (parsed.kind === 'refused') throw refusedBy(parsed.problem);
  return parsed.request;
}

/** @returns each as its text, which is JSON */
async function itemsOf({ item, items: file }: Values<typeof options>): Promise<string[] | undefined> {
  if (item !== undefined && file !== undefined)
    throw misused('--items: expected either --item or --items, found both.');
  if (file === undefined) return item?.map((text, i) => checked(text, `--item ${i + 1}`));
  const lines = (await fileText(file, '--items')).split('\n');
  return lines.flatMap((line, i) => (line.trim() === '' ? [] : [checked(line, `line ${i + 1}`)]));
}

/** Several values with a comma between them would be several items. */
function checked(text: string, place: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new Stopped(
      'refused',
      `body_not_json: Expected JSON, found another text in ${place}. Nothing was sent.`,
    );
  }
}

async function send(
  request: ArrayRequest,
  key: string,
  stack: Stack,
  { groups }: Records,
  context: Context,
): Promise<Group> {
  const name = { tenantId: request.tenantId, groupId: arrayIdOf(request.tenantId, key) };
  // A cancel that came first has left a group of that name, which is no array yet.
  const look = async () => {
    const found = await groups.get(name);
    return found?.array === undefined ? undefined : { group: found, array: found.array };
  };
  const before = await look();
  if (before === undefined)
    return (await sent(request, { look, name: `array ${name.groupId}` }, stack, context)).group;
  if (before.array.fingerprint === fingerprintOf(request)) return before.group;
  const sentence = `Expected the request of ${name.groupId}, which has this key, found another one.`;
  throw refusedBy(problem('idempotency_conflict', '/idempotencyKey', sentence));
}
