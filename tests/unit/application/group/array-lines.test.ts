/** Arrays whose items are lines of an object, and the limits of arrays. */
import { describe, expect, test } from '@jest/globals';
import { jobIdOf } from '../../../../application/job/identity.ts';
import { aRequest, BUCKET } from '../../../support/jobs.ts';
import { arrayOf, ID, itemOf, itemsOf, jobOf, world } from './array-world.ts';

describe('an array of lines', () => {
  const uri = `s3://${BUCKET}/tenants/acme/inputs/items.jsonl`;
  const ofLines = (more: object = {}) => arrayOf([], { array: { itemsRef: uri, ...more } });
  const lineOf = (place: number) => JSON.stringify(itemOf(place));

  test('becomes a job for each line, and its end names what has become of each', async () => {
    const { send, settle, job, end, group, events, objects } = world();
    objects.set(uri, [0, 1, 2].map(lineOf).join('\r\n'));
    await send(ofLines());
    expect(await group()).toMatchObject({ state: 'sealed', array: { itemsRef: uri, made: 0 } });
    expect((await group()).array.items).toBeUndefined();
    await settle();
    expect(await job(2)).toMatchObject({ input: itemOf(2), group: ID });
    expect(await group()).toMatchObject({ state: 'running', expect: 3, array: { items: 3, made: 3 } });
    for (const index of [0, 1, 2]) await end(index, index === 1 ? 'failed' : 'succeeded');
    const manifest = `s3://${BUCKET}/tenants/acme/results/${ID}/manifest-0.jsonl`;
    expect((await group()).finish).toMatchObject({ status: 'failed', manifest });
    expect(events()[0]?.data).toMatchObject({ manifest });
    const told = (objects.get(manifest) ?? '').trimEnd().split('\n');
    expect(told.map((line) => JSON.parse(line))).toEqual([
      { index: 0, jobId: jobOf(0), status: 'succeeded' },
      {
        index: 1,
        jobId: jobOf(1),
        status: 'failed',
        failure: { class: 'app_error', code: 'exit_code', message: '' },
      },
      { index: 2, jobId: jobOf(2), status: 'succeeded' },
    ]);
  });

  test.each([
    ['no JSON', 'Line 2 of itemsRef: Expected JSON, found text that is not JSON.'],
    ['', 'Line 2 of itemsRef: Expected JSON, found text that is not JSON.'],
    ['[1]', 'Line 2 of itemsRef: Expected a JSON object.'],
    ['{"source":7}', 'Line 2 of itemsRef at /source: '],
    [`{"source":"s3://${BUCKET}/tenants/globex/x"}`, 'Line 2 of itemsRef at /source: '],
    [`{"source":"${'x'.repeat(300_000)}"}`, 'Line 2 of itemsRef: Expected at most 262144 bytes.'],
  ])(
    'a line that is wrong fails alone, without a letter, and is not run again: %.20s',
    async (bad, message) => {
      const { send, settle, job, letters, operate, objects } = world();
      objects.set(uri, `${[lineOf(0), bad, lineOf(2)].join('\n')}\n`);
      await send(ofLines());
      await settle();
      expect([(await job(0))?.state, (await job(2))?.state]).toEqual(['submitted', 'submitted']);
      const failed = await job(1);
      expect(failed).toMatchObject({
        state: 'failed',
        failure: { class: 'invalid_input', code: 'array_line_invalid' },
      });
      expect(failed?.failure?.message).toContain(message);
      expect(letters()).toEqual([]);
      const again = await operate(`/v1/jobs/${jobOf(1)}/redrive`, { method: 'POST' });
      expect([again.status, again.body.code]).toEqual([409, 'state_conflict']);
    },
  );

  test('a line that is wrong and whose job was cancelled before is cancelled', async () => {
    const { send, settle, job, objects } = world();
    objects.set(uri, 'no JSON');
    const key = `array:${ID}:0`;
    await send({ specVersion: '1', action: 'job.cancel', tenantId: 'acme', idempotencyKey: key });
    await send(ofLines());
    await settle();
    expect((await job(0))?.state).toBe('cancelled');
  });

  test.each([
    ['that is not there', undefined, 'array_items_missing'],
    ['without a line', '', 'array_empty'],
    ['of 10,001 lines', '{}\n'.repeat(10_001), 'array_too_large'],
    ['of more lines than jobs may wait', '{}\n'.repeat(1001), 'quota_waiting'],
  ])('an object %s makes no job, and the array says why', async (_name, text, code) => {
    const { send, settle, group, events, objects } = world();
    if (text !== undefined) objects.set(uri, text);
    await send(ofLines());
    await settle();
    expect(await group()).toMatchObject({
      state: 'finished',
      array: { made: 0, failure: { code } },
      finish: { status: 'failed', members: { failed: 0, missing: 0 } },
    });
    expect(events().map(({ data }) => data)).toMatchObject([{ status: 'failed', failure: { code } }]);
  });

  test('an object that goes while its jobs are made leaves the rest missing', async () => {
    const { send, stepOnce, settle, group, objects } = world();
    objects.set(uri, [0, 1, 2, 3, 4].map(lineOf).join('\n'));
    await send(ofLines());
    for (const __ of ['count', 'slice']) await stepOnce();
    objects.delete(uri);
    await settle();
    expect(await group()).toMatchObject({
      state: 'running',
      array: { items: 5, made: 2, failure: { code: 'array_items_missing' } },
    });
  });
});

describe('the limits of an array', () => {
  test('so many of its jobs run at once as its concurrency says', async () => {
    const { send, settle, job, end } = world();
    await send(arrayOf(itemsOf(4), { array: { items: itemsOf(4), concurrency: 2 } }));
    await settle();
    const states = async () => Promise.all([0, 1, 2, 3].map(async (index) => (await job(index))?.state));
    const running = async () => (await states()).filter((state) => state === 'submitted').length;
    expect(await running()).toBe(2);
    const [first = -1] = (await states()).flatMap((state, index) => (state === 'submitted' ? [index] : []));
    await end(first, 'succeeded');
    expect(await running()).toBe(2);
    expect(await job(first)).toMatchObject({ concurrencyKey: `array:${ID}`, keyCap: 2 });
  });

  test('one failure more than may be cancels the others, once', async () => {
    const { send, settle, end, job, group } = world();
    await send(arrayOf([], { array: { items: itemsOf(4), maxFailed: 1 } }));
    await settle();
    await end(0, 'failed');
    expect((await group()).cancelledAt).toBeUndefined();
    await end(1, 'failed');
    expect(await group()).toMatchObject({
      cancelledAt: expect.any(String),
      array: { maxFailed: 1, failure: { code: 'array_failures' } },
    });
    expect([(await job(2))?.state, (await job(3))?.state]).toEqual(['cancelling', 'cancelling']);
  });

  test('a job says that it waits for the limit of its array, or was cancelled when that was stopped', async () => {
    const { send, settle, end, job, why } = world();
    const array = { items: itemsOf(4), concurrency: 2, maxFailed: 0 };
    await send(arrayOf([], { array }));
    await settle();
    const all = await Promise.all([0, 1, 2, 3].map(async (index) => (await job(index))?.state));
    const [waiting, running] = [all.indexOf('waiting'), all.indexOf('submitted')];
    expect(await why(jobOf(waiting))).toMatchObject({
      waitsFor: 'slot',
      obstacle: 'key_cap',
      text: expect.stringMatching(/^2 jobs of its array run, of 2 at once; (first|second) in line$/),
    });
    await end(running, 'failed');
    expect(await why(jobOf(waiting))).toMatchObject({
      state: 'cancelled',
      waitsFor: 'none',
      text: 'its array was stopped, since more than 0 of its items have failed',
    });
    expect((await why(jobOf(running))).text).toBe('it does not wait');
  });

  test('a job that was cancelled by itself does not say that its array was stopped later', async () => {
    const { send, settle, end, why, time } = world();
    await send(arrayOf([], { array: { items: itemsOf(4), concurrency: 2, maxFailed: 0 } }));
    await settle();
    const key = `array:${ID}:3`;
    await send({ specVersion: '1', action: 'job.cancel', tenantId: 'acme', idempotencyKey: key });
    await settle();
    time.nowMs += 1000;
    await end(3, 'cancelled');
    time.nowMs += 1000;
    await end(0, 'failed');
    expect((await why(jobOf(3))).text).toBe('it does not wait');
  });

  test('a job that depends on an array says how many of its jobs are made', async () => {
    const { send, stepOnce, why, objects } = world();
    const itemsRef = `s3://${BUCKET}/tenants/acme/inputs/items.jsonl`;
    objects.set(
      itemsRef,
      itemsOf(5)
        .map((item) => JSON.stringify(item))
        .join('\n'),
    );
    await send({ ...aRequest(), idempotencyKey: 'after', dependsOn: [{ group: ID }] });
    const after = jobIdOf('acme', 'after');
    expect((await why(after)).text).toContain(`group:${ID}, on which it depends, has not come yet`);
    await send(arrayOf([], { array: { itemsRef } }));
    expect((await why(after)).text).toContain('is an array whose lines were not counted yet; it fails after');
    for (const _ of ['count', 'slice']) await stepOnce();
    expect((await why(after)).text).toContain('is an array of which 2 of 5 jobs are made; it fails after');
  });
});
