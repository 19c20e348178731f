/**
 * Bodies that are something else than a message: a message in the envelope of another service, encoded once more, or no JSON
 * at all. Each is named as what it is, with what its sender can do about it.
 */
import { type Problem, problem } from '../errors.ts';
import { typeName } from './expectation.ts';
import { isObject, jsonPointer, letters } from './explain.ts';

/** The fields by which a message is known, wherever it is. */
const MESSAGE_FIELDS: ReadonlySet<string> = new Set(['specversion', 'tenantid', 'jobtype', 'idempotencykey']);

type Fields = Readonly<Record<string, unknown>>;

interface Envelope {
  readonly is: (fields: Fields) => boolean;
  /** The field by which it is known, or in which the message is. */
  readonly at: string;
  readonly found: string;
  readonly advice: string;
}

const has =
  (...names: readonly string[]) =>
  (fields: Fields) =>
    names.every((name) => name in fields);

const ENVELOPES: readonly Envelope[] = [
  {
    is: (fields) => fields['Type'] === 'Notification' && 'TopicArn' in fields,
    at: 'TopicArn',
    found: 'an SNS notification',
    advice: 'turn on raw message delivery for the subscription',
  },
  {
    is: ({ Type }) => Type === 'SubscriptionConfirmation' || Type === 'UnsubscribeConfirmation',
    at: 'Type',
    found: 'a confirmation of an SNS subscription',
    advice: 'confirm it with its SubscribeURL, and turn on raw message delivery',
  },
  {
    is: ({ Records }) => Array.isArray(Records),
    at: 'Records',
    found: 'records of an AWS service',
    advice: 'send the message itself',
  },
  {
    is: ({ Event }) => Event === 's3:TestEvent',
    at: 'Event',
    found: 'a test event of an S3 notification',
    advice: 'send the message itself',
  },
  {
    is: has('detail-type', 'detail'),
    at: 'detail',
    found: 'an EventBridge event',
    advice: 'give the rule an input path or transformer',
  },
  {
    is: has('specversion', 'type', 'source'),
    at: 'data',
    found: 'a CloudEvents event',
    advice: 'send its data as the body',
  },
  {
    is: has('taskToken'),
    at: 'taskToken',
    found: 'a Step Functions task',
    advice: "send the message as the task's MessageBody without the token",
  },
  {
    is: has('requestContext', 'responsePayload'),
    at: 'responsePayload',
    found: 'the result of a Lambda destination',
    advice: 'send the message itself',
  },
  {
    is: has('requestContext', 'body'),
    at: 'body',
    found: 'an API Gateway request',
    advice: 'send its body, decoded, as the message',
  },
  {
    is: has('MessageId', 'Body'),
    at: 'Body',
    found: 'a received SQS message',
    advice: 'send its Body as the body',
  },
  {
    is: has('messageId', 'receiptHandle'),
    at: 'body',
    found: 'a received SQS message',
    advice: 'send its body as the body',
  },
  {
    is: has('class', 'jid', 'args'),
    at: 'args',
    found: 'a Sidekiq job',
    advice: 'send the message itself, not through the job library',
  },
  {
    is: has('body', 'content-encoding', 'properties'),
    at: 'body',
    found: 'a Celery task',
    advice: 'send the message itself, not through the job library',
  },
];

/** @returns what the object is instead of a message, or undefined when it may be one */
export function foreignObjectBody(body: Fields): Problem | undefined {
  if (isS3Pointer(body)) return s3Pointer('');
  const envelope = ENVELOPES.find(({ is }) => is(body));
  if (envelope !== undefined)
    return problem(
      'envelope_unexpected',
      jsonPointer([envelope.at]),
      `Expected the message itself, found ${envelope.found}; ${envelope.advice}.`,
    );
  const place = isMessage(body) ? undefined : messageIn(body, []);
  if (place === undefined) return undefined;
  const pointer = jsonPointer(place);
  return problem(
    'envelope_unexpected',
    pointer,
    `Expected the message itself, found it at ${pointer} of another object; send that as the body.`,
  );
}

/** What a body that is JSON and no object is. */
export function foreignValue(value: unknown): Problem {
  if (Array.isArray(value)) return foreignArray(value);
  if (typeof value === 'string') return foreignText(value);
  return problem('body_not_object', '', `Expected a JSON object, found ${typeName(value)}.`);
}

function foreignArray(items: readonly unknown[]): Problem {
  if (items.some((item) => typeof item === 'string' && item.endsWith('S3Pointer'))) return s3Pointer('');
  const advice = items.some(isObject) ? '; send each message as an SQS message of its own' : '';
  return problem(
    'body_not_object',
    '',
    `Expected a JSON object, found an array of ${items.length}${advice}.`,
  );
}

function foreignText(text: string): Problem {
  if (isObject(parsed(text)))
    return problem(
      'body_not_object',
      '',
      'Expected a JSON object, found one that was encoded twice: a JSON text in a JSON string; encode it once.',
    );
  const encoded = encodedText(text);
  if (encoded !== undefined) return encoded;
  return problem('body_not_object', '', 'Expected a JSON object, found a string.');
}

/** What a body that is no JSON is. */
export function foreignBody(text: string): Problem {
  const trimmed = text.trim();
  const says = FOREIGN.find(({ looks }) => looks.test(trimmed))?.says;
  return (
    encodedText(trimmed) ??
    problem('body_not_json', '', says ?? 'Expected JSON, found text that is not JSON.')
  );
}

/** None of them tries one space in two ways: the text is a stranger's, and may be long. */
const FOREIGN: readonly { readonly looks: RegExp; readonly says: string }[] = [
  { looks: /^$/, says: 'Expected JSON, found an empty body.' },
  {
    looks: /^\[object \w+\]$/,
    says: 'Expected JSON, found an object that was made a string without JSON.stringify.',
  },
  { looks: /^</, says: 'Expected JSON, found XML or HTML.' },
  {
    looks: /^\{\s*'|^\{.*(:\s*(None|True|False)\b)/s,
    says: 'Expected JSON, found the text of a Python dictionary; encode it with json.dumps.',
  },
  {
    looks: /^\{[\s\S]*?\}\s*\{/,
    says: 'Expected one JSON object, found several after one another; send each as an SQS message of its own.',
  },
  {
    looks: /^[\w.%+-]+=[^&\s]*(&[\w.%+-]+=[^&\s]*)*$/,
    says: 'Expected JSON, found fields of a form; encode them as a JSON object.',
  },
  { looks: /^(---\s|[A-Za-z_]\w*:\s)/, says: 'Expected JSON, found YAML; encode it as JSON.' },
  { looks: /^\{[\s\S]*,\s*[}\]]/, says: 'Expected JSON, found a comma before a closing bracket.' },
  { looks: /^\{[\s\S]*[^}]$/, says: 'Expected JSON, found an object without its end: the text was cut off.' },
];

const BASE64 = /^[A-Za-z0-9+/_-]{8,}={0,2}$/;

/** Base64 of JSON, or of compressed bytes: client libraries make either of a body. */
function encodedText(text: string): Problem | undefined {
  const packed = text.replace(/\s/g, '');
  if (!BASE64.test(packed)) return undefined;
  const start = atob(packed.slice(0, 8).replaceAll('-', '+').replaceAll('_', '/'));
  const found = start.startsWith('\u001f\u008b')
    ? 'gzip in base64'
    : /^\s*[{[]/.test(start)
      ? 'base64'
      : undefined;
  if (found === undefined) return undefined;
  return problem(
    'body_encoding',
    '',
    `Expected JSON, found ${found}; send the text itself, and a large input through S3 with inputRef.`,
  );
}

/** What the extended clients of SQS send for a body that they have put into S3, in Java, Python and .NET. */
function isS3Pointer(body: Fields): boolean {
  const names = new Set(Object.keys(body).map(letters));
  return names.has('s3bucketname') && names.has('s3key');
}

function s3Pointer(pointer: string): Problem {
  const message =
    'Expected the message itself, found the pointer of an SQS extended client to S3; send small messages, and put a large input in S3 with inputRef.';
  return problem('envelope_unexpected', pointer, message);
}

const MAX_LEVELS = 3;

/** Where in the value a message is, as an object or as JSON text. */
function messageIn(value: unknown, path: readonly string[]): readonly string[] | undefined {
  const inner = typeof value === 'string' ? parsed(value) : value;
  if (!isObject(inner)) return undefined;
  if (path.length > 0 && isMessage(inner)) return path;
  if (path.length === MAX_LEVELS) return undefined;
  for (const [key, child] of Object.entries(inner)) {
    const found = messageIn(child, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Two of its fields, in whatever spelling: one alone may be in any object. */
function isMessage(fields: Fields): boolean {
  const count = Object.keys(fields).filter((key) => MESSAGE_FIELDS.has(letters(key))).length;
  return count >= 2;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
