/** A command that is copied does what it says when it is pasted, whatever a sender has put into its job. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import type { Told } from '../../../console/api/told.ts';
import { asCurl, asScript, scriptWord, shellWord } from '../../../console/copies/texts.ts';

const where = { operateUrl: 'https://operate.example/', apiUrl: 'https://api.example/' };
const read: Told = { operation: 'get /v1/jobs/{jobId}', path: { jobId: 'job_a' } };
const hostile = [
  '$(touch ran)',
  '`touch ran`',
  "'; touch ran; '",
  '"$(touch ran)"',
  ['$(touch$', '{IFS}ran)'].join(''),
  '\\',
  '!!',
];

test('a shell reads each word as it was, and runs nothing of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-copies-'));
  const random = fc.sample(fc.string({ unit: 'grapheme', minLength: 1 }), 200);
  // Control characters are taken out, since a terminal acts on them as they are pasted.
  const words = [...hostile, ...random].filter((word) => !/\p{Cc}/u.test(word));
  const script = words.map((word) => `printf '%s\\0' ${shellWord(word)}`).join('\n');
  const { stdout } = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
  expect(stdout.split('\0').slice(0, -1)).toEqual(words);
  expect(existsSync(join(folder, 'ran'))).toBe(false);
  rmSync(folder, { recursive: true });
});

test('no character that a terminal acts on is copied', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const call = { ...read, path: { jobId: text }, body: { text }, idempotencyKey: text };
      expect(asCurl(where, call)).not.toMatch(/(?!\n)\p{Cc}/u);
    }),
  );
});

test('a literal of JavaScript is the value, with no mark that turns the direction of a text', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const word = scriptWord(value);
      expect(JSON.parse(word)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(word).not.toMatch(/[<\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
    }),
  );
});

it('names credentials by their variables, and never has one', () => {
  expect(asCurl(where, read)).toBe(
    [
      'curl -sS https://operate.example/v1/jobs/job_a \\',
      '  --aws-sigv4 "aws:amz:$AWS_REGION:lambda" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\',
      '  -H "x-amz-security-token: $AWS_SESSION_TOKEN"',
    ].join('\n'),
  );
});

test('curl sends all that the act sends: its tenant, its key, what must be unchanged, and its body', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-copies-'));
  const call: Told = {
    operation: 'put /v1/tenants/{tenantId}',
    path: { tenantId: 'a/b' },
    query: { tenant: 'acme', absent: undefined },
    idempotencyKey: "it's",
    ifMatch: '"v1"',
    body: { reason: "it's $(touch ran)" },
  };
  // A curl that says what it was given.
  const script = `curl() { printf '%s\\0' "$@"; }\n${asCurl(where, call)}`;
  const { stdout } = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
  const said = stdout.split('\0');
  expect(said).toEqual(
    expect.arrayContaining([
      'PUT',
      'https://operate.example/v1/tenants/a%2Fb?tenant=acme',
      "Idempotency-Key: it's",
      'If-Match: "v1"',
      JSON.stringify(call.body),
    ]),
  );
  expect(existsSync(join(folder, 'ran'))).toBe(false);
  rmSync(folder, { recursive: true });
});

it.each<[string, Told, string]>([
  ['reads a job', read, 'const job = await hg.jobs.get("job_a");'],
  ['cancels a job', { ...read, operation: 'post /v1/jobs/{jobId}/cancel' }, 'await hg.jobs.cancel("job_a");'],
  [
    'seals a group',
    { operation: 'post /v1/groups/{groupId}/seal', path: { groupId: 'g' }, body: { expect: 3 } },
    'await hg.groups.seal("g", {"expect":3});',
  ],
  [
    'sends an edited job',
    { operation: 'post /v1/jobs', body: { jobType: 'csv.summarise', input: { csv: '</script>' } } },
    'await hg.jobs.submit("csv.summarise", {\n  "input": {\n    "csv": "\\u003c/script>"',
  ],
])('is a call of the client where it %s', (_, call, line) => {
  const script = asScript(where, [{ ...call, query: { tenant: "it's" } }]);
  expect(script).toContain(`tenant: "it's" });`);
  expect(script).toContain(line);
});

it('is a signed request for what only operators may do', async () => {
  const call = {
    operation: 'post /v1/tenants/{tenantId}/pause',
    path: { tenantId: 'acme' },
    body: { reason: 'x' },
  };
  const sent: unknown[] = [];
  const program = asScript(where, [call, call]).replace(/^import .*$/m, '');
  const AwsClient = class {
    fetch = async (...asked: unknown[]) => {
      sent.push(asked);
      return { status: 200, text: async () => '' };
    };
  };
  // A program that runs is the only proof that it is one.
  const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor;
  await new AsyncFunction('AwsClient', 'process', 'console', program)(
    AwsClient,
    { env: {} },
    { log: () => undefined },
  );
  const headers = { 'Content-Type': 'application/json' };
  const asked = [
    'https://operate.example/v1/tenants/acme/pause',
    { method: 'POST', headers, body: '{"reason":"x"}' },
  ];
  expect(sent).toEqual([asked, asked]);
});
