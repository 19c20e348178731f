import { afterEach, expect, test } from '@jest/globals';
import { EnvironmentIncomplete, readEnv } from '../../io/process/env.ts';

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
  PAGE_ORIGINS: '',
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
    'PAGE_ORIGINS',
  );
};

test('a sound environment is read, each variable as what it is', () => {
  expect(read({})).toMatchObject({
    TABLE_NAME: 'jobs',
    BATCH_CALLS_PER_SECOND: 40,
    TENANT_DEFAULTS: { waitingQuota: 1000 },
    WEBHOOK_ALLOWED_ORIGINS: [],
    PAGE_ORIGINS: [],
  });
  expect(read({ PAGE_ORIGINS: 'https://a.example, http://localhost:5173' })).toMatchObject({
    PAGE_ORIGINS: ['https://a.example', 'http://localhost:5173'],
  });
});

test.each<[string, object, string]>([
  ['a missing table', { TABLE_NAME: undefined }, 'TABLE_NAME is not set'],
  ['an empty table name', { TABLE_NAME: '' }, 'TABLE_NAME: expected a text that is not empty'],
  ['a queue that is no URL', { SUBMIT_QUEUE_URL: 'canary' }, 'SUBMIT_QUEUE_URL: expected a URL'],
  [
    'a limit in words',
    { BATCH_CALLS_PER_SECOND: 'canary' },
    'BATCH_CALLS_PER_SECOND: expected a number from 1 to 1000',
  ],
  [
    'a limit of nothing',
    { BATCH_CALLS_PER_SECOND: '0' },
    'BATCH_CALLS_PER_SECOND: expected a number from 1 to 1000',
  ],
  ['defaults that are no JSON', { TENANT_DEFAULTS: '{canary' }, 'TENANT_DEFAULTS: expected a JSON object'],
  [
    'defaults of a wrong kind',
    { TENANT_DEFAULTS: '{"admitUnknown":true,"cap":"canary"}' },
    'TENANT_DEFAULTS: expected a JSON object with a valid cap',
  ],
  [
    'a probe that is no host',
    { NETWORK_PROBE_HOST: 'https://canary/' },
    'NETWORK_PROBE_HOST: expected a host name',
  ],
  [
    'an inbox that is not of this machine',
    { WEBHOOK_ALLOWED_ORIGINS: 'http://10.0.0.1:80' },
    'WEBHOOK_ALLOWED_ORIGINS: expected http://127.0.0.1 and a port',
  ],
  [
    'the address of a page instead of its origin',
    { PAGE_ORIGINS: 'https://canary.example/' },
    'PAGE_ORIGINS: expected * or origins such as https://app.example',
  ],
])(
  'with %s a function does not start, and says which variable it is but not its value (M68)',
  (_, change, sentence) => {
    const complete = `The environment of this process is incomplete: ${sentence}`;
    expect(() => read(change)).toThrow(new EnvironmentIncomplete(complete));
  },
);

test('everything that is wrong is said at once (M68)', () => {
  const wrong = { TABLE_NAME: undefined, SUBMIT_QUEUE_URL: 'x', BATCH_CALLS_PER_SECOND: '-1' };
  expect(() => read(wrong)).toThrow(/TABLE_NAME.*SUBMIT_QUEUE_URL.*BATCH_CALLS_PER_SECOND/);
});
