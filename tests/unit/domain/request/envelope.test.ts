/** A body that is no message is named as what it is, and its sender reads what to do. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseRequest } from '../../../../domain/request/request.ts';

const message = {
  specVersion: '1',
  tenantId: 'acme',
  jobType: 'csv.summarise',
  idempotencyKey: 'report-42',
  input: { csv: 's3://jobs/tenants/acme/a.csv' },
};
const json = JSON.stringify(message);
const refused = (body: string) => {
  const parsed = parseRequest(body);
  if (parsed.kind !== 'refused') throw new Error('The message was taken.');
  return parsed.problem;
};

const POINTER = { s3BucketName: 'b', s3Key: 'k' };
const EVENT = { specversion: '1.0', type: 'com.acme.report', source: '/acme', id: '1' };

describe('a body is named as what it is (M99)', () => {
  test.each<[string, unknown, string, string, RegExp]>([
    [
      'the pointer of the extended client for Java',
      ['software.amazon.payloadoffloading.PayloadS3Pointer', POINTER],
      'envelope_unexpected',
      '',
      /extended client to S3; .* inputRef/,
    ],
    [
      'the pointer of its first version',
      ['com.amazon.sqs.javamessaging.MessageS3Pointer', POINTER],
      'envelope_unexpected',
      '',
      /extended client/,
    ],
    ['the pointer alone', POINTER, 'envelope_unexpected', '', /extended client/],
    ['the pointer of .NET', { S3BucketName: 'b', S3Key: 'k' }, 'envelope_unexpected', '', /extended client/],
    [
      'a CloudEvents event',
      { ...EVENT, data: message },
      'envelope_unexpected',
      '/data',
      /a CloudEvents event; send its data/,
    ],
    [
      'a CloudEvents event that names a tenant',
      { ...EVENT, tenantid: 'acme', data: message },
      'envelope_unexpected',
      '/data',
      /CloudEvents/,
    ],
    [
      'a CloudEvents event in base64',
      { ...EVENT, data_base64: btoa(json) },
      'envelope_unexpected',
      '/data',
      /CloudEvents/,
    ],
    [
      'an SNS notification',
      { Type: 'Notification', TopicArn: 'arn:…', Message: json },
      'envelope_unexpected',
      '/TopicArn',
      /raw message delivery/,
    ],
    [
      'a confirmation of a subscription',
      { Type: 'SubscriptionConfirmation', TopicArn: 'arn:…' },
      'envelope_unexpected',
      '/Type',
      /SubscribeURL/,
    ],
    [
      'an EventBridge event',
      { 'detail-type': 'x', detail: message },
      'envelope_unexpected',
      '/detail',
      /input path/,
    ],
    ['an S3 notification', { Records: [] }, 'envelope_unexpected', '/Records', /records of an AWS service/],
    [
      'a test of an S3 notification',
      { Service: 'Amazon S3', Event: 's3:TestEvent' },
      'envelope_unexpected',
      '/Event',
      /test event/,
    ],
    [
      'a received message',
      { MessageId: '1', Body: json },
      'envelope_unexpected',
      '/Body',
      /received SQS message/,
    ],
    [
      'the message inside of something unknown',
      { meta: {}, payload: message },
      'envelope_unexpected',
      '/payload',
      /found it at \/payload/,
    ],
    [
      'the message as text inside of something unknown',
      { a: { b: json } },
      'envelope_unexpected',
      '/a/b',
      /found it at \/a\/b/,
    ],
    ['several messages', [message, message], 'body_not_object', '', /array of 2; send each message/],
    ['a message that was encoded twice', json, 'body_not_object', '', /encoded twice/],
    ['a message in base64, as a JSON string', btoa(json), 'body_encoding', '', /found base64/],
    [
      'snake_case',
      { spec_version: '1', tenant_id: 'acme', job_type: 'a.b', idempotency_key: 'k', input: {} },
      'field_unknown',
      '/spec_version',
      /camelCase: specVersion, tenantId, jobType, idempotencyKey/,
    ],
  ])('%s', (_, value, code, pointer, sentence) => {
    const problem = refused(JSON.stringify(value));
    expect(problem).toMatchObject({ code, pointer });
    expect(problem.message).toMatch(sentence);
  });

  test.each<[string, string, string, RegExp]>([
    ['base64', btoa(json), 'body_encoding', /found base64/],
    ['base64 in lines', btoa(json).replace(/.{76}/g, '$&\n'), 'body_encoding', /found base64/],
    ['base64 for addresses', btoa(json).replaceAll('+', '-').replaceAll('/', '_'), 'body_encoding', /base64/],
    ['gzip', gzipSync(json).toString('base64'), 'body_encoding', /gzip in base64/],
    ['nothing', ' ', 'body_not_json', /empty body/],
    ['an object without JSON.stringify', '[object Object]', 'body_not_json', /without JSON\.stringify/],
    ['XML', '<message/>', 'body_not_json', /XML or HTML/],
    ['a Python dictionary', "{'tenantId': 'acme'}", 'body_not_json', /json\.dumps/],
    ['a Python dictionary with its words', '{"tenantId": None}', 'body_not_json', /Python/],
    ['several messages in lines', `${json}\n${json}`, 'body_not_json', /several after one another/],
    ['a form', 'tenantId=acme&jobType=csv.summarise', 'body_not_json', /fields of a form/],
    ['YAML', 'tenantId: acme\njobType: a.b\n', 'body_not_json', /YAML/],
    ['a comma too many', '{"tenantId":"acme",}', 'body_not_json', /comma before/],
    ['a message that was cut off', json.slice(0, 40), 'body_not_json', /cut off/],
    ['any other text', 'hello', 'body_not_json', /text that is not JSON/],
  ])('%s', (_, body, code, sentence) => {
    const problem = refused(body);
    expect(problem.code).toBe(code);
    expect(problem.message).toMatch(sentence);
  });
});

test('a message is taken, whatever its input looks like', () => {
  for (const input of [{ ...EVENT, data: message }, { Records: [] }, message, POINTER, { b64: btoa(json) }])
    expect(parseRequest(JSON.stringify({ ...message, input })).kind).toBe('submit');
});

test('any body is named, and none throws or takes long, however an expression could read it', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => void parseRequest(body)));
  for (const body of [
    '{'.repeat(200_000),
    `{${' '.repeat(200_000)}`,
    'a'.repeat(200_000),
    `{"a":${JSON.stringify('['.repeat(100_000))}}`,
    `a${'=&'.repeat(50_000)}`,
    `{}${'\n'.repeat(200_000)}`,
    `{${', '.repeat(100_000)}`,
  ]) {
    expect(parseRequest(body).kind).toBe('refused');
  }
});
