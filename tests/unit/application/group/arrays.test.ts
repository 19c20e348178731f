/** Arrays, over the front queue, both doors and the steps of the functions. */
import { describe, expect, test } from '@jest/globals';
import { submit } from '../../../../application/batch/submit.ts';
import { dispatch } from '../../../../application/job/dispatch.ts';
import { jobIdOf } from '../../../../application/job/identity.ts';
import { operationWorker } from '../../../../application/operation/carry-out.ts';
import { SubmitQueueMessage } from '../../../../domain/batch/messages.ts';
import { itemKey } from '../../../../domain/group/array.ts';
import { changed } from '../../../../domain/job/job.ts';
import { aRequest, BUCKET } from '../../../support/jobs.ts';
import { messageOf } from '../../../support/use-cases.ts';

import { arrayOf, ID, itemOf, itemsOf, world } from './array-world.ts';

describe('an array', () => {
  test('becomes a job for each item, which are over together', async () => {
    const { send, settle, job, end, group, events } = world();
    await send(arrayOf(itemsOf(3), { tags: { of: 'import' } }));
    await settle();
    expect(await job(1)).toMatchObject({
      input: itemOf(1),
      tags: { of: 'import' },
      group: ID,
      jobType: 'report.render',
    });
    expect(await job(3)).toBeUndefined();
    expect(await group()).toMatchObject({ state: 'running', array: { items: 3, made: 3 } });
    for (const index of [0, 1, 2]) await end(index, index === 1 ? 'failed' : 'succeeded');
    expect(await group()).toMatchObject({
      state: 'finished',
      finish: { members: { succeeded: 2, failed: 1 } },
    });
    expect(events()).toHaveLength(1);
  });

  test('is made in slices, and says how far it is', async () => {
    const { send, stepOnce, group, job } = world();
    await send(arrayOf(itemsOf(3)));
    expect(await group()).toMatchObject({ state: 'sealed', expect: 3, array: { items: 3, made: 0 } });
    await stepOnce();
    // The store gives two at a time.
    expect(await group()).toMatchObject({ state: 'sealed', array: { made: 2 } });
    expect(await job(2)).toBeUndefined();
  });

  test('that is sent twice is one, and another with its key is refused (M79)', async () => {
    const { send, settle, letters, group, sent } = world();
    for (let copies = 0; copies < 2; copies++) await send(arrayOf(itemsOf(2)));
    await settle();
    await send(arrayOf(itemsOf(2)));
    expect(sent.submit.taken).toEqual([]);
    expect(letters()).toEqual([]);
    await send(arrayOf(itemsOf(3)));
    expect(letters()).toEqual([['idempotency_conflict', '/idempotencyKey']]);
    expect(await group()).toMatchObject({ array: { items: 2 } });
  });

  test('that is cancelled makes no more jobs, and ends those that it has', async () => {
    const { send, stepOnce, settle, group, job, operate } = world();
    await send(arrayOf(itemsOf(5)));
    await stepOnce();
    await operate(`/v1/groups/${ID}/cancel?tenant=acme`, { method: 'POST' });
    await settle();
    expect(await group()).toMatchObject({ state: 'running', array: { items: 5 } });
    expect([(await job(0))?.state, (await job(4))?.state]).toEqual(['cancelling', undefined]);
  });

  test('that was cancelled before it came is over when it comes, without a job', async () => {
    const { send, settle, group, job, letters, events } = world();
    const cancel = { specVersion: '1', action: 'group.cancel', tenantId: 'acme', group: ID };
    for (let copies = 0; copies < 2; copies++) await send(cancel);
    await settle();
    expect(await group()).toMatchObject({ state: 'open', cancelledAt: expect.any(String) });
    for (let copies = 0; copies < 2; copies++) await send(arrayOf(itemsOf(2)));
    await settle();
    expect(letters()).toEqual([]);
    expect(await job(0)).toBeUndefined();
    expect(await group()).toMatchObject({
      state: 'finished',
      array: { items: 2 },
      finish: { status: 'failed', members: { missing: 2 } },
    });
    expect(events()).toHaveLength(1);
  });

  test.each([
    ['after', [0]],
    ['before', []],
  ])('takes no other job, and no seal, also %s it came', async (_when, arrays) => {
    const { send, settle, letters, ports } = world();
    for (const __ of arrays) await send(arrayOf(itemsOf(1)));
    await send({ ...aRequest(), idempotencyKey: 'uninvited', group: ID });
    await send({ specVersion: '1', action: 'group.seal', tenantId: 'acme', group: ID });
    await settle();
    expect(letters()).toEqual(Array(2).fill(['group_sealed', '/group']));
    const found = await ports.groups.get({ tenantId: 'acme', groupId: ID });
    expect(found?.array?.items).toBe(arrays.length === 0 ? undefined : 1);
  });

  test('lets a job wait for it by its name', async () => {
    const { send, settle, end, ports } = world();
    await send({ ...aRequest(), idempotencyKey: 'after', dependsOn: [{ group: ID }] });
    await send(arrayOf(itemsOf(1)));
    await settle();
    const state = async () => (await ports.jobs.get(jobIdOf('acme', 'after')))?.state;
    expect(await state()).toBe('blocked');
    await end(0, 'succeeded');
    expect(await state()).toBe('submitted');
  });

  test('may have a thousand items of several keys each', async () => {
    const { send, letters, group } = world();
    await send(arrayOf(itemsOf(1000).map((item) => ({ ...item, title: 'x' }))));
    expect(letters()).toEqual([]);
    expect(await group()).toMatchObject({ array: { items: 1000 } });
  });
});

describe('a redrive of an array', () => {
  const start = (filter: object) => ({
    method: 'POST',
    body: { kind: 'redrive', filter, perSecond: 1 },
    headers: { 'Idempotency-Key': 'again' },
  });

  test('runs the items again that failed, and no other, and opens another round', async () => {
    const { send, settle, end, group, job, operate, ports, sent, time } = world();
    await send(arrayOf(itemsOf(4)));
    await settle();
    for (const index of [0, 1, 2, 3]) await end(index, index % 2 === 1 ? 'failed' : 'succeeded');
    expect(await group()).toMatchObject({ state: 'finished', round: 1 });
    time.nowMs += 1000;
    const begun = await operate('/v1/operations', start({ tenant: 'acme', group: ID }));
    expect(begun.body).toMatchObject({ filter: { tenant: 'acme', group: ID } });
    const work = operationWorker(ports);
    for (let left = sent.submit.taken.splice(0); left.length > 0; left = sent.submit.taken.splice(0))
      for (const { body } of left) {
        const message = SubmitQueueMessage.parse(JSON.parse(body));
        if ('operation' in message) await work(message);
        else await submit(ports)([messageOf(message)]);
      }
    const redriven = [];
    for (const index of [0, 1, 2, 3]) redriven.push((await job(index))?.redrivenAs !== undefined);
    expect(redriven).toEqual([false, true, false, true]);
    const read = await operate(`/v1/operations/${begun.body.id}`);
    expect(read.body).toMatchObject({ state: 'finished', done: 2, examined: 4 });
    expect(await group()).toMatchObject({
      state: 'running',
      round: 2,
      members: { succeeded: expect.any(Number) },
    });
    for (const index of [1, 3]) {
      const child = (await job(index))?.redrivenAs ?? '';
      const stored = await ports.jobs.get(child);
      if (stored === undefined) throw new Error('It was not run again');
      const next = changed(stored, { state: 'succeeded' }, time.nowMs);
      await ports.jobs.replace(stored, next);
      await dispatch(ports, [next]);
      await settle();
    }
    expect(await group()).toMatchObject({
      state: 'finished',
      round: 2,
      finish: { members: { succeeded: 4 } },
    });
  });

  test('needs the tenant, and finds nothing in the group of another', async () => {
    const { send, settle, end, operate } = world();
    await send(arrayOf(itemsOf(1)));
    await settle();
    await end(0, 'failed');
    const nameless = await operate('/v1/operations', start({ group: ID }));
    expect(nameless.body).toMatchObject({ code: 'field_missing', errors: [{ pointer: '/filter/tenant' }] });
    const theirs = await operate('/v1/operations:preview', start({ tenant: 'globex', group: ID }));
    expect(theirs.body).toMatchObject({ matches: 0 });
  });
});

describe('an array that cannot be', () => {
  test.each<readonly [string, object, string, string]>([
    ['without items', arrayOf([]), 'array_empty', '/array/items'],
    ['of 1,001 items', arrayOf(Array.from({ length: 1001 }, () => ({}))), 'array_too_large', '/array/items'],
    [
      'with an item of another type',
      arrayOf([itemOf(0), { source: 7 }]),
      'array_item_invalid',
      '/array/items/1/source',
    ],
    ['with an item that is no object', arrayOf([itemOf(0), 'x']), 'field_type', '/array/items/1'],
    [
      'with an object of another tenant',
      arrayOf([itemOf(0), { source: `s3://${BUCKET}/tenants/globex/inputs/1.csv` }]),
      'input_uri_forbidden',
      '/array/items/1/source',
    ],
    ['with neither items nor an object', arrayOf([], { array: {} }), 'input_ambiguous', '/array'],
    [
      'with both items and an object',
      arrayOf([], { array: { items: [itemOf(0)], itemsRef: itemOf(0).source } }),
      'input_ambiguous',
      '/array',
    ],
    [
      'of lines in the folder of another tenant',
      arrayOf([], { array: { itemsRef: `s3://${BUCKET}/tenants/globex/items.jsonl` } }),
      'input_uri_forbidden',
      '/array/itemsRef',
    ],
    ['of lines at no address', arrayOf([], { array: { itemsRef: 'x' } }), 'field_invalid', '/array/itemsRef'],
    [
      'with a concurrency of 0',
      arrayOf([], { array: { items: itemsOf(1), concurrency: 0 } }),
      'field_invalid',
      '/array/concurrency',
    ],
    [
      'with a negative maxFailed',
      arrayOf([], { array: { items: itemsOf(1), maxFailed: -1 } }),
      'field_invalid',
      '/array/maxFailed',
    ],
    [
      'with a concurrency and a key for it',
      arrayOf([], { array: { items: itemsOf(1), concurrency: 1 }, concurrencyKey: 'mine' }),
      'field_forbidden',
      '/concurrencyKey',
    ],
    ['beside an input', arrayOf(itemsOf(1), { input: itemOf(0) }), 'field_forbidden', '/input'],
    [
      'beside an inputRef',
      arrayOf(itemsOf(1), { inputRef: itemOf(0).source }),
      'field_forbidden',
      '/inputRef',
    ],
    ['beside a group', arrayOf(itemsOf(1), { group: 'mine' }), 'field_forbidden', '/group'],
    [
      'with a field that is not there',
      arrayOf(itemsOf(1), { array: { items: [], size: 2 } }),
      'field_invalid',
      '/array',
    ],
    [
      'that waits for itself',
      arrayOf(itemsOf(1), { dependsOn: [{ group: ID }] }),
      'dependency_self',
      '/dependsOn/0',
    ],
    ['of an unknown job type', arrayOf(itemsOf(1), { jobType: 'no.such' }), 'job_type_unknown', '/jobType'],
  ])('%s is refused whole (M78)', async (_name, body, code, pointer) => {
    const { send, letters, ports } = world();
    await send(body);
    expect(letters()).toEqual([[code, pointer]]);
    expect(await ports.groups.get({ tenantId: 'acme', groupId: ID })).toBeUndefined();
  });
});

describe('over HTTP', () => {
  const { tenantId: __, specVersion: ___, ...body } = arrayOf(itemsOf(2));

  test('an array is answered with its group, and a repeat with the same', async () => {
    const { submitArray, settle, group } = world();
    const first = await submitArray(body);
    expect([first.status, first.body]).toEqual([201, { group: ID, state: 'sealed' }]);
    const again = await submitArray(body);
    expect([again.status, again.headers.get('Idempotent-Replayed')]).toEqual([200, 'true']);
    await settle();
    expect(await group()).toMatchObject({ state: 'running' });
  });

  test('it needs a key, and none that is ours', async () => {
    const { submitArray } = world();
    const { idempotencyKey: ____, ...keyless } = body;
    expect((await submitArray(keyless, {})).body.code).toBe('idempotency_key_missing');
    const ours = await submitArray({ ...keyless, idempotencyKey: itemKey(ID, 1) }, {});
    expect(ours.body).toMatchObject({ code: 'field_invalid', errors: [{ pointer: '/idempotencyKey' }] });
  });

  test('an array is no job', async () => {
    const { operate } = world();
    const { body: told } = await operate('/v1/jobs?tenant=acme', { method: 'POST', body });
    expect(told).toMatchObject({ code: 'field_forbidden', errors: [{ pointer: '/array' }] });
  });
});
