/** The npm scripts of before `headgate` keep their verbs and options for one release. */
import { expect, test } from '@jest/globals';
import { translated } from '../../../cli/alias.ts';

test.each([
  ['dlq', 'list --tenant acme', 'dlq list --tenant acme'],
  ['tenant', 'put acme --cap 3', 'tenant put acme --cap 3'],
  ['tenant', 'why job_1', 'job why job_1'],
  ['tenant', 'try message.json', 'job check message.json'],
  ['webhooks', 'endpoints --tenant acme', 'webhook list --tenant acme'],
  ['webhooks', 'list --tenant acme', 'webhook deliveries --tenant acme'],
  ['webhooks', 'list --tenant acme --endpoint whe_1', 'webhook deliveries --tenant acme --endpoint whe_1'],
  ['webhooks', 'show msg_1 --tenant acme', 'webhook delivery msg_1 --tenant acme'],
  ['webhooks', 'ping --tenant acme --endpoint whe_1', 'webhook ping --tenant acme whe_1'],
  ['webhooks', 'remove --endpoint=whe_1 --tenant acme', 'webhook remove whe_1 --tenant acme'],
  ['reconcile', '--dry-run', 'reconcile --dry-run'],
])('npm run %s -- %s is headgate %3$s', (script, args, expected) => {
  const [noun, rest] = translated(script, args.split(' '));
  expect([noun, ...rest].join(' ')).toBe(expected);
});
