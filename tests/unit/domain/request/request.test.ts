import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ErrorCode } from '../../../../domain/errors.ts';
import { JobRequest, MAX_WAIT_SECONDS, parseRequest } from '../../../../domain/request/request.ts';
import { aRequest } from '../../../support/jobs.ts';

/** Stands where a secret could stand, and is no value that any field accepts. */
const CANARY = 'zq canary 77';

const bodyWith = (change: object) => JSON.stringify({ ...aRequest(), ...change });

function refusal(body: string) {
  const parsed = parseRequest(body);
  if (parsed.kind !== 'refused') throw new Error('The message was accepted');
  return parsed.problem;
}

function tagsOf(count: number) {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`tag${i}`, 'x']));
}

const TRACE = `00-${'0af7651916cd43dd8448eb211c80319c'}-b7ad6b7169203331-01`;

describe('a field within its rule is accepted', () => {
  const rows: [field: keyof typeof JobRequest.shape, why: string, change: object][] = [
    ['specVersion', 'the version we speak', { specVersion: '1' }],
    ['tenantId', 'one character', { tenantId: 'a' }],
    ['tenantId', '63 characters with a dash', { tenantId: `a-${'9'.repeat(61)}` }],
    ['jobType', 'dotted words', { jobType: 'csv.summarise-2.fast' }],
    ['idempotencyKey', 'one character', { idempotencyKey: '!' }],
    ['idempotencyKey', '128 characters', { idempotencyKey: '~'.repeat(128) }],
    ['input', 'an object with everything in it', { input: { a: [1, 'x', null, true, { b: -0.5 }] } }],
    ['inputRef', 'an object in S3', { input: undefined, inputRef: 's3://bucket/tenants/acme/in.json' }],
    ['timeoutSeconds', 'the least Batch takes', { timeoutSeconds: 60 }],
    ['timeoutSeconds', 'fourteen days', { timeoutSeconds: 1_209_600 }],
    ['tags', 'none', { tags: {} }],
    ['tags', 'ten', { tags: tagsOf(10) }],
    ['tags', 'the longest key and value', { tags: { ['k'.repeat(128)]: 'v'.repeat(256) } }],
    ['metadata', '4096 characters', { metadata: { m: 'x'.repeat(4096 - '{"m":""}'.length) } }],
    ['traceparent', 'a W3C trace', { traceparent: TRACE }],
    ['action', 'the default, said aloud', { action: 'job.submit' }],
    ['runAt', 'a time in UTC', { runAt: '2026-01-05T09:00:00Z' }],
    ['runAt', 'a time with a zone and a fraction', { runAt: '2026-01-05T09:00:00.250+01:00' }],
    ['delaySeconds', 'none', { delaySeconds: 0 }],
    ['delaySeconds', 'a year', { delaySeconds: MAX_WAIT_SECONDS }],
    ['ttlSeconds', 'the least', { ttlSeconds: 1 }],
    ['deadlineSeconds', 'the least', { deadlineSeconds: 60 }],
    ['priority', 'the highest', { priority: 'urgent' }],
    ['concurrencyKey', '128 characters', { concurrencyKey: '~'.repeat(128) }],
    ['group', '128 characters', { group: `A${'-'.repeat(126)}z` }],
    [
      'dependsOn',
      'one that has yet to come',
      { dependsOn: [{ idempotencyKey: 'a', condition: 'finished' }] },
    ],
    [
      'onDependencyFailure',
      'hold',
      { dependsOn: [{ jobId: `job_${'a'.repeat(26)}` }], onDependencyFailure: 'hold' },
    ],
    [
      'dependencyTimeoutSeconds',
      'a year',
      { dependsOn: [{ idempotencyKey: 'a' }], dependencyTimeoutSeconds: MAX_WAIT_SECONDS },
    ],
  ];

  test.each(rows)('%s: %s', (_, __, change) => {
    const body = bodyWith(change);
    expect(parseRequest(body)).toEqual({ kind: 'submit', request: JSON.parse(body) });
  });

  test('and every field of the schema has its row', () => {
    expect(new Set(rows.map(([field]) => field))).toEqual(new Set(Object.keys(JobRequest.shape)));
  });
});

describe('a bad message is refused with its code and the place', () => {
  const rows: [why: string, body: string, ErrorCode, pointer: string][] = [
    ['no text', '', 'body_not_json', ''],
    ['text', `${CANARY}{`, 'body_not_json', ''],
    ['a byte order mark', `\ufeff${bodyWith({})}`, 'body_encoding', ''],
    ['a number beyond JSON', '{"specVersion":NaN}', 'number_range', '/specVersion'],
    ['an array', '[]', 'body_not_object', ''],
    ['a string', JSON.stringify(CANARY), 'body_not_object', ''],
    ['a number', '7', 'body_not_object', ''],
    ['null', 'null', 'body_not_object', ''],
    ['too large', bodyWith({ input: { a: 'x'.repeat(262_144) } }), 'body_too_large', ''],
    ['too large in bytes', bodyWith({ input: { a: 'é'.repeat(262_144 / 2) } }), 'body_too_large', ''],
    ['too large for an item', bodyWith({ input: { n: Array(120_000).fill(1) } }), 'body_too_large', ''],
    ['no version', bodyWith({ specVersion: undefined }), 'unsupported_version', '/specVersion'],
    ['a later version', bodyWith({ specVersion: '2' }), 'unsupported_version', '/specVersion'],
    ['a version that is a number', bodyWith({ specVersion: 1 }), 'unsupported_version', '/specVersion'],
    ['another version, whatever else', '{"specVersion":"9","x":1}', 'unsupported_version', '/specVersion'],
    ['no tenant', bodyWith({ tenantId: undefined }), 'field_missing', '/tenantId'],
    ['a tenant that is a number', bodyWith({ tenantId: 7 }), 'field_type', '/tenantId'],
    ['a tenant in capitals', bodyWith({ tenantId: 'Acme' }), 'field_invalid', '/tenantId'],
    ['a tenant with a path in it', bodyWith({ tenantId: 'a/../b' }), 'field_invalid', '/tenantId'],
    ['a tenant of 64 characters', bodyWith({ tenantId: 'a'.repeat(64) }), 'field_invalid', '/tenantId'],
    ['a tenant with a line end', bodyWith({ tenantId: 'acme\n' }), 'field_invalid', '/tenantId'],
    ['no job type', bodyWith({ jobType: undefined }), 'field_missing', '/jobType'],
    ['a job type that is null', bodyWith({ jobType: null }), 'field_type', '/jobType'],
    ['a job type with a space', bodyWith({ jobType: CANARY }), 'field_invalid', '/jobType'],
    ['an empty key', bodyWith({ idempotencyKey: '' }), 'field_invalid', '/idempotencyKey'],
    ['a key with a space', bodyWith({ idempotencyKey: CANARY }), 'field_invalid', '/idempotencyKey'],
    ['a key of 129', bodyWith({ idempotencyKey: 'k'.repeat(129) }), 'field_invalid', '/idempotencyKey'],
    ['a key beyond ASCII', bodyWith({ idempotencyKey: 'ключ' }), 'field_invalid', '/idempotencyKey'],
    ['neither input nor inputRef', bodyWith({ input: undefined }), 'input_ambiguous', '/input'],
    ['both', bodyWith({ inputRef: 's3://bucket/tenants/acme/a' }), 'input_ambiguous', '/input'],
    ['input as an array', bodyWith({ input: [CANARY] }), 'field_type', '/input'],
    ['input as null', bodyWith({ input: null }), 'field_type', '/input'],
    [
      'an infinite number',
      bodyWith({}).replace('"input":{}', '"input":{"n":1e400}'),
      'number_range',
      '/input/n',
    ],
    ['inputRef of the web', bodyWith({ inputRef: `https://x/${CANARY}` }), 'field_invalid', '/inputRef'],
    ['a timeout as text', bodyWith({ timeoutSeconds: CANARY }), 'field_type', '/timeoutSeconds'],
    ['a timeout under 60 s', bodyWith({ timeoutSeconds: 59 }), 'field_invalid', '/timeoutSeconds'],
    ['a timeout over 14 days', bodyWith({ timeoutSeconds: 1_209_601 }), 'field_invalid', '/timeoutSeconds'],
    ['tags as a list', bodyWith({ tags: [CANARY] }), 'field_type', '/tags'],
    ['eleven tags', bodyWith({ tags: tagsOf(11) }), 'field_invalid', '/tags'],
    ["a tag of AWS's", bodyWith({ tags: { 'aws:x': CANARY } }), 'field_invalid', '/tags/aws:x'],
    ['a tag that is a number', bodyWith({ tags: { cost: 5 } }), 'field_type', '/tags/cost'],
    [
      'a tag of 257 characters',
      bodyWith({ tags: { cost: CANARY.repeat(22) } }),
      'field_invalid',
      '/tags/cost',
    ],
    ['metadata as text', bodyWith({ metadata: CANARY }), 'field_type', '/metadata'],
    ['too much metadata', bodyWith({ metadata: { m: CANARY.repeat(400) } }), 'field_invalid', '/metadata'],
    ['a trace that is none', bodyWith({ traceparent: CANARY }), 'field_invalid', '/traceparent'],
    ['a field we do not have', bodyWith({ colour: [CANARY] }), 'field_unknown', '/colour'],
    ['a command of its own', bodyWith({ command: [CANARY] }), 'field_forbidden', '/command'],
    ['an image of its own', bodyWith({ image: CANARY }), 'field_forbidden', '/image'],
    ['an address of its own', bodyWith({ webhookUrl: CANARY }), 'field_forbidden', '/webhookUrl'],
    ['a start without a zone', bodyWith({ runAt: '2026-01-05T09:00:00' }), 'field_invalid', '/runAt'],
    ['a start on no day', bodyWith({ runAt: '2026-02-30T09:00:00Z' }), 'field_invalid', '/runAt'],
    ['a start that is a number', bodyWith({ runAt: 1767603600 }), 'field_type', '/runAt'],
    ['a start in words', bodyWith({ runAt: CANARY }), 'field_invalid', '/runAt'],
    [
      'two starts',
      bodyWith({ runAt: '2026-01-05T09:00:00Z', delaySeconds: 5 }),
      'field_invalid',
      '/delaySeconds',
    ],
    ['a delay backwards', bodyWith({ delaySeconds: -1 }), 'field_invalid', '/delaySeconds'],
    [
      'a delay of more than a year',
      bodyWith({ delaySeconds: MAX_WAIT_SECONDS + 1 }),
      'field_invalid',
      '/delaySeconds',
    ],
    ['no time to start in', bodyWith({ ttlSeconds: 0 }), 'field_invalid', '/ttlSeconds'],
    ['a deadline within the minute', bodyWith({ deadlineSeconds: 59 }), 'field_invalid', '/deadlineSeconds'],
    ['an action we do not have', bodyWith({ action: CANARY }), 'field_invalid', '/action'],
    [
      'an SNS envelope',
      JSON.stringify({ Type: 'Notification', TopicArn: CANARY, Message: CANARY }),
      'envelope_unexpected',
      '/TopicArn',
    ],
    ['an S3 notification', JSON.stringify({ Records: [{ s3: CANARY }] }), 'envelope_unexpected', '/Records'],
    [
      'an EventBridge envelope',
      JSON.stringify({ 'detail-type': CANARY, detail: {} }),
      'envelope_unexpected',
      '/detail',
    ],
    ['a field name with a slash', bodyWith({ 'a/b~c': CANARY }), 'field_unknown', '/a~1b~0c'],
    [
      'a field called __proto__',
      bodyWith({}).replace('{', '{"__proto__":{},'),
      'json_forbidden_key',
      '/__proto__',
    ],
    [
      'a misspelt field before a missing one',
      bodyWith({ tenantId: undefined, tennantId: 'a' }),
      'field_unknown',
      '/tennantId',
    ],
  ];

  test.each(rows)('%s', (_, body, code, pointer) => {
    const problem = refusal(body);
    expect(problem).toMatchObject({ code, pointer });
    expect(problem.message).toMatch(/^[A-Z].{10,300}[.?]$/s);
    expect(JSON.stringify(problem)).not.toContain('canary');
  });

  test.each(['retry', 'resources', 'notify'])(
    'the reserved field %s is refused by name, never ignored',
    (field) => {
      const problem = refusal(bodyWith({ [field]: CANARY }));
      expect(problem).toMatchObject({ code: 'not_supported_yet', pointer: `/${field}` });
      expect(problem.message).toContain(field);
      expect(problem.message).not.toContain('canary');
    },
  );

  test('a field name of any length leaves a short refusal', () => {
    const problem = refusal(bodyWith({ ['x'.repeat(100_000)]: 1 }));
    expect(JSON.stringify(problem).length).toBeLessThan(300);
  });
});

describe('a misspelt field is answered with the one that was meant', () => {
  test.each([
    ['idempotencykey', 'idempotencyKey'],
    ['idempotncyKey', 'idempotencyKey'],
    ['tenantID', 'tenantId'],
    ['inputs', 'input'],
    ['jobtype', 'jobType'],
    ['prioritty', 'priority'],
    ['metadta', 'metadata'],
    ['timeoutSecs', 'timeoutSeconds'],
  ])('%s: did you mean %s?', (field, meant) => {
    expect(refusal(bodyWith({ [field]: 1 })).message).toMatch(new RegExp(` Did you mean ${meant}\\?$`));
  });

  test.each(['x', 'sizeOfMachine', 'jobName', 'y'.repeat(41)])('%s is like none of ours', (field) => {
    expect(refusal(bodyWith({ [field]: 1 })).message).not.toContain('mean');
  });
});

describe('whatever is sent', () => {
  const known = fc.constantFrom(...Object.keys(JobRequest.shape), 'priority', 'x');
  const nearly = fc
    .dictionary(known, fc.jsonValue())
    .map((fields) => JSON.stringify({ ...aRequest(), ...fields }));

  test('it is accepted or refused, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), nearly), (body) => {
        expect(['submit', 'cancel', 'refused']).toContain(parseRequest(body).kind);
      }),
    );
  });

  test('what is accepted is exactly what was sent', () => {
    const jsonObject = fc.dictionary(
      fc.string().filter((key) => !/^(__proto__|constructor|prototype)$|\\/.test(key)),
      fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string())),
      { maxKeys: 5 },
    );
    const request = fc.record(
      {
        input: jsonObject,
        idempotencyKey: fc.stringMatching(/^[\x21-\x7e]{1,128}$/),
        timeoutSeconds: fc.integer({ min: 60, max: 1_209_600 }),
        metadata: jsonObject.filter((metadata) => JSON.stringify(metadata).length <= 4096),
      },
      { requiredKeys: ['input'] },
    );
    fc.assert(
      fc.property(request, (change) => {
        const body = bodyWith(change);
        expect(parseRequest(body)).toEqual({ kind: 'submit', request: JSON.parse(body) });
      }),
    );
  });
});
