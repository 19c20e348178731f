/** `headgate job`, as a person or a script runs it: from a submission to the end, and what is told on the way. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { arrayIdOf, childIdOf, jobIdOf } from '../../application/job/identity.ts';
import { CostView } from '../../domain/cost/receipt.ts';
import { itemKey } from '../../domain/group/array.ts';
import { FailureGroupView } from '../../domain/reading/failure-view.ts';
import { JobSummary, JobView } from '../../domain/reading/job-view.ts';
import { TimelineEntry } from '../../domain/reading/timeline.ts';
import { WaitView } from '../../domain/reading/wait-view.ts';
import { closedAfterAll } from '../support/closing.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

jest.setTimeout(180_000);

let stack: Stack;
let csv: string;
let folder: string;
const opened = closedAfterAll();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'job-command-'));
  stack = opened(await startStack());
  for (const tenantId of ['acme', 'globex']) await stack.addTenant(tenantId);
  csv = await stack.upload('acme', 'n.csv', 'n\n1\n2\n');
});
afterAll(() => rm(folder, { recursive: true }));

const job = (...args: readonly string[]) => runCommand(stack, 'job', ...args);
const submit = (key: string, input: object, ...args: readonly string[]) =>
  job('submit', 'csv.summarise', '--tenant', 'acme', '--key', key, '--input', JSON.stringify(input), ...args);
const documents = <T>(schema: z.ZodType<T>, out: string): T[] =>
  out
    .trim()
    .split('\n')
    .map((line) => schema.parse(JSON.parse(line)));

it('a job that is submitted and waited for succeeds, and its page tells its way', async () => {
  const jobId = jobIdOf('acme', 'report-1');
  const short = jobId.slice(0, 12);
  const sent = await submit('report-1', { csv }, '--tag', 'team=blue', '--wait', '--json');
  expect(sent).toMatchObject({ code: 0, err: '' });
  const [ended] = documents(JobView.strict(), sent.out);
  expect(ended).toMatchObject({ id: jobId, state: 'succeeded', tags: { team: 'blue' }, input: { csv } });

  expect((await submit('report-1', { csv }, '--tag', 'team=blue')).out).toBe(`${jobId}  succeeded\n`);
  expect(await job('wait', short)).toMatchObject({
    code: 0,
    out: expect.stringMatching(new RegExp(`^${jobId} {2}succeeded after [\\d.]+ s\n$`)),
  });
  expect((await job('get', short, '--tenant', 'acme')).out).toMatch(/^idempotencyKey +report-1$/m);
  expect((await job('why', short)).out).toMatch(
    /is succeeded: it does not wait\.\nattempt 1 ended well; log: \S+\n$/,
  );

  const page = await until('the webhook on the page', async () => {
    const { out } = await job('timeline', short);
    return out.includes('delivered') ? out : undefined;
  });
  expect(page).toMatch(
    /accepted as a job of csv\.summarise\n.*attempt 1 began to run\n.*attempt 1 ended well\n.*ended as succeeded\n/,
  );
  expect(page).toMatch(/webhook job\.succeeded to whe_test: delivered after 1 try, last answer http_204\n/);
  const entries = documents(TimelineEntry.strict(), (await job('timeline', jobId, '--json')).out);
  expect(entries.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['accepted', 'attempt.started', 'attempt.ended', 'state.succeeded', 'delivery']),
  );
});

it('what attempts cost is reported by type and tag, each attempt once', async () => {
  const { endedAttempts } = await stack.ended('acme', 'report-1');
  const usd = endedAttempts.map(({ usdMicro = 0 }) => usdMicro / 1_000_000);
  expect(endedAttempts).toMatchObject([{ billedSeconds: 60, usdMicro: expect.any(Number) }]);
  const byTag = await runCommand(stack, 'cost', '--by', 'tag:team', '--json');
  expect(documents(CostView.strict(), byTag.out)).toEqual([
    { name: 'blue', jobs: 1, attempts: 1, billedSeconds: 60, usd: usd[0] },
  ]);
  const csvText = await runCommand(stack, 'cost', '--by', 'type', '--tenant', 'acme', '--csv');
  expect(csvText.out).toBe(
    `name,jobs,attempts,billed_seconds,usd\ncsv.summarise,1,1,60,${usd[0]?.toFixed(6)}\n`,
  );
});

it('a request that cannot be a job is refused with its code, and nothing is sent', async () => {
  const file = join(folder, 'input.json');
  await writeFile(file, '{"csv":');
  const cases: readonly (readonly [Promise<unknown>, number, RegExp])[] = [
    [submit('bad', { csv }, '--metadata', '{"a":1,"a":2}'), 4, /^json_duplicate_key: /],
    [submit('bad', { csv }, '--run-at', 'tomorrow'), 4, /^field_invalid: /],
    [submit('schedule:x', { csv }), 4, /^field_invalid: .*schedule:/],
    [job('submit', 'csv.summarise', '--tenant', 'acme', '--key', 'bad'), 4, /^input_ambiguous: /],
    [job('submit', 'csv.summarise', '--tenant', 'acme', '--input', '{}'), 2, /^--key: /],
    [
      job('submit', 'csv.summarise', '--tenant', 'acme', '--key', 'bad', '--input', `@${file}`),
      4,
      /^body_not_json: /,
    ],
    [job('submit', 'csv.summarise', '--tenant', 'acme', '--key', 'bad', '--input', '@none'), 2, /^--input: /],
    [submit('report-1', { csv: `${csv}x` }), 4, /^idempotency_conflict: /],
  ];
  for (const [ran, code, sentence] of cases)
    expect(await ran).toEqual({ code, out: '', err: expect.stringMatching(sentence) });
  expect(await stack.job('acme', 'bad')).toBeUndefined();
});

it('a message that intake refuses is told with its code and the id of its dead letter', async () => {
  const { code, out, err } = await job(
    'submit',
    'csv.summarise',
    '--tenant',
    'initrode',
    '--key',
    'k',
    '--input',
    '{}',
  );
  expect({ code, out }).toEqual({ code: 4, out: '' });
  expect(err).toMatch(/^tenant_unknown: .* The message is the dead letter [0-9a-f-]{36}\.\n$/);
});

it('a list has the newest first, in pages, narrowed by state, type and tag', async () => {
  for (const key of ['later-1', 'later-2', 'later-3'])
    expect(await submit(key, { csv }, '--delay-seconds', '86400', '--tag', 'batch=night')).toMatchObject({
      code: 0,
    });
  const narrowed = ['--tenant', 'acme', '--state', 'scheduled', '--tag', 'batch=night'];
  const first = await until('three in the list', async () => {
    const page = await job('list', ...narrowed, '--limit', '2', '--json');
    return page.out.trim().split('\n').length === 2 ? page : undefined;
  });
  const summaries = documents(JobSummary.strict(), first.out);
  expect(summaries.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['later-3', 'later-2']);
  const [, cursor = ''] = /--cursor (\S+)/.exec(first.err) ?? [];
  const rest = await job('list', ...narrowed, '--cursor', cursor, '--json');
  expect(documents(JobSummary, rest.out).map(({ idempotencyKey }) => idempotencyKey)).toEqual(['later-1']);
  expect(await job('list', '--tenant', 'acme', '--cursor', cursor)).toMatchObject({
    code: 4,
    err: expect.stringMatching(/^cursor_invalid: /),
  });
  const { out } = await job('list', '--tenant', 'acme', '--limit', 'all');
  expect(out).toMatch(/^ACCEPTED +JOB +STATE +ATTEMPT +TYPE +KEY\n/);
  expect(out).toMatch(
    new RegExp(
      `^\\S+Z +${jobIdOf('acme', 'report-1').slice(0, 12)} +succeeded +1 +csv.summarise +report-1$`,
      'm',
    ),
  );
  expect((await job('list', '--tenant', 'globex')).out).toBe('0 of 0 examined jobs.\n');
});

it('a job that waits says why, and is cancelled at once', async () => {
  const jobId = jobIdOf('acme', 'later-1');
  const [wait] = documents(WaitView, (await job('why', jobId, '--json')).out);
  expect(wait).toMatchObject({ waitsFor: 'time', state: 'scheduled' });
  expect((await job('timeline', jobId)).out).toMatch(/^now +\+.* scheduled: not to run before /m);
  const waiting = await job('wait', jobId, '--timeout', '1');
  expect(waiting).toEqual({
    code: 1,
    out: `${jobId}  scheduled\n`,
    err: `${jobId} has not ended within 1.0 s; it goes on, and is scheduled.\n`,
  });
  for (const _ of ['once', 'and again'])
    expect(await job('cancel', jobId)).toEqual({ code: 0, out: `${jobId}  cancelled\n`, err: '' });
  expect(await job('wait', jobId)).toMatchObject({
    code: 1,
    out: expect.stringContaining('cancelled after'),
  });
});

it('a failed job is run again as its one child, and only a failed one is', async () => {
  const dependent = jobIdOf('acme', 'dependent');
  await submit('dependent', { csv }, '--depends-on', 'forgotten', '--depends-on', 'report-1=finished');
  expect((await job('why', dependent)).out).toMatch(/^job_\S+ is blocked: 1 of 2 jobs .* has not come yet/);
  await submit('forgotten', { csv: csv.replace('n.csv', 'forgotten.csv') });
  const failed = await stack.ended('acme', 'forgotten');
  expect(await job('wait', dependent)).toMatchObject({
    code: 1,
    out: expect.stringContaining('dependency_failed'),
  });
  expect(await job('wait', failed.jobId)).toMatchObject({
    code: 1,
    out: expect.stringMatching(/ failed after .*: input_not_found, /),
  });
  await stack.upload('acme', 'forgotten.csv', 'a\n1\n');
  const childId = childIdOf(failed.jobId);
  for (const _ of ['once', 'and again'])
    expect(await job('redrive', failed.jobId.slice(0, 9))).toMatchObject({
      code: 0,
      out: expect.stringMatching(new RegExp(`^${childId} {2}`)),
    });
  const together = await job('redrive', failed.jobId, '--with-dependents');
  expect(together.out).toMatch(new RegExp(`^${childId} .*\n${childIdOf(dependent)} `));
  for (const id of [childId, childIdOf(dependent)]) expect(await job('wait', id)).toMatchObject({ code: 0 });
  expect((await job('timeline', dependent)).out).toContain('to begin after forgotten, report-1');
  expect((await job('timeline', failed.jobId)).out).toContain(`run again as ${childId}`);
  const groups = await runCommand(stack, 'failure', 'groups', '--json');
  const alike = documents(FailureGroupView.strict(), groups.out);
  expect(alike).toContainEqual(
    expect.objectContaining({ class: 'invalid_input', code: 'input_not_found', count: 1, tenants: 1 }),
  );
  const list = await runCommand(stack, 'failure', 'list', '--code', 'input_not_found', '--since', '1h');
  expect(list.out).toContain(`${failed.jobId}  csv.summarise  invalid_input: input_not_found\n`);
  expect(list.out).toMatch(/\n {2}\| ObjectMissing: No such object\n/);
  expect(await job('redrive', childId)).toEqual({
    code: 4,
    out: '',
    err: 'state_conflict: Expected a failed job, found one that is succeeded.\n',
  });
});

it('an id that no job has, and another tenant’s, are not found alike', async () => {
  const jobId = jobIdOf('acme', 'report-1');
  const absent = `job_${'b'.repeat(26)}`;
  for (const verb of ['get', 'why', 'timeline', 'wait', 'cancel', 'redrive']) {
    const foreign = await job(verb, jobId, '--tenant', 'globex');
    expect(foreign).toEqual({ code: 3, out: '', err: `There is no job ${jobId}.\n` });
    expect(await job(verb, absent)).toEqual({ code: 3, out: '', err: `There is no job ${absent}.\n` });
  }
  expect(await job('get', 'job_bbbb')).toMatchObject({ code: 3, out: '' });
  expect(await job('get', 'bbbb')).toMatchObject({ code: 2, out: '' });
});

it('Ctrl-C ends a wait and not the job', async () => {
  const jobId = jobIdOf('acme', 'later-2');
  const child = startCommand(stack, ['job', 'wait', jobId]);
  let [out, err] = ['', ''];
  child.stdout.on('data', (part) => {
    out += part;
    child.kill('SIGINT');
  });
  child.stderr.on('data', (part) => {
    err += part;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, out, err }).toEqual({
    code: 130,
    out: `${jobId}  scheduled\n`,
    err: `Interrupted; ${jobId} goes on, and is scheduled.\n`,
  });
  expect(await stack.job('acme', 'later-2')).toMatchObject({ state: 'scheduled' });
});

it('what a container printed is read line by line, and followed to the end of its job', async () => {
  const group = ['--log-group', stack.cloud.outputs['WorkerLogGroupName'] ?? ''];
  const Line = z.strictObject({ at: z.iso.datetime(), attempt: z.literal(1), message: z.string() });
  const jobId = jobIdOf('acme', 'followed');
  await submit('followed', { csv });
  const followed = await job('logs', jobId, '-f', '--json', ...group);
  expect(followed).toMatchObject({ code: 0, err: '' });
  const lines = documents(Line, followed.out);
  expect(lines.length).toBeGreaterThan(0);
  const again = await job('logs', jobId.slice(0, 12), ...group);
  expect(again.code).toBe(0);
  expect(again.out.split('\n')).toHaveLength(lines.length + 1);
  expect(again.out).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}\S/);

  const later = jobIdOf('acme', 'later-3');
  expect(await job('logs', later, ...group)).toEqual({
    code: 3,
    out: '',
    err: `Attempt 1 of ${later} has no log: the job is scheduled.\n`,
  });
  expect(await job('logs', jobId, '--attempt', '2', ...group)).toMatchObject({ code: 3 });
});

it('an array is sent from a file, says what became of each item, and runs those again that failed', async () => {
  const array = (verb: string, ...args: readonly string[]) =>
    runCommand(stack, 'array', verb, ...args, '--tenant', 'acme');
  const items = join(folder, 'items.jsonl');
  const late = csv.replace('n.csv', 'late.csv');
  await writeFile(items, `${JSON.stringify({ csv })}\n\n${JSON.stringify({ csv: late })}\n`);
  const asked = ['csv.summarise', '--key', 'many', '--items', items, '--concurrency', '1'];
  const arrayId = arrayIdOf('acme', 'many');
  const jobId = jobIdOf('acme', itemKey(arrayId, 1));
  const sent = await array('submit', ...asked, '--max-failed', '5', '--wait');
  expect(sent).toMatchObject({ code: 1, err: '' });
  expect(sent.out).toMatch(
    new RegExp(
      `^${arrayId} {2}finished\nround 1: 1 succeeded, 1 failed at .*\n2 items of csv.summarise, key many, 1 at once, ends when more than 5 have failed\nmanifest: s3://`,
      'm',
    ),
  );
  expect((await array('submit', ...asked, '--max-failed', '5', '--json')).out).toContain(
    '"state":"finished"',
  );
  expect(await array('submit', ...asked)).toMatchObject({
    code: 4,
    err: expect.stringMatching(/^idempotency_conflict: /),
  });
  const failed = await array('manifest', arrayId, '--failed');
  expect(failed.out).toMatch(new RegExp(`^1 +failed +${jobId} +input_not_found: .*$`, 'm'));
  expect(failed.out).toMatch(/\n1 of 2 items, in round 1\.\n$/);
  expect(await array('redrive', arrayId)).toMatchObject({
    code: 0,
    out: '1 items have failed.\nNothing was done. With --yes they run again.\n',
  });
  await stack.upload('acme', 'late.csv', 'a\n1\n');
  expect(await array('redrive', arrayId, '--yes')).toMatchObject({ code: 0 });
  await until('the second round', async () =>
    (await array('get', arrayId)).out.includes('round 2: 2 succeeded') ? true : undefined,
  );
  expect(await array('wait', arrayId)).toMatchObject({ code: 0 });
  const lines = documents(
    z.looseObject({ index: z.int(), status: z.literal('succeeded'), result: z.looseObject({}) }),
    (await array('manifest', arrayId, '--json')).out,
  );
  expect(lines.map(({ index }) => index)).toEqual([0, 1]);
});

it('an array is refused before it is sent, and cancelled before it has begun', async () => {
  const array = (verb: string, ...args: readonly string[]) =>
    runCommand(stack, 'array', verb, ...args, '--tenant', 'acme');
  const items = join(folder, 'wrong.jsonl');
  await writeFile(items, '{"csv":"x"}\n{"csv":"x"},{"csv":"x"}\n');
  const key = ['csv.summarise', '--key', 'wrong'];
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['--items', items], 4, /^body_not_json: .* in line 2\. Nothing was sent\.\n$/],
    [['--item', '1,2'], 4, /^body_not_json: .* in --item 1\. /],
    [['--item', '1'], 4, /^field_type: /],
    [['--items', 'none'], 2, /^--items: /],
    [['--items', items, '--item', '{}'], 2, /^--items: .* found both\.\n$/],
    [[], 4, /^input_ambiguous: /],
    [['--item', '{}', '--items-ref', csv], 4, /^input_ambiguous: /],
    [['--item', '{}', '--concurrency', '0'], 4, /^field_invalid: /],
    [['--item', '{}', '--max-failed', '1001'], 2, /^--max-failed: /],
    [['--item', '{}', '--concurrency', '2', '--concurrency-key', 'k'], 4, /^field_forbidden: /],
    [['--item', '{"csv":1}'], 4, /^array_item_invalid: .* The message is the dead letter /],
  ];
  for (const [args, code, sentence] of cases)
    expect([args, await array('submit', ...key, ...args)]).toEqual([
      args,
      { code, out: '', err: expect.stringMatching(sentence) },
    ]);
  const arrayId = arrayIdOf('acme', 'wrong');
  const absent = { code: 3, out: '', err: `There is no array ${arrayId} of this tenant.\n` };
  for (const verb of ['get', 'wait', 'cancel', 'redrive', 'manifest'])
    expect(await array(verb, arrayId)).toEqual(absent);
  const sent = await array('submit', ...key, '--item', JSON.stringify({ csv }), '--delay-seconds', '86400');
  expect(sent).toMatchObject({ code: 0, out: expect.stringContaining(arrayId) });
  expect(await array('manifest', arrayId)).toMatchObject({
    code: 3,
    err: expect.stringContaining('no round'),
  });
  expect(await array('cancel', arrayId)).toMatchObject({ code: 0 });
  expect((await array('wait', arrayId)).out).toMatch(/^round 1: 1 cancelled at /m);
});
