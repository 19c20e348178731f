/** Submissions of the client: one, many, and one that is only to be judged. */
import { describe, expect, it } from '@jest/globals';
import { client, json, lost, problem, request, scripted, URL_OF_API } from '../../support/scripted-api.ts';

describe('a submission', () => {
  it('is one POST with its key as a header, and without the key in its body', async () => {
    const api = scripted(json(201, { id: 'job_1', state: 'waiting' }));
    expect(await client(api).jobs.submit('csv.summarise', { ...request, priority: 'high' })).toEqual({
      id: 'job_1',
      state: 'waiting',
      replayed: false,
    });
    expect(api.requests).toMatchObject([{ method: 'POST', url: `${URL_OF_API}/v1/jobs` }]);
    const [{ headers, body } = { headers: new Headers(), body: '' }] = api.requests;
    expect(headers.get('idempotency-key')).toBe('report-42');
    expect(headers.get('authorization')).toBe('Bearer a.b.c');
    expect(JSON.parse(body)).toEqual({ jobType: 'csv.summarise', input: request.input, priority: 'high' });
  });

  it('whose answer was lost is sent again with the same key, and finds its job', async () => {
    const api = scripted(
      lost(),
      problem(503, 'try_again', {}, { 'retry-after': '7' }),
      json(200, { id: 'job_1', state: 'running' }),
    );
    expect(await client(api).jobs.submit('csv.summarise', request)).toMatchObject({
      id: 'job_1',
      replayed: true,
    });
    expect(new Set(api.requests.map(({ headers, body }) => headers.get('idempotency-key') + body)).size).toBe(
      1,
    );
    expect(api.slept).toEqual([200, 7000]);
  });

  it.each([408, 425, 429, 500, 502, 503, 504])(
    'is repeated after %d, three times at most',
    async (status) => {
      const api = scripted(problem(status, 'try_again'));
      await expect(client(api).jobs.submit('csv.summarise', request)).rejects.toMatchObject({
        status,
        code: 'try_again',
      });
      expect(api.requests).toHaveLength(4);
      expect(api.slept).toEqual([200, 400, 800]);
    },
  );

  it.each([400, 401, 403, 404, 409, 413, 422])('is not repeated after %d', async (status) => {
    const api = scripted(problem(status, 'field_invalid', { errors: [{ pointer: '/input/csv' }] }));
    await expect(client(api).jobs.submit('csv.summarise', request)).rejects.toMatchObject({
      name: 'HeadgateError',
      message: 'field_invalid it is',
      code: 'field_invalid',
      pointer: '/input/csv',
      requestId: 'req_1',
      status,
      retryable: false,
    });
    expect(api.requests).toHaveLength(1);
  });
});

describe('many submissions', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      type: 'csv.summarise',
      ...request,
      idempotencyKey: `k-${i}`,
    }));
  const results = (...statuses: number[]) =>
    json(200, {
      results: statuses.map((status, i) =>
        status < 300
          ? { status, id: `job_${i}`, state: 'waiting' }
          : { status, problem: { code: 'field_unknown', detail: 'it is', errors: [{ pointer: '/x' }] } },
      ),
    });

  it('are calls of a hundred, whose keys are in their bodies', async () => {
    const api = scripted(
      results(...many(100).map(() => 201)),
      results(...many(100).map(() => 200)),
      results(201),
    );
    const done = await client(api).jobs.submitMany(many(201));
    expect(api.requests.map(({ url }) => url)).toEqual(Array(3).fill(`${URL_OF_API}/v1/jobs:batch`));
    expect(api.requests.map(({ body }) => JSON.parse(body).jobs.length)).toEqual([100, 100, 1]);
    expect(JSON.parse(api.requests[2]?.body ?? '').jobs).toEqual([
      { jobType: 'csv.summarise', input: request.input, idempotencyKey: 'k-200' },
    ]);
    expect(done).toHaveLength(201);
    expect(done[0]).toEqual({ id: 'job_0', state: 'waiting', replayed: false });
    expect(done[100]).toMatchObject({ replayed: true });
  });

  it('have a refusal in the place of its request', async () => {
    const [first, second] = await client(scripted(results(400, 201))).jobs.submitMany(many(2));
    expect(first).toMatchObject({ error: { code: 'field_unknown', status: 400, pointer: '/x' } });
    expect(second).toMatchObject({ id: 'job_1' });
  });

  it('are sent again when the answer is lost, since each has its key', async () => {
    const api = scripted(lost(), results(200));
    expect(await client(api).jobs.submitMany(many(1))).toMatchObject([{ replayed: true }]);
    expect(api.requests).toHaveLength(2);
  });

  it('that are none are no call', async () => {
    const api = scripted(lost());
    expect(await client(api).jobs.submitMany([])).toEqual([]);
    expect(api.requests).toEqual([]);
  });
});

it('a check is a POST that may be repeated, and answers with the verdict', async () => {
  const verdict = { verdict: 'accepted', text: 'It would be accepted.', id: 'job_1' };
  const api = scripted(lost(), json(200, verdict));
  expect(await client(api).jobs.check('csv.summarise', request)).toEqual(verdict);
  expect(api.requests[1]).toMatchObject({ method: 'POST', url: `${URL_OF_API}/v1/jobs:check` });
  expect(JSON.parse(api.requests[1]?.body ?? '')).toEqual({ jobType: 'csv.summarise', ...request });
});
