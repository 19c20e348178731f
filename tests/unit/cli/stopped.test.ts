/** What AWS or the network says is a sentence of ours with what to do, and an exit code of its own. */
import { expect, test } from '@jest/globals';
import { EXIT_CODES, Stopped, stoppedBy } from '../../../cli/program/stopped.ts';

const named = (name: string, message = 'in the words of a library') =>
  Object.assign(new Error(message), { name });
const coded = (code: string) => Object.assign(new Error(`connect ${code} 127.0.0.1:1`), { code });

test.each<[string, unknown, number, RegExp]>([
  ['an address that does not answer', coded('ECONNREFUSED'), 5, /^The stack did not answer; --endpoint-url/],
  ['a name that does not resolve', coded('ENOTFOUND'), 5, /^The stack did not answer/],
  ['an answer that takes too long', named('TimeoutError'), 5, /^The stack did not answer/],
  [
    'no credentials',
    named('CredentialsProviderError'),
    5,
    /run aws sso login or aws login, or name a --profile\.$/,
  ],
  ['credentials of yesterday', named('ExpiredTokenException'), 5, /^The AWS credentials have expired/],
  [
    'credentials of another place',
    named('UnrecognizedClientException'),
    5,
    /^AWS does not know these credentials/,
  ],
  [
    'a right that is missing',
    named('AccessDeniedException'),
    5,
    /^AWS does not let these credentials do this/,
  ],
  ['no Region', named('Error', 'Region is missing'), 5, /^Expected a Region and found none/],
  ['anything else', named('Fault', 'The record is gone.'), 1, /^The record is gone\.$/],
  ['what is no error', 'a text', 1, /^a text$/],
  ['a refusal of ours', new Stopped('refused', 'quota_waiting: Full.'), 4, /^quota_waiting: Full\.$/],
])('%s', (_, error, code, sentence) => {
  const { kind, message } = stoppedBy(error);
  expect({ code: EXIT_CODES[kind], message }).toEqual({ code, message: expect.stringMatching(sentence) });
});
