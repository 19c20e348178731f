import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { SPARE, setUp, until } from './set-up.ts';

jest.setTimeout(60_000);

let cloud: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  cloud = await setUp();
});
afterEach(() => cloud.close());

const returned = (payload: unknown) => ({ outcome: 'returned', payload });

test('a function sees its own environment and what Lambda sets, and nothing of the shell', async () => {
  const source = 'const atImport = { ...process.env }; export const handler = async () => atImport;';
  await cloud.define('one', source, { environment: { TABLE_NAME: 'first', AWS_REGION: 'mars' } });
  await cloud.define('two', source, { environment: { TABLE_NAME: 'second' }, memoryMiB: 256 });
  cloud.host.start();
  const seen = (name: string) => cloud.host.invoke(name, {});
  expect(process.env['PATH']).toBeDefined();
  expect(await seen('one')).toEqual(
    returned({
      TABLE_NAME: 'first',
      _HANDLER: 'one.handler',
      AWS_LAMBDA_FUNCTION_NAME: 'one',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'one',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL: cloud.queues.endpoint,
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
    }),
  );
  expect(await seen('two')).toMatchObject(
    returned({ TABLE_NAME: 'second', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256', _HANDLER: 'two.handler' }),
  );
});

test('a function is told who it is and how long it has', async () => {
  await cloud.define(
    'told',
    `export const handler = async (event, context) =>
       ({ ...context, event, left: context.getRemainingTimeInMillis() });`,
  );
  expect(await cloud.host.invoke('told', { a: [1] })).toEqual(
    returned({
      event: { a: [1] },
      functionName: 'told',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:told',
      memoryLimitInMB: '128',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      logGroupName: '/aws/lambda/told',
      logStreamName: 'local',
      callbackWaitsForEmptyEventLoop: true,
      left: expect.any(Number),
    }),
  );
});

test('what JSON cannot say does not come back, and no answer is null', async () => {
  await cloud.define(
    'json',
    'export const handler = (event) => event.at ? { at: new Date(event.at), x: undefined } : undefined;',
  );
  expect(await cloud.host.invoke('json', { at: 5000 })).toEqual(returned({ at: '1970-01-01T00:00:05.000Z' }));
  expect(await cloud.host.invoke('json', {})).toEqual(returned(null));
});

test('what a function prints comes out line by line under its name', async () => {
  await cloud.define(
    'talks',
    `export const handler = () => { console.log('one\\ntwo'); console.error('three'); };`,
  );
  await cloud.host.invoke('talks', {});
  const said = () => cloud.printed.map(({ functionName, line }) => `${functionName}: ${line}`).toSorted();
  await expect(until(() => said().length === 3)).resolves.toBeUndefined();
  expect(said()).toEqual(['talks: one', 'talks: three', 'talks: two']);
});

test('a function with a log group logs there, in lines that name their request where the format is JSON', async () => {
  const source = `export const handler = async ({ fail }) => {
    console.log('one', { two: 2 });
    console.warn({ three: 3 });
    process.stdout.write('its own line\\n');
    if (fail) throw new RangeError('too far');
  };`;
  await cloud.define('json', source, { log: { group: 'workers', format: 'JSON' } });
  await cloud.define('text', source, { log: { group: 'plain', format: 'Text' } });
  await cloud.define('none', source);
  await cloud.host.invoke('json', {}, { requestId: 'first' });
  await cloud.host.invoke('json', { fail: true }, { requestId: 'second' });
  await cloud.host.invoke('text', {});
  await cloud.host.invoke('none', {});
  await until(() => cloud.logged.length >= 12);
  const of = (group: string) => cloud.logged.filter((each) => each.group === group);
  expect(new Set(of('workers').map(({ stream }) => stream)).size).toBe(1);
  expect(of('workers')[0]?.stream).toMatch(/^\d{4}\/\d\d\/\d\d\/json\[\$LATEST\][0-9a-f]{32}$/);
  const parsed = of('workers').flatMap(({ line }) => (line.startsWith('{') ? [JSON.parse(line)] : [line]));
  for (const requestId of ['first', 'second'])
    expect(parsed).toEqual(
      expect.arrayContaining([
        { timestamp: expect.any(String), level: 'INFO', requestId, message: 'one { two: 2 }' },
        { timestamp: expect.any(String), level: 'WARN', requestId, message: { three: 3 } },
      ]),
    );
  expect(parsed).toContain('its own line');
  expect(parsed).toContainEqual(
    expect.objectContaining({
      level: 'ERROR',
      requestId: 'second',
      message: expect.objectContaining({ errorType: 'RangeError', errorMessage: 'too far' }),
    }),
  );
  const reports = parsed.filter(({ type }) => type === 'platform.report').map(({ record }) => record);
  expect(reports.map(({ requestId, status }) => ({ requestId, status }))).toEqual([
    { requestId: 'first', status: 'success' },
    { requestId: 'second', status: 'error' },
  ]);
  expect(of('plain').map(({ line }) => line)).toEqual(
    expect.arrayContaining(['one { two: 2 }', '{ three: 3 }', 'its own line']),
  );
});

test('a thrown error is the result, and the sandbox stays warm', async () => {
  await cloud.define(
    'throws',
    `let calls = 0;
     export const handler = async ({ fail }) => { calls += 1; if (fail) throw new RangeError('too far'); return calls; };`,
  );
  expect(await cloud.host.invoke('throws', { fail: true })).toEqual({
    outcome: 'failed',
    errorType: 'RangeError',
    errorMessage: 'too far',
  });
  expect(await cloud.host.invoke('throws', {})).toEqual(returned(2));
  await until(() => cloud.printed.some(({ line }) => /ERROR Invoke Error .*RangeError.*too far/.test(line)));
  expect(cloud.lines).toEqual([]);
});

const version = (text: string) => `
  import { writeFileSync } from 'node:fs';
  export const handler = async ({ started, release }) => {
    if (started) {
      writeFileSync(started, '');
      while (true) {
        if (await import('node:fs').then((fs) => fs.existsSync(release))) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    return '${text}';
  };`;

test('a function whose bundle is replaced runs the new one from the next call on, and a call that runs ends on the old one', async () => {
  await cloud.define('changing', version('old'));
  await cloud.define('constant', version('same'));
  cloud.host.start();
  const [started, release] = ['started', 'release'].map((name) => join(cloud.folder, name));
  const running = cloud.host.invoke('changing', { started, release });
  await until(() => existsSync(started ?? ''));
  const bundle = join(cloud.folder, 'changing.mjs');
  await writeFile(bundle, version('new'));
  await cloud.host.renew([bundle]);
  const next = await cloud.host.invoke('changing', {});
  await writeFile(release ?? '', '');
  expect([await running, next]).toEqual([returned('old'), returned('new')]);
  expect(await cloud.host.invoke('changing', {})).toEqual(returned('new'));
  expect(await cloud.host.invoke('constant', {})).toEqual(returned('same'));
  await cloud.host.renew([bundle]);
  expect(await cloud.host.invoke('changing', {})).toEqual(returned('new'));
  expect(cloud.lines).toEqual([]);
});

test('each tenant of a function that isolates them runs its new bundle, after the call that runs', async () => {
  const version = (name: string) =>
    `import { existsSync, writeFileSync } from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    export const handler = async ({ started, release }, { tenantId }) => {
      if (started) { writeFileSync(started, ''); while (!existsSync(release)) await setTimeout(10); }
      return tenantId + ' ${name}';
    };`;
  await cloud.define('own', version('old'), { isolatesTenants: true });
  cloud.host.start();
  const ofTenant = (tenantId: string, payload = {}) => cloud.host.invoke('own', payload, { tenantId });
  expect(await ofTenant('globex')).toEqual(returned('globex old'));
  const [started, release] = ['began', 'go-on'].map((name) => join(cloud.folder, name));
  const running = ofTenant('acme', { started, release });
  await until(() => existsSync(started ?? ''));
  const bundle = join(cloud.folder, 'own.mjs');
  await writeFile(bundle, version('new'));
  await cloud.host.renew([bundle]);
  expect(await Promise.all([ofTenant('globex'), ofTenant('initech')])).toEqual([
    returned('globex new'),
    returned('initech new'),
  ]);
  const next = ofTenant('acme');
  await writeFile(release ?? '', '');
  expect([await running, await next]).toEqual([returned('acme old'), returned('acme new')]);
  expect(cloud.lines).toEqual([]);
});

const counting = (fault: string) => `
  let calls = 0;
  export const handler = async ({ fault }) => { calls += 1; if (fault) { ${fault} } return calls; };`;

const faults: [title: string, fault: string, error: object, cause: RegExp][] = [
  [
    'spins past its timeout',
    'while (true);',
    { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 1.50 seconds' },
    /Task timed out after 1\.50 seconds/,
  ],
  [
    'waits past its timeout',
    'await new Promise(() => setInterval(() => {}, 1000));',
    { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 1.50 seconds' },
    /Task timed out after 1\.50 seconds/,
  ],
  [
    'throws an uncaught error',
    `setImmediate(() => { throw new TypeError('loose'); }); await new Promise(() => {});`,
    { errorType: 'Runtime.ExitError' },
    /TypeError: loose/,
  ],
  [
    'rejects a promise without a handler',
    `Promise.reject(new TypeError('adrift')); await new Promise(() => {});`,
    { errorType: 'Runtime.ExitError' },
    /TypeError: adrift/,
  ],
  ['exits', 'process.exit(3);', { errorType: 'Runtime.ExitError' }, /exit status 3/],
  [
    'eats its memory',
    'const kept = []; while (true) kept.push({ kept: [kept.length] });',
    { errorType: 'Runtime.ExitError' },
    /memory/,
  ],
];

test.each(faults)(
  'a function that %s fails that call only, in one sentence',
  async (_title, fault, error, cause) => {
    const timeoutSeconds = fault.includes('kept') ? 30 : 1.5;
    await cloud.define('bad', counting(fault), { timeoutSeconds, memoryMiB: 64 });
    await cloud.define('good', counting(''));
    cloud.host.start();
    expect(await cloud.host.invoke('bad', {})).toEqual(returned(1));
    const broken = cloud.host.invoke('bad', { fault: true });
    expect(await cloud.host.invoke('good', {})).toEqual(returned(1));
    expect(await broken).toMatchObject({ outcome: 'failed', ...error });
    // A fresh sandbox: its count begins again.
    expect(await cloud.host.invoke('bad', {})).toEqual(returned(1));
    expect(await cloud.host.invoke('good', {})).toEqual(returned(2));
    expect(cloud.lines).toEqual([expect.stringMatching(cause)]);
    expect(cloud.lines[0]).toMatch(/^A sandbox of function bad ended: .*\.$/);
  },
);

test('a sandbox that dies between two calls is said, and fails neither', async () => {
  await cloud.define(
    'later',
    `export const handler = async ({ bomb }) => { if (bomb) setTimeout(() => process.exit(9), 20); return 'fine'; };`,
  );
  expect(await cloud.host.invoke('later', { bomb: true })).toEqual(returned('fine'));
  await until(() => cloud.lines.length === 1);
  expect(await cloud.host.invoke('later', {})).toEqual(returned('fine'));
});

test.each([
  ['cannot be imported', `import './gone.mjs';`, /Cannot find module/],
  ['is not JavaScript', 'export const = 1;', /SyntaxError/],
  ['throws while it loads', `throw new Error('no table name');`, /no table name/],
  ['has no such handler', 'export const other = 1;', /broken\.handler is undefined or not exported/],
])('a bundle that %s fails its calls and is tried again', async (_title, source, cause) => {
  await cloud.define('broken', source);
  await cloud.define('good', counting(''));
  cloud.host.start();
  await until(() => cloud.lines.length > 0);
  expect(cloud.lines).toEqual([expect.stringMatching(cause)]);
  for (const call of [cloud.host.invoke('broken', {}), cloud.host.invoke('broken', {})]) {
    expect(await call).toMatchObject({
      errorType: 'Runtime.ImportModuleError',
      errorMessage: expect.stringMatching(cause),
    });
  }
  expect(await cloud.host.invoke('good', {})).toEqual(returned(1));
  const bundle = join(cloud.folder, 'broken.mjs');
  await writeFile(bundle, counting(''));
  expect(await cloud.host.invoke('broken', {})).toEqual(returned(1));
});

test('a start waits for no function, and a call that comes before its sandbox has one of its own', async () => {
  await cloud.define(
    'slow',
    `while (Date.now() < ${Date.now()} + 2000); export const handler = () => 'slow';`,
  );
  await cloud.define('last', counting(''));
  const calls = [cloud.host.invoke('last', {}), cloud.host.invoke('slow', {})];
  cloud.host.start();
  expect(cloud.host.activity()).toEqual({ running: 2 });
  expect(await Promise.all(calls)).toEqual([returned(1), returned('slow')]);
  // The sandbox that the call started is the one that stays.
  expect(await cloud.host.invoke('last', {})).toEqual(returned(2));
});

test('a function follows the clock from its import on, and loses no time when it is turned', async () => {
  await cloud.define(
    'late',
    `import { setTimeout } from 'node:timers/promises';
     const importedAt = Date.now();
     export const handler = async ({ until }, context) => {
       console.log('in');
       while (Date.now() < until) await setTimeout(5);
       return { importedAt, date: new Date().toISOString(), left: context.getRemainingTimeInMillis() };
     };`,
  );
  const day = 86_400_000;
  const before = Date.now();
  cloud.clock.advance(day);
  cloud.host.start();
  const call = cloud.host.invoke('late', { until: before + 2 * day });
  await until(() => cloud.printed.length === 1);
  cloud.clock.advance(day);
  const result = await call;
  if (result.outcome !== 'returned') throw new Error(result.errorMessage);
  const seen = result.payload as { importedAt: number; date: string; left: number };
  expect(Math.floor((seen.importedAt - before) / day)).toBe(1);
  expect(Math.floor((Date.parse(seen.date) - before) / day)).toBe(2);
  expect(seen.left).toBeGreaterThan(0);
  expect(seen.left).toBeLessThanOrEqual(30_000);
});

test('many direct calls at once all run, on as many sandboxes as there are places', async () => {
  await cloud.define(
    'busy',
    `import { setTimeout } from 'node:timers/promises';
     export const handler = async (n) => { await setTimeout(20); return { n, pid: process.pid }; };`,
  );
  const calls = Array.from({ length: 50 }, (_, n) => cloud.host.invoke('busy', n));
  expect(cloud.host.activity()).toEqual({ running: 50 });
  const results = await Promise.all(calls);
  const processes = new Set<unknown>();
  for (const [n, result] of results.entries()) {
    expect(result).toMatchObject(returned({ n }));
    if (result.outcome === 'returned') processes.add((result.payload as { pid: number }).pid);
  }
  expect(processes.size).toBeLessThanOrEqual(1 + SPARE.sandboxes);
  expect(cloud.host.activity()).toEqual({ running: 0 });
});

test('an undefined function is refused', async () => {
  await expect(cloud.host.invoke('missing', {})).rejects.toThrow('There is no function missing.');
  await expect(cloud.mapQueue('missing')).rejects.toThrow('There is no function missing.');
});

test('closing ends a call that never finishes, and refuses the next', async () => {
  await cloud.define(
    'stuck',
    `export const handler = () => { console.log('in'); return new Promise(() => setInterval(() => {}, 1000)); };`,
  );
  const call = cloud.host.invoke('stuck', {});
  await until(() => cloud.printed.length === 1);
  await cloud.host.close();
  const closed = { outcome: 'failed', errorType: 'Sandbox.Closed' };
  expect(await call).toMatchObject(closed);
  expect(await cloud.host.invoke('stuck', {})).toMatchObject(closed);
  expect(cloud.lines).toEqual([]);
});
