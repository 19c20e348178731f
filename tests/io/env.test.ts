import { afterEach, expect, test } from '@jest/globals';
import { readEnv } from '../../io/process/env.ts';

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

const sound = {
  TABLE_NAME: 'jobs',
  SUBMIT_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/000000000000/submit',
  BATCH_CALLS_PER_SECOND: '40',
  TENANT_DEFAULTS:
    '{"admitUnknown":false,"cap":0,"waitingQuota":1000,"priorityCeiling":"high","abovePriorityCeiling":"clamp"}',
  NETWORK_PROBE_HOST: 'example.com',
};
const read = (change: object) => {
  Object.assign(process.env, sound, change);
  for (const [name, value] of Object.entries(change)) if (value === undefined) delete process.env[name];
  return readEnv(
    'TABLE_NAME',
    'SUBMIT_QUEUE_URL',
    'BATCH_CALLS_PER_SECOND',
    'TENANT_DEFAULTS',
    'NETWORK_PROBE_HOST',
    'WEBHOOK_ALLOWED_ORIGINS',
  );
};

test('a sound environment is read, each variable as what it is', () => {
  expect(read({})).toMatchObject({
    TABLE_NAME: 'jobs',
    BATCH_CALLS_PER_SECOND: 40,
    TENANT_DEFAULTS: { waitingQuota: 1000 },
    WEBHOOK_ALLOWED_ORIGINS: [],
  });
});

test.each<[string, object, string]>([
  ['a missing table', { TABLE_NAME: undefined }, 'TABLE_NAME'],
  ['an empty table name', { TABLE_NAME: '' }, 'TABLE_NAME'],
  ['a queue that is no URL', { SUBMIT_QUEUE_URL: 'canary' }, 'SUBMIT_QUEUE_URL'],
  ['a limit in words', { BATCH_CALLS_PER_SECOND: 'canary' }, 'BATCH_CALLS_PER_SECOND'],
  ['a limit of nothing', { BATCH_CALLS_PER_SECOND: '0' }, 'BATCH_CALLS_PER_SECOND'],
  ['defaults that are no JSON', { TENANT_DEFAULTS: '{canary' }, 'TENANT_DEFAULTS'],
  ['defaults of a wrong kind', { TENANT_DEFAULTS: '{"cap":"canary"}' }, 'TENANT_DEFAULTS'],
  ['a probe that is no host', { NETWORK_PROBE_HOST: 'https://canary/' }, 'NETWORK_PROBE_HOST'],
  [
    'an inbox that is not of this machine',
    { WEBHOOK_ALLOWED_ORIGINS: 'http://10.0.0.1:80' },
    'WEBHOOK_ALLOWED_ORIGINS',
  ],
])(
  'with %s a function does not start, and says which variable it is but not its value (M68)',
  (_, change, name) => {
    expect(() => read(change)).toThrow(name);
    expect(() => read(change)).not.toThrow('canary');
  },
);

test('everything that is wrong is said at once (M68)', () => {
  const wrong = { TABLE_NAME: undefined, SUBMIT_QUEUE_URL: 'x', BATCH_CALLS_PER_SECOND: '-1' };
  expect(() => read(wrong)).toThrow(/TABLE_NAME.*SUBMIT_QUEUE_URL.*BATCH_CALLS_PER_SECOND/);
});
