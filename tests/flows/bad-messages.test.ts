/** A message that cannot be a job is dead-lettered at once, and the nine beside it are not held up. */
import { BatchClient, ListJobsCommand } from '@aws-sdk/client-batch';
import { beforeAll, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import { closedAfterAll } from '../support/closing.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { lookFromOutside } from './outside.ts';

jest.setTimeout(180_000);

let stack: Stack;
/** What the functions have logged. */
const lines: string[] = [];
const opened = closedAfterAll();
beforeAll(async () => {
  stack = opened(await startStack({ output: (_, line) => lines.push(line) }));
  await stack.addTenant('acme');
  await opened(lookFromOutside(stack)).hears('acme', ['job.rejected']);
  await stack.tenants.put({ tenantId: 'frozen', status: 'suspended' });
  await stack.tenants.put({ tenantId: 'basic', status: 'active', jobTypes: ['demo.sleep'] });
});

const CANARY = 'canary-4711';
const KEY = 'the-bad-one';
const base = { specVersion: '1', tenantId: 'acme', jobType: 'csv.summarise', idempotencyKey: KEY };
const good = { ...base, input: { csv: 's3://BUCKET/tenants/acme/inputs/x.csv' } };
const nap = { ...base, jobType: 'demo.sleep', input: { seconds: 0 } };
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

interface Case {
  readonly what: string;
  readonly body: object | string;
  readonly code: string;
  readonly pointer: string;
}
const bad = (what: string, body: object | string, code: string, pointer: string): Case => ({
  what,
  body,
  code,
  pointer,
});

const cases: readonly Case[] = [
  bad('text that is not JSON (M02)', `${CANARY} {`, 'body_not_json', '/'),
  bad('a JSON array (M03)', `["${CANARY}"]`, 'body_not_object', '/'),
  bad('a JSON string (M03)', `"${CANARY}"`, 'body_not_object', '/'),
  bad('a JSON number (M03)', '4711', 'body_not_object', '/'),
  bad('null (M03)', 'null', 'body_not_object', '/'),
  bad('half a character (M04)', `{"specVersion":"1","${CANARY}":"\\ud800"}`, 'body_encoding', '/'),
  bad('a byte order mark (M04)', `\uFEFF${JSON.stringify(good)}`, 'body_encoding', '/'),
  bad('a hundred thousand nested brackets (F16, M06)', nested(100_000), 'json_too_deep', '/0'.repeat(32)),
  bad(
    'thousands of keys (M07)',
    Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, 1])),
    'json_too_many_keys',
    '/',
  ),
  bad(
    'a key that appears twice (M08)',
    `{"specVersion":"1","tenantId":"acme","tenantId":"${CANARY}"}`,
    'json_duplicate_key',
    '/tenantId',
  ),
  bad(
    'a number without end (M10)',
    JSON.stringify(nap).replace('"seconds":0', '"seconds":1e400'),
    'number_range',
    '/input/seconds',
  ),
  bad('a number that is none (M10)', '{"specVersion":NaN}', 'number_range', '/specVersion'),
  bad(
    'an integer of thirty digits (M10)',
    JSON.stringify(nap).replace('"seconds":0', `"seconds":${'9'.repeat(30)}`),
    'number_range',
    '/input/seconds',
  ),
  bad('no version (M11)', { ...good, specVersion: undefined }, 'unsupported_version', '/specVersion'),
  bad('a version of the future (M12)', { ...good, specVersion: '9' }, 'unsupported_version', '/specVersion'),
  bad('a field of the wrong type (M24)', { ...good, tenantId: 7 }, 'field_type', '/tenantId'),
  bad('an unknown tenant (M14)', { ...good, tenantId: 'initrode' }, 'tenant_unknown', '/tenantId'),
  bad('a suspended tenant (M15)', { ...good, tenantId: 'frozen' }, 'tenant_suspended', '/tenantId'),
  bad('an unknown job type', { ...good, jobType: 'coffee.brew' }, 'job_type_unknown', '/jobType'),
  bad(
    "a job type outside the tenant's plan (M22)",
    { ...good, tenantId: 'basic' },
    'job_type_forbidden',
    '/jobType',
  ),
  bad('a key with a space', { ...good, idempotencyKey: `${CANARY} x` }, 'field_invalid', '/idempotencyKey'),
  bad(
    'a key of a thousand characters (M19)',
    { ...good, idempotencyKey: 'x'.repeat(1000) },
    'field_invalid',
    '/idempotencyKey',
  ),
  bad('an empty key (M19)', { ...good, idempotencyKey: '' }, 'field_invalid', '/idempotencyKey'),
  bad(
    'a key with a control character (M19)',
    { ...good, idempotencyKey: `${CANARY}\u0007` },
    'field_invalid',
    '/idempotencyKey',
  ),
  bad('an unknown field (M23)', { ...good, idempotenceKey: CANARY }, 'field_unknown', '/idempotenceKey'),
  bad('a dependency that names no job (M38)', { ...good, dependsOn: [CANARY] }, 'field_type', '/dependsOn/0'),
  bad(
    'a size that its job type does not have (M26)',
    { ...good, resources: { vcpu: 1, memory: CANARY } },
    'not_supported_yet',
    '/resources',
  ),
  bad('an array beside an input (M31)', { ...good, array: { items: [{}] } }, 'field_forbidden', '/input'),
  bad(
    'an array without items (M31)',
    { ...good, input: undefined, array: { items: [] } },
    'array_empty',
    '/array/items',
  ),
  bad('a command of its own (M30)', { ...good, command: [CANARY] }, 'field_forbidden', '/command'),
  bad('an image of its own (M30)', { ...good, image: CANARY }, 'field_forbidden', '/image'),
  bad('a timeout of five seconds (M27)', { ...good, timeoutSeconds: 5 }, 'field_invalid', '/timeoutSeconds'),
  bad(
    'a timeout of thirty days (M27)',
    { ...good, timeoutSeconds: 2_592_000 },
    'field_invalid',
    '/timeoutSeconds',
  ),
  bad(
    'a timeout beyond its job type',
    { ...good, timeoutSeconds: 86_400 },
    'field_invalid',
    '/timeoutSeconds',
  ),
  bad('a time that is no time (M35)', { ...nap, runAt: CANARY }, 'field_invalid', '/runAt'),
  bad('a time long past (M35)', { ...nap, runAt: '1970-01-01T00:00:00Z' }, 'time_range', '/runAt'),
  bad('a time far ahead (M35)', { ...nap, runAt: '9999-01-01T00:00:00Z' }, 'time_range', '/runAt'),
  bad(
    'a time in the year 10000 (M35)',
    { ...nap, runAt: '10000-01-01T00:00:00Z' },
    'field_invalid',
    '/runAt',
  ),
  bad('no time to start in (M36)', { ...nap, ttlSeconds: 0 }, 'field_invalid', '/ttlSeconds'),
  bad(
    'a moment of expiry (M36)',
    { ...nap, expiresAt: '1970-01-01T00:00:00Z' },
    'field_unknown',
    '/expiresAt',
  ),
  bad(
    'two times at once',
    { ...nap, runAt: '2030-01-01T00:00:00Z', delaySeconds: 5 },
    'field_invalid',
    '/delaySeconds',
  ),
  bad('no input at all', { ...base }, 'input_ambiguous', '/input'),
  bad('an input of the wrong shape', { ...base, input: { csv: 5 } }, 'input_invalid', '/input/csv'),
  bad(
    'an input with an unknown field',
    { ...nap, input: { seconds: 0, secnods: CANARY } },
    'input_invalid',
    '/input/secnods',
  ),
  bad(
    "another tenant's object (M32)",
    { ...base, input: { csv: 's3://BUCKET/tenants/globex/inputs/x.csv' } },
    'input_uri_forbidden',
    '/input/csv',
  ),
  bad(
    'a way out of the folder (M32)',
    { ...base, input: { csv: 's3://BUCKET/tenants/acme/../globex/x.csv' } },
    'input_uri_forbidden',
    '/input/csv',
  ),
  bad(
    'an object elsewhere behind inputRef',
    { ...base, inputRef: 's3://elsewhere/tenants/acme/x.json' },
    'input_uri_forbidden',
    '/inputRef',
  ),
  bad('a file address (M32)', { ...base, inputRef: 'file:///etc/passwd' }, 'field_invalid', '/inputRef'),
  bad('a web address (M32)', { ...base, inputRef: 'http://example.com/x' }, 'field_invalid', '/inputRef'),
  bad(
    'an inputRef for a container that takes arguments',
    { ...base, jobType: 'demo.sleep', inputRef: 's3://BUCKET/tenants/acme/x.json' },
    'field_forbidden',
    '/inputRef',
  ),
  bad(
    'an SNS notification (M42)',
    { Type: 'Notification', TopicArn: 'arn:aws:sns:x', Message: CANARY },
    'envelope_unexpected',
    '/TopicArn',
  ),
  bad('an S3 event (M42)', { Records: [{ s3: CANARY }] }, 'envelope_unexpected', '/Records'),
  bad(
    'an EventBridge event (M42)',
    { 'detail-type': 'x', detail: { CANARY } },
    'envelope_unexpected',
    '/detail',
  ),
  bad(
    'a cancel of nothing',
    { specVersion: '1', action: 'job.cancel', tenantId: 'acme' },
    'field_invalid',
    '/jobId',
  ),
  bad(
    'a body larger than a record',
    { ...base, input: { padding: 'x'.repeat(300_000) } },
    'body_too_large',
    '/',
  ),
];

const textOf = (body: object | string) =>
  (typeof body === 'string' ? body : JSON.stringify(body)).replaceAll('BUCKET', stack.bucket);

it.each(cases.map((each) => [each.what, each] as const))(
  '%s is dead-lettered at once, with its code, pointer and sentence',
  async (_what, { body, code, pointer }) => {
    const text = textOf(body);
    await stack.send(text);
    const letter = await stack.refusalOf(text);
    expect(letter.attributes).toMatchObject({
      code,
      pointer,
      reason: expect.stringMatching(/^[A-Z].*\S$/),
    });
    expect(Object.values(letter.attributes).join()).not.toContain(CANARY);
    expect(await stack.job('acme', KEY)).toBeUndefined();
    const { messageId } = letter.attributes;
    await until('the line in the log', async () =>
      lines.some((line) => line.includes(`"${code}"`) && line.includes(`"${messageId}"`)) ? true : undefined,
    );
  },
);

it('no line of the log and no webhook has a value of a bad message in it', () => {
  expect(lines.filter((line) => line.includes(CANARY))).toEqual([]);
  expect(stack.webhooks.length).toBeGreaterThan(0);
  expect(stack.webhooks.filter(({ payload }) => JSON.stringify(payload)?.includes(CANARY) !== false)).toEqual(
    [],
  );
});

it('leaves nothing in Batch', async () => {
  const { endpoint } = stack.cloud;
  const batch = new BatchClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  const filters = [{ name: 'JOB_NAME', values: [`hg-${jobIdOf('acme', KEY)}*`] }];
  const { jobSummaryList } = await batch.send(
    new ListJobsCommand({ jobQueue: stack.cloud.physicalId('EconomyJobQueue'), filters }),
  );
  batch.destroy();
  expect(jobSummaryList).toEqual([]);
});

it('the nine messages beside a bad one are recorded (F13)', async () => {
  const neighbours = Array.from({ length: 9 }, (_, i) => ({ ...nap, idempotencyKey: `beside-${i}` }));
  await stack.send(...neighbours.slice(0, 4), `${CANARY} [`, ...neighbours.slice(4));
  await stack.refusalOf(`${CANARY} [`);
  await Promise.all(neighbours.map(({ idempotencyKey }) => stack.recorded('acme', idempotencyKey)));
});

it('a key used again for another body is refused and told, and the first job is untouched (F02, M20)', async () => {
  await stack.send({ ...nap, idempotencyKey: 'once' });
  const first = await stack.recorded('acme', 'once');
  const other = JSON.stringify({ ...nap, idempotencyKey: 'once', input: { seconds: 1 } });
  await stack.send(other);
  expect((await stack.refusalOf(other)).attributes).toMatchObject({ code: 'idempotency_conflict' });
  expect(await stack.job('acme', 'once')).toMatchObject({
    fingerprint: first.fingerprint,
    input: { seconds: 0 },
  });
  const webhook = await until('the tenant to be told', async () =>
    stack.webhooks.find(({ payload }) => Object(payload?.data)['code'] === 'idempotency_conflict'),
  );
  expect(webhook).toMatchObject({ tenantId: 'acme', verified: true, payload: { type: 'job.rejected' } });
});
