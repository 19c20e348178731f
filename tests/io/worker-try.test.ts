/** `headgate worker try`, as the author of a handler or of an image runs it: no stack, no queue, one process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compileCache } from '../support/compile-cache.ts';
import { copyOfRegistry } from '../support/registry-copy.ts';
import { root } from '../support/root.ts';
import { until } from '../support/until.ts';

interface Shape {
  readonly command: readonly string[];
  readonly folder: string;
  readonly more?: string;
  readonly container?: string;
}
const type = (id: string, { command, folder, more = '', container = '' }: Shape) => `{
  id: '${id}',
  summary: 'An example.',
  input: z.looseObject({}),
  queue: 'standard',
  timeoutSeconds: { default: 60, max: 900 },
  retry: { maxAttempts: 3, backoff: { initialSeconds: 10, factor: 2, maxSeconds: 60 } },
  exitCodes: workerExitCodes,
  promisesResult: true,
  container: {
    image: { uri: 'registry.example.com/${id}:1', architecture: 'arm64', folder: '${folder}' },
    command: ${JSON.stringify(command)},
    size: { vcpus: 0.25, memoryMiB: 512 },
    writable: true,
    ${container}
  },
  ${more}
},`;
const wrapped = (...program: readonly string[]) => ['./headgate-exec', ...program];

const registry = copyOfRegistry();
const file = (name: string) => join(registry.folder, name);
beforeAll(() => {
  for (const folder of ['cli', 'local', 'client', 'console/server'])
    cpSync(join(root, folder), file(folder), { recursive: true });
  for (const example of ['python', 'shell']) {
    cpSync(join(root, 'worker/examples', example), file(`images/${example}`), { recursive: true });
    cpSync(join(root, 'worker/headgate-exec'), file(`images/${example}/headgate-exec`));
  }
  const shell = (id: string, script: string, rest: Partial<Shape> = {}) =>
    type(id, { command: wrapped('sh', '-c', script), folder: 'images/shell', ...rest });
  registry.writeWith(
    [
      type('sums.python', { command: wrapped('python3', 'main.py'), folder: 'images/python' }),
      type('count.shell', { command: wrapped('sh', 'count.sh'), folder: 'images/shell' }),
      shell('fails.shell', 'echo "the cause: disk full" >&2; exit 3'),
      shell('stays.shell', 'trap "exit 75" TERM; while :; do sleep 0.1; done'),
      shell('secret.shell', 'printf "{\\"length\\":%d}" "$' + '{#TOKEN}" >"$HEADGATE_RESULT"', {
        container: `secrets: { TOKEN: 'arn:aws:ssm:eu-west-1:111111111111:parameter/token' },`,
      }),
      type('unaware.shell', { command: ['echo', 'hello'], folder: 'images/shell' }),
      type('absent.shell', { command: ['true'], folder: 'images/absent' }),
      type('missing.program', { command: ['./no-such-program'], folder: 'images/shell' }),
    ].join('\n'),
  );
});
afterAll(() => registry.remove());

function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return spawn(process.execPath, ['cli/main.ts', 'worker', 'try', ...args], {
    cwd: registry.folder,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
async function ended(child: ReturnType<typeof start>) {
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number | null, out, err };
}
const inputs = new Map<string, string>();
function inputFile(content: string): string {
  const path = inputs.get(content) ?? file(`input-${inputs.size}.json`);
  inputs.set(content, path);
  writeFileSync(path, content);
  return path;
}
const tried = (id: string, input: object | string, ...args: readonly string[]) =>
  ended(
    start([id, '--input', inputFile(typeof input === 'string' ? input : JSON.stringify(input)), ...args]),
  );

interface Shown {
  readonly kind: string;
  readonly line?: string;
}
const documents = (out: string): readonly (Shown & Record<string, unknown>)[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a program of any language', () => {
  it('gets its input, and its progress, its result and its exit code are shown', async () => {
    const { code, out } = await tried('sums.python', { numbers: Array(12).fill(1), secondsEach: 0.6 });
    expect(out).toMatch(/ s {2}claimed\n/);
    expect(out).toMatch(/ s {2}progress +\d+ of 12\n/);
    expect(out).toMatch(/"sum": 12\n/);
    expect(out).toMatch(/exit code 0: done\nThe job would have succeeded\.\n$/);
    expect(code).toBe(0);
  });

  it('has each of its lines shown, and the same as documents for a program', async () => {
    const { code, out, err } = await tried('count.shell', { text: 'é' }, '--json');
    const shown = documents(out);
    expect(shown).toContainEqual(expect.objectContaining({ kind: 'printed', line: 'read 13 bytes' }));
    expect(shown.at(-1)).toMatchObject({
      kind: 'ended',
      exitCode: 0,
      meaning: 'done',
      state: 'succeeded',
      result: { bytes: 13 },
    });
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('that fails shows what it printed, what its exit code means, and when it would be tried again', async () => {
    const { code, out } = await tried('fails.shell', {});
    expect(out).toMatch(/printed +the cause: disk full\n/);
    expect(out).toMatch(/reported +exit_code: /);
    expect(out).toMatch(/exit code 3: failed\n/);
    expect(out).toMatch(/app_error, exit_code: .* Attempt 2 of 3 would begin \d+ s later\.\n/);
    expect(code).toBe(1);
  });

  it('that says never again would have failed for good', async () => {
    const { code, out } = await tried('sums.python', { numbers: ['x'] });
    expect(out).toMatch(/exit code 64: never again\ninvalid_input, input_rejected: .* failed for good\.\n/);
    expect(code).toBe(1);
  });

  it('that takes longer than it may is asked to end, and has timed out', async () => {
    const { code, out } = await tried('stays.shell', {}, '--timeout-seconds', '2');
    expect(out).toMatch(/exit code 75: timed out\ntimeout, timed_out: /);
    expect(code).toBe(1);
  });

  it('is ended by Ctrl-C, and leaves no process and no folder', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('headgate-trial-'));
    const child = start(['stays.shell', '--input', inputFile('{}')]);
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
    });
    const end = once(child, 'close');
    await until('the claim', async () => out.includes('claimed') || undefined);
    child.kill('SIGINT');
    expect(await end).toEqual([130, null]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('headgate-trial-'))).toEqual(before);
  });

  it('finds its secrets as variables of the shell, and is not begun without them', async () => {
    const args = ['secret.shell', '--input', inputFile('{}'), '--json'];
    const { out } = await ended(start(args, { TOKEN: 'canary-7f3a' }));
    expect(documents(out).at(-1)).toMatchObject({ result: { length: 11 } });
    expect(out).not.toContain('canary');
    const without = await ended(start(args));
    expect(without).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/secret TOKEN/) });
  });

  it('that knows nothing of Headgate is told so', async () => {
    const { code, out } = await tried('unaware.shell', {});
    expect(out).toMatch(/printed +hello\n/);
    expect(out).toMatch(/result_missing: .*\nThe program made no claim/s);
    expect(code).toBe(1);
  });
});

describe('a handler', () => {
  it('is tried as it is now, over files of this machine, and what it writes is kept where it was asked to be', async () => {
    writeFileSync(file('n.csv'), 'n,m\n1,2\n3,4\n');
    mkdirSync(file('kept'));
    const { code, out } = await tried('csv.summarise', { csv: 'file:n.csv' }, '--output', file('kept'));
    expect(out).toMatch(/"rows": 2,/);
    expect(JSON.parse(readFileSync(file('kept/summary.json'), 'utf8'))).toMatchObject({ columns: {} });
    expect(code).toBe(0);
  });

  it('that refuses its input says so in the words that its tenant would read', async () => {
    writeFileSync(file('broken.csv'), 'a,b\n1\n2,3\n');
    const { code, out } = await tried('csv.summarise', { csv: 'file:broken.csv' });
    expect(out).toMatch(/reported +worker:\w+: |reported +\w+: /);
    expect(out).toMatch(/exit code 64: never again\n/);
    expect(code).toBe(1);
  });
});

describe('nothing is begun', () => {
  it.each<[string, string, string | object, number, RegExp]>([
    [
      'for a job type that is not registered',
      'csv.sumarise',
      {},
      2,
      /^JOB_TYPE: expected one of .*csv\.summarise/,
    ],
    [
      'with an input that its job type refuses',
      'csv.summarise',
      { csv: 7 },
      4,
      /^input_invalid: at \/input\/csv: /,
    ],
    ['with an input that is no JSON', 'csv.summarise', '{"csv":', 4, /^body_not_json: /],
    ['with an input that is no object', 'csv.summarise', '[]', 4, /^input_invalid: Expected a JSON object/],
    ['with a key twice', 'count.shell', '{"a":1,"a":2}', 4, /^json_duplicate_key: /],
    [
      'with a file that is not there',
      'csv.summarise',
      { csv: 'file:none.csv' },
      2,
      /^--input: expected a file at /,
    ],
    [
      'with objects of two tenants',
      'count.shell',
      { a: 's3://jobs/tenants/acme/inputs/a', b: 's3://jobs/tenants/globex/inputs/b' },
      4,
      /^input_uri_forbidden: at \/input\/b: /,
    ],
    ['without the folder of the image', 'absent.shell', {}, 1, /^Expected the folder images\/absent/],
    ['when the program cannot be started', 'missing.program', {}, 1, /^The program could not be started: /],
  ])('%s', async (_, id, input, code, sentence) => {
    expect(await tried(id, input)).toEqual({ code, out: '', err: expect.stringMatching(sentence) });
  });
});
