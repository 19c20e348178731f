/** A command that is copied does what it says when it is pasted, whatever a sender has put into its job. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { asCurl, asScript, scriptWord, shellWord } from '../../../console/jobs/copies.ts';

const where = { operateUrl: 'https://operate.example/', apiUrl: 'https://api.example/' };
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
      expect(asCurl(where, 'POST', `/v1/jobs/${text}`, { text })).not.toMatch(/(?!\n)\p{Cc}/u);
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
  expect(asCurl(where, 'GET', '/v1/jobs/job_a')).toBe(
    [
      'curl -sS https://operate.example/v1/jobs/job_a \\',
      '  --aws-sigv4 "aws:amz:$AWS_REGION:lambda" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\',
      '  -H "x-amz-security-token: $AWS_SESSION_TOKEN"',
    ].join('\n'),
  );
});

it('copies a job as a call of the client, under a key of its own', () => {
  const job = {
    tenantId: 'acme',
    jobType: 'csv.summarise',
    idempotencyKey: "it's",
    input: { csv: '</script>' },
  };
  const script = asScript(where, job);
  expect(script).toContain('hg.jobs.submit("csv.summarise"');
  expect(script).toContain(`"it's-again"`);
  expect(script).not.toContain('</script>');
});
