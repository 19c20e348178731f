/** The command line of `npm start`, whose refusals are for the person who typed it. */
import { describe, expect, test } from '@jest/globals';
import { readCommandLine } from '../../../demo/options.ts';

const read = (...args: readonly string[]) => readCommandLine(args, ['noisy', 'webhooks']);

test('without options the sample runs until Ctrl-C, in memory and on any port', () => {
  expect(read()).toEqual({
    kind: 'run',
    options: { once: false, sample: true, data: undefined, port: 0, demo: undefined, webhookUrl: undefined },
  });
});

test.each([
  [['--once'], { once: true }],
  [['--no-sample'], { sample: false }],
  [['--port', '0'], { port: 0 }],
  [['--port=65535'], { port: 65_535 }],
  [['--data', 'a folder'], { data: 'a folder' }],
  [['--demo', 'noisy'], { demo: 'noisy' }],
  [['--webhook-origin', 'http://127.0.0.1:9000'], { webhookUrl: new URL('http://127.0.0.1:9000/') }],
  [
    ['--webhook-origin', 'http://127.0.0.1:9000/hooks'],
    { webhookUrl: new URL('http://127.0.0.1:9000/hooks') },
  ],
])('%j is understood', (args, options) => {
  expect(read(...args)).toMatchObject({ kind: 'run', options });
});

test('--help names every option, and goes before all others', () => {
  const asked = read('--port', '1', '--help');
  expect(asked).toMatchObject({ kind: 'help', text: expect.stringContaining('noisy or webhooks') });
  const text = asked.kind === 'help' ? asked.text : '';
  const names = [...text.matchAll(/^ {2}--([\w-]+)/gm)].map(([, name]) => name);
  expect(names).toEqual(['once', 'no-sample', 'webhook-origin', 'data', 'port', 'demo', 'help']);
});

describe('wrong usage is one sentence that says what was expected and what was found', () => {
  test.each([
    [['--onc'], 'There is no option --onc. Did you mean --once?'],
    [['--dat', 'x'], 'There is no option --dat. Did you mean --data?'],
    [['--constructor'], 'There is no option --constructor.'],
    [['-x'], 'There is no option -x.'],
    [['run'], 'Expected options alone, found run.'],
    [['--port'], 'Expected --port N, found no value.'],
    [['--port', '--once'], 'Expected --port N, found --once.'],
    [['--data='], 'Expected --data DIR, found no value.'],
    [['--once=yes'], '--once takes no value, found yes.'],
    [['--once', '--once'], 'Expected --once once, found it twice.'],
    [['--port', '65536'], 'Expected --port with a number from 0 to 65535, found 65536.'],
    [['--port', '1e3'], 'Expected --port with a number from 0 to 65535, found 1e3.'],
    [['--demo', 'toString'], 'Expected --demo noisy or webhooks, found toString.'],
    [['--demo', 'noisy', '--data', 'x'], 'Expected --demo alone, found --data beside it.'],
    [['--once', '--no-sample'], 'Expected one of --once and --no-sample'],
    ...[
      'localhost:9000',
      'http://localhost:9000',
      'https://127.0.0.1:9000',
      'http://127.0.0.1',
      'http://127.0.0.1:0',
      'http://127.0.0.2:9000',
      'http://user@127.0.0.1:9000',
      'https://example.com',
      '9000',
    ].map((url): [string[], string] => [
      ['--webhook-origin', url],
      `such as http://127.0.0.1:9000, found ${url}.`,
    ]),
  ])('%j', (args, sentence) => {
    const asked = read(...args);
    expect(asked).toMatchObject({ kind: 'misused', sentence: expect.stringContaining(sentence) });
  });
});
