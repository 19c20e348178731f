/** The command line of `npm start`, whose refusals are for the person who typed it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readCommandLine } from '../../../demo/options/options.ts';

const HERE = import.meta.dirname;
const read = (...args: readonly string[]) => readCommandLine(args, ['noisy', 'webhooks']);

test('without options the sample runs until Ctrl-C, in memory and on any port', () => {
  expect(read()).toEqual({
    kind: 'run',
    options: {
      once: false,
      sample: true,
      watch: false,
      data: undefined,
      port: 0,
      demo: undefined,
      faults: [],
      webhookUrl: undefined,
      images: {},
      containers: undefined,
      submitRate: undefined,
      secret: undefined,
    },
  });
});

test.each([
  [['--once'], { once: true }],
  [['--no-sample'], { sample: false }],
  [['--watch'], { watch: true }],
  [['--port', '0'], { port: 0 }],
  [['--port=65535'], { port: 65_535 }],
  [['--data', 'a folder'], { data: 'a folder' }],
  [['--containers', 'podman'], { containers: 'podman' }],
  [['--submit-rate', '200'], { submitRate: 200 }],
  [['--submit-rate', '0'], { submitRate: Number.POSITIVE_INFINITY }],
  [
    ['--image', 'python:3.11-slim', '--image', '*=node run.js --fast', '--image', `acme/own=${HERE}`],
    {
      images: {
        'python:3.11-slim': { kind: 'command' },
        '*': { kind: 'command', entrypoint: 'node run.js --fast' },
        'acme/own': { kind: 'folder', directory: HERE },
      },
    },
  ],
  [['--demo', 'noisy'], { demo: 'noisy' }],
  [['--fault', 'throttle', '--fault', 'drop-events'], { faults: ['throttle', 'drop-events'] }],
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
  expect(names).toEqual([
    ...[
      'once',
      'no-sample',
      'watch',
      'webhook-origin',
      'image',
      'images',
      'containers',
      'secrets',
      'submit-rate',
    ],
    ...['data', 'port', 'fault', 'demo', 'help'],
  ]);
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
    [['--image', '=x'], '--image: expected python:3.11-slim=./tools'],
    [['--image', 'own=./nowhere'], 'there is no folder and no program ./nowhere for the image own.'],
    [['--images', '/nowhere.json'], '/nowhere.json is not there.'],
    [['--images', import.meta.filename], 'is no JSON.'],
    [['--secrets', import.meta.filename], 'is no JSON.'],
    [['--secrets', join(HERE, '../../../tsconfig.json')], 'has something else.'],
    [['--containers', 'lxc'], 'Expected --containers docker, podman or processes, found lxc.'],
    [['--submit-rate', '-1'], 'Expected --submit-rate with a whole number, found -1.'],
    [['--once', '--once'], 'Expected --once once, found it twice.'],
    [['--port', '65536'], 'Expected --port with a number from 0 to 65535, found 65536.'],
    [['--port', '1e3'], 'Expected --port with a number from 0 to 65535, found 1e3.'],
    [['--demo', 'toString'], 'Expected --demo noisy or webhooks, found toString.'],
    [['--demo', 'noisy', '--fault', 'throttle'], 'Expected --demo alone, found --fault beside it.'],
    [['--fault', 'rain'], 'Expected --fault with one of duplicate-events, drop-events,'],
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

test('images of a file are relative to it, and the command line wins', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'options-'));
  const file = join(folder, 'images.json');
  mkdirSync(join(folder, 'own'));
  writeFileSync(file, JSON.stringify({ own: './own', other: 'node x.js' }));
  expect(read('--images', file, '--image', 'other')).toMatchObject({
    options: {
      images: { own: { kind: 'folder', directory: join(folder, 'own') }, other: { kind: 'command' } },
    },
  });
  rmSync(folder, { recursive: true });
});

test.each([
  ['token', 'one'],
  ['arn:aws:ssm:us-east-1:000000000000:parameter/token', 'one'],
  ['arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf', '{"user":"u","password":"p"}'],
  ['arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf:password::', 'p'],
  ['arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf:toString::', undefined],
  ['arn:aws:secretsmanager:us-east-1:000000000000:secret:other-AbCdEf', undefined],
  ['toString', undefined],
])('a definition that names %s gets %j from the file of secrets', async (valueFrom, expected) => {
  const folder = mkdtempSync(join(tmpdir(), 'options-'));
  const file = join(folder, 'secrets.json');
  writeFileSync(file, JSON.stringify({ token: 'one', db: { user: 'u', password: 'p' } }));
  const asked = read('--secrets', file);
  rmSync(folder, { recursive: true });
  expect(await (asked.kind === 'run' ? asked.options.secret?.(valueFrom) : 'misused')).toBe(expected);
});
