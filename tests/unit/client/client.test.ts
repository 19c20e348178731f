/** The client against an API that answers as scripted: repeats, waits, tokens, and what it refuses. */
import { generateKeyPairSync, verify } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { arrayIdOf, jobIdOf } from '../../../application/job/identity.ts';
import { HeadgateError, headgate, JobFailed, WaitTimeout } from '../../../client/index.ts';
import { parseRequest } from '../../../domain/request/request.ts';
import {
  client,
  JOB,
  json,
  lost,
  problem,
  request,
  scripted,
  URL_OF_API,
  unchanged,
} from '../../support/scripted-api.ts';

it('a cancel has no key, so what became of a lost one is left to its caller', async () => {
  const api = scripted(lost());
  await expect(client(api).jobs.cancel('job_1')).rejects.toMatchObject({ code: 'network', retryable: true });
  expect(api.requests).toHaveLength(1);
});

it('a page of a proxy is an error with a code of its own, and not an answer', async () => {
  for (const [answer, facts] of [
    [new Response('<html>', { status: 502 }), { code: 'http_502', retryable: true }],
    [new Response('<html>', { status: 200 }), { code: 'answer_invalid', retryable: false }],
    [json(418, ['teapot']), { code: 'http_418', retryable: false }],
  ] as const)
    await expect(client(scripted(answer)).jobs.get('job_1')).rejects.toMatchObject(facts);
});

it('a list asks for its filter by name, and an id is one part of the path', async () => {
  const api = scripted(json(200, { items: [], examined: 0 }));
  await client(api).jobs.list({ state: 'failed', tags: { team: 'blue & red' }, limit: 5 });
  await client(api).jobs.get('../tenants?x');
  expect(api.requests.map(({ url }) => url)).toEqual([
    `${URL_OF_API}/v1/jobs?state=failed&tag.team=blue+%26+red&limit=5`,
    `${URL_OF_API}/v1/jobs/..%2Ftenants%3Fx`,
  ]);
});

describe('the lines of a program', () => {
  const page = (next: string | undefined, ...messages: string[]) =>
    json(200, { lines: messages.map((message) => ({ at: '2026-01-05T09:00:00Z', message })), next });
  const read = async (api: ReturnType<typeof scripted>, options = {}) => {
    const lines: string[] = [];
    for await (const { message } of client(api).jobs.logs('job_1', options)) lines.push(message);
    return lines;
  };

  it('are those of the latest attempt, page by page', async () => {
    const api = scripted(
      json(200, { ...JOB, attempt: 2 }),
      page('n1', 'a', 'b'),
      page('n2', 'c'),
      page('n2'),
    );
    expect(await read(api)).toEqual(['a', 'b', 'c']);
    expect(api.requests.map(({ url }) => url.replace(URL_OF_API, ''))).toEqual([
      '/v1/jobs/job_1',
      '/v1/jobs/job_1/attempts/2/logs?limit=1000',
      '/v1/jobs/job_1/attempts/2/logs?after=n1&limit=1000',
      '/v1/jobs/job_1/attempts/2/logs?after=n2&limit=1000',
    ]);
    expect(api.slept).toEqual([]);
  });

  it('are followed from before their beginning to their end, if that is asked for', async () => {
    const api = scripted(
      problem(409, 'logs_not_yet', { retryable: true }),
      page('n0'),
      page('n1', 'a'),
      lost(),
      page('n2', 'b'),
      page(undefined),
    );
    expect(await read(api, { attempt: 1, follow: true })).toEqual(['a', 'b']);
    expect(api.slept.length).toBeGreaterThan(1);
  });

  it('of a job that begins later are waited for as long as was asked for', async () => {
    const api = scripted(problem(409, 'logs_not_yet', { retryable: true }));
    const reading = read(api, { attempt: 1, follow: true, timeoutSeconds: 30 });
    await expect(reading).rejects.toBeInstanceOf(WaitTimeout);
    expect(api.slept.reduce((sum, ms) => sum + ms, 0)).toBe(30_000);
    await expect(read(api, { attempt: 1 })).rejects.toMatchObject({ code: 'logs_not_yet' });
  });
});

describe('a token that is refused', () => {
  const KEY = `hgk_${'a'.repeat(16)}_${'A'.repeat(43)}`;
  const refused = () => problem(401, 'token_expired', { retryable: false });

  it('is renewed once, and the request sent again, also one that has no key', async () => {
    const api = scripted(refused(), json(200, JOB));
    const server = headgate({
      url: URL_OF_API,
      key: KEY,
      tenant: 'acme',
      audience: 'a',
      fetch: api.fetch,
      clock: api.clock,
    });
    expect(await server.jobs.cancel('job_1')).toMatchObject({ id: 'job_1' });
    const [first, second, ...more] = api.requests.map(({ headers }) => headers.get('authorization'));
    expect(second).not.toBe(first);
    expect(more).toEqual([]);
  });

  it('is an error when the next one is refused, too', async () => {
    const api = scripted(refused());
    let tokens = 0;
    const token = () => `a.b.${++tokens}`;
    const page = headgate({ url: URL_OF_API, token, fetch: api.fetch, clock: api.clock });
    await expect(page.jobs.get('job_1')).rejects.toMatchObject({ code: 'token_expired', status: 401 });
    expect(api.requests.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer a.b.1',
      'Bearer a.b.2',
    ]);
  });

  it('is not sent again where there is no other, or the key is not known', async () => {
    for (const api of [scripted(refused()), scripted(problem(401, 'credential_unknown'))]) {
      await expect(client(api).jobs.get('job_1')).rejects.toMatchObject({ status: 401 });
      expect(api.requests).toHaveLength(1);
    }
  });
});

describe('a wait', () => {
  const running = () => json(200, JOB, { etag: '"1"' });
  const done = (state: string) =>
    json(200, { ...JOB, state, failure: { code: 'out_of_memory', message: 'Too little.' } });

  it('asks less and less often, tells what it has seen, and returns the job at its end', async () => {
    const api = scripted(
      running(),
      unchanged(),
      unchanged(),
      unchanged(),
      unchanged(),
      unchanged(),
      done('succeeded'),
    );
    expect(await client(api).jobs.wait('job_1')).toMatchObject({ state: 'succeeded' });
    expect(api.requests.map(({ headers }) => headers.get('if-none-match'))).toEqual([
      null,
      ...Array(6).fill('"1"'),
    ]);
    expect(api.slept).toEqual(api.slept.toSorted((a, b) => a - b));
    expect(api.slept[0]).toBe(1250);
    expect(Math.max(...api.slept)).toBe(6250);
  });

  it('that is over cancels no job, and says so', async () => {
    const api = scripted(running());
    const ended = client(api).jobs.wait('job_1', { timeoutSeconds: 30 });
    await expect(ended).rejects.toBeInstanceOf(WaitTimeout);
    await expect(ended).rejects.toThrow(
      'job_1 has not ended within 30 s. It goes on: a wait that ends cancels no job.',
    );
    expect(api.requests.every(({ method }) => method === 'GET')).toBe(true);
    expect(api.slept.reduce((sum, ms) => sum + ms, 0)).toBe(30_000);
  });

  it('of half a minute among ten thousand asks less and less often, and not at the moments of the others (M72)', async () => {
    const WAITS = 10_000;
    const requests: number[] = Array(40).fill(0);
    const most = { ofOneWait: 0 };
    const waitFor = async (index: number) => {
      let [nowMs, asked] = [0, 0];
      const clock = {
        nowMs: () => nowMs,
        random: () => ((index * 7919 + asked * 104_729) % WAITS) / WAITS,
        sleep: async (ms: number) => {
          nowMs += ms;
        },
      };
      const fetch = async () => {
        asked += 1;
        const second = Math.floor(nowMs / 1000);
        requests[second] = (requests[second] ?? 0) + 1;
        if (nowMs >= 30_000) return done('succeeded');
        return asked === 1 ? running() : unchanged();
      };
      await headgate({ url: URL_OF_API, token: 'a.b.c', fetch, clock }).jobs.wait('job_1');
      most.ofOneWait = Math.max(most.ofOneWait, asked);
    };
    await Promise.all(Array.from({ length: WAITS }, (_, index) => waitFor(index)));
    expect(most.ofOneWait).toBeLessThanOrEqual(13);
    // All began in one second. After ten a fifth of them asks in a second, and never half.
    expect(Math.max(...requests.slice(10))).toBeLessThan(WAITS / 2);
  });

  it('outlives an outage, and ends at a refusal', async () => {
    const outage = scripted(...Array.from({ length: 9 }, lost), done('succeeded'));
    expect(await client(outage).jobs.wait('job_1')).toMatchObject({ state: 'succeeded' });
    await expect(client(scripted(problem(404, 'not_found'))).jobs.wait('job_1')).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it.each(['failed', 'cancelled', 'expired'])(
    'throws for a job that ends as %s only if asked to',
    async (state) => {
      expect(await client(scripted(done(state))).jobs.wait('job_1')).toMatchObject({ state });
      const thrown = client(scripted(done(state))).jobs.wait('job_1', { throwOnFailure: true });
      await expect(thrown).rejects.toBeInstanceOf(JobFailed);
      await expect(thrown).rejects.toMatchObject({ code: 'out_of_memory', job: { state } });
    },
  );

  it('ends when its signal says so', async () => {
    const stop = new AbortController();
    const api = scripted((_) => {
      stop.abort(new Error('enough'));
      return running();
    });
    await expect(client(api).jobs.wait('job_1', { signal: stop.signal })).rejects.toThrow('enough');
  });

  it('is a watch to its end, which gives each change once', async () => {
    const api = scripted(
      running(),
      unchanged(),
      json(200, { ...JOB, state: 'retrying' }, { etag: '"2"' }),
      unchanged(),
      done('succeeded'),
    );
    const seen: string[] = [];
    for await (const { state } of client(api).jobs.watch('job_1')) seen.push(state);
    expect(seen).toEqual(['running', 'retrying', 'succeeded']);
  });
});

describe('a key', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'jwk' }).d ?? '';
  const key = `hgk_abcdefgh234567ab_${seed}`;
  afterEach(() => {
    Reflect.deleteProperty(globalThis, 'document');
  });
  const claimsOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

  it('signs tokens offline that its public key verifies, and is never sent', async () => {
    const api = scripted(json(200, { status: 'ok', audience: 'headgate:1:eu:dev' }), json(200, JOB));
    const hg = headgate({ url: URL_OF_API, key, tenant: 'acme', fetch: api.fetch, clock: api.clock });
    const token = await hg.tokens.mint({
      tenant: 'globex',
      scopes: ['jobs:read'],
      expiresIn: 900,
      job: 'job_1',
    });
    const [head = '', claims = '', signature = ''] = token.split('.');
    expect(
      verify(null, Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url')),
    ).toBe(true);
    expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({
      alg: 'EdDSA',
      typ: 'hg+jwt',
      kid: 'abcdefgh234567ab',
    });
    const { iat, exp, jti, ...rest } = claimsOf(token);
    expect({ seconds: exp - iat, rest }).toEqual({
      seconds: 900,
      rest: {
        iss: 'abcdefgh234567ab',
        aud: 'headgate:1:eu:dev',
        sub: 'globex',
        scope: 'jobs:read',
        job: 'job_1',
      },
    });
    expect(jti).toMatch(/^[0-9a-f-]{36}$/);

    await hg.jobs.get('job_1');
    const sent = api.requests.at(-1)?.headers.get('authorization')?.replace('Bearer ', '') ?? '';
    expect(claimsOf(sent)).toMatchObject({ sub: 'acme', scope: 'jobs:create jobs:read jobs:cancel' });
    expect(
      JSON.stringify(api.requests.map(({ headers, ...rest }) => ({ ...rest, headers: [...headers] }))),
    ).not.toContain(seed);
  });

  it('makes a token of five minutes once in four, for each tenant its own', async () => {
    const api = scripted(json(200, JOB));
    const hg = headgate({
      url: URL_OF_API,
      key,
      tenant: 'acme',
      audience: 'a',
      fetch: api.fetch,
      clock: api.clock,
    });
    const subjects = async (of: typeof hg, times: number) => {
      for (let i = 0; i < times; i++) await of.jobs.get('job_1');
      const sent = api.requests.splice(0).map(({ headers }) => headers.get('authorization') ?? '');
      return [new Set(sent).size, claimsOf(sent[0] ?? '').sub];
    };
    expect(await subjects(hg, 3)).toEqual([1, 'acme']);
    expect(await subjects(hg.for('globex'), 2)).toEqual([1, 'globex']);
    const first = await hg.jobs
      .get('job_1')
      .then(() => api.requests.splice(0)[0]?.headers.get('authorization'));
    await api.clock.sleep(241_000);
    await hg.jobs.get('job_1');
    expect(api.requests[0]?.headers.get('authorization')).not.toBe(first);
  });

  it('is refused in a page, and a text that is none is not repeated', () => {
    expect(() => headgate({ url: URL_OF_API, key: 'hgk_secret' })).toThrow(
      /^Expected a key such as hgk_…_…\.$/,
    );
    Reflect.set(globalThis, 'document', {});
    expect(() => headgate({ url: URL_OF_API, key })).toThrow(
      expect.objectContaining({ code: 'key_in_browser' }),
    );
    expect(headgate({ url: URL_OF_API, token: 't' })).toHaveProperty('jobs');
  });

  it('without a tenant submits nothing', async () => {
    const api = scripted(json(200, JOB));
    const hg = headgate({ url: URL_OF_API, key, audience: 'a', fetch: api.fetch, clock: api.clock });
    await expect(hg.jobs.get('job_1')).rejects.toMatchObject({ code: 'tenant_missing' });
    expect(() => hg.viaQueue({ queueUrl: 'q', sqs: { sendMessage: async () => ({}) } })).toThrow(
      HeadgateError,
    );
    expect(api.requests).toEqual([]);
  });

  it('says that an address is not that of Headgate, and asks again the next time', async () => {
    const api = scripted(
      new Response('<html>', { status: 200 }),
      json(200, { audience: 'a' }),
      json(200, JOB),
    );
    const hg = headgate({ url: URL_OF_API, key, tenant: 'acme', fetch: api.fetch, clock: api.clock });
    await expect(hg.jobs.get('job_1')).rejects.toMatchObject({ code: 'answer_invalid' });
    expect(await hg.jobs.get('job_1')).toMatchObject({ id: 'job_1' });
  });

  it('names by the queue the job that Headgate will make of the message', async () => {
    const sent: object[] = [];
    const sqs = {
      sendMessage: async (message: object) => {
        sent.push(message);
        return { MessageId: 'm-1' };
      },
    };
    const byQueue = headgate({ url: URL_OF_API, key, tenant: 'acme', audience: 'a' }).viaQueue({
      queueUrl: 'q',
      sqs,
    });
    expect(await byQueue.submit('csv.summarise', request)).toEqual({
      id: jobIdOf('acme', 'report-42'),
      messageId: 'm-1',
    });
    expect(sent).toEqual([
      {
        QueueUrl: 'q',
        MessageGroupId: 'acme',
        MessageBody: JSON.stringify({
          specVersion: '1',
          tenantId: 'acme',
          jobType: 'csv.summarise',
          ...request,
        }),
      },
    ]);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), async (idempotencyKey) => {
        const { id } = await byQueue.submit('csv.summarise', { ...request, idempotencyKey });
        expect(id).toBe(jobIdOf('acme', idempotencyKey));
      }),
    );
  });

  it('names by the queue the array that Headgate will make of the message', async () => {
    const sent: { readonly MessageBody: string }[] = [];
    const sqs = {
      sendMessage: async (message: { readonly MessageBody: string }) => {
        sent.push(message);
        return {};
      },
    };
    const hg = headgate({ url: URL_OF_API, key, tenant: 'acme', audience: 'a' });
    const array = { items: [request.input], concurrency: 2 };
    const { input: _, ...rest } = request;
    expect(
      await hg.viaQueue({ queueUrl: 'q', sqs }).submitArray('csv.summarise', { ...rest, ...array }),
    ).toEqual({ group: arrayIdOf('acme', 'report-42'), messageId: undefined });
    expect(parseRequest(sent[0]?.MessageBody ?? '')).toMatchObject({
      kind: 'array',
      request: { tenantId: 'acme', jobType: 'csv.summarise', idempotencyKey: 'report-42', array },
    });
  });
});
