import { describe, expect, test } from '@jest/globals';
import { concludeTry, disable, send, type TryPorts } from '../../application/webhook/delivery-try.ts';
import { Delivery, type PostOutcome } from '../../domain/webhook/delivery.ts';
import { Endpoint } from '../../domain/webhook/endpoint.ts';
import type { Post } from '../../io/http/post.ts';
import { signedHeaders } from '../../io/http/signature.ts';
import { limitPerKey } from '../../io/process/limit-per-key.ts';
import { endpointRegister } from '../../io/table/endpoints.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { closedAfterAll } from '../support/closing.ts';
import { NOW } from '../support/jobs.ts';
import { createJobsTable } from '../support/jobs-table.ts';

const delivery = Delivery.parse({
  tenantId: 'acme',
  endpointId: 'whe_1',
  at: '2026-01-05T09:00:00.000Z',
  webhookId: `msg_${'a'.repeat(26)}`,
  eventType: 'job.succeeded',
  body: '{}',
  status: 'pending',
  tries: 3,
});
const endpoint = Endpoint.parse({
  tenantId: 'acme',
  endpointId: 'whe_1',
  url: 'https://hooks.acme.test/',
  events: ['job.succeeded'],
  keys: [{ scheme: 'v1', sealed: 'key' }],
  headers: { names: ['x-token'], sealed: 'headers' },
});

function setup(open: (sealed: string) => string) {
  const posts: Post[] = [];
  const lines: string[] = [];
  const line = (event: string, facts = {}) => void lines.push(`${event} ${JSON.stringify(facts)}`);
  const ports = {
    keys: { open: async (_: unknown, sealed: string) => open(sealed) },
    webhooks: {
      post: async (post: Post): Promise<PostOutcome> => {
        posts.push(post);
        return { kind: 'answered', status: 200, ms: 1 };
      },
    },
    clock: { nowMs: () => NOW },
    sign: signedHeaders,
    random: { fraction: () => 0, token: () => 't' },
    log: { info: line, error: line },
  } as unknown as TryPorts;
  return { ports, posts, lines };
}

const opened = closedAfterAll();
const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const time = { deadlineMs: 1000 };

describe('a try', () => {
  test("carries the tenant's own headers beside ours, and cannot replace ours", async () => {
    const { ports, posts } = setup((sealed) =>
      sealed === 'key'
        ? secret
        : JSON.stringify({ 'x-token': 'abc', 'webhook-id': 'forged', 'user-agent': 'x' }),
    );
    await send(ports, endpoint, delivery, time);
    expect(posts[0]?.headers).toMatchObject({
      'x-token': 'abc',
      'webhook-id': delivery.webhookId,
      'user-agent': 'headgate-webhooks/1',
      'content-type': 'application/json',
    });
  });

  test('that cannot be signed is not sent, costs the tenant nothing, and calls an operator (F39)', async () => {
    const { ports, posts, lines } = setup(() => {
      throw Object.assign(new Error('canary'), { name: 'AccessDeniedException' });
    });
    const outcome = await send(ports, endpoint, delivery, time);
    expect(outcome).toEqual({ kind: 'unsent', why: 'keys_unavailable' });
    expect(posts).toEqual([]);
    expect(lines.join()).toContain('webhook:sign:failed');
    expect(lines.join()).not.toContain('canary');

    const concluded = concludeTry(ports, delivery, outcome);
    expect(concluded.delivery).toMatchObject({ status: 'pending', tries: 3, nextTryAt: NOW + 60_000 });
    expect(concluded.outcome).toBeUndefined();
    expect(concluded.disableEndpoint).toBe(false);
  });
});

describe('turns', () => {
  test('never exceed their number, and lose no delivery', async () => {
    const turn = limitPerKey(2);
    const seen = { now: 0, most: 0, done: 0 };
    const work = async () => {
      seen.most = Math.max(seen.most, ++seen.now);
      await new Promise((resolve) => setImmediate(resolve));
      seen.now--;
      seen.done++;
      if (seen.done % 3 === 0) throw new Error('odd');
    };
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => turn('a', work)));
    expect(seen).toEqual({ now: 0, most: 2, done: 12 });
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(4);
  });

  test('of one name do not wait for those of another (F31)', async () => {
    const turn = limitPerKey(1);
    void turn('a', () => new Promise(() => undefined));
    expect(await turn('b', async () => 'through')).toBe('through');
  });
});

test('an endpoint that is gone stays enabled until the event of its end is published', async () => {
  const cloud = opened(await setUp());
  const endpoints = endpointRegister(await createJobsTable(cloud.dynamodb));
  await endpoints.put(endpoint);
  const published: unknown[] = [];
  const { ports } = setup(() => secret);
  const publishing = (publish: TryPorts['bus']['publish']) => ({ ...ports, endpoints, bus: { publish } });
  const busy = publishing(async () => {
    throw new Error('ServiceUnavailable');
  });
  await expect(disable(busy, endpoint, 'gone')).rejects.toThrow();
  expect(await endpoints.get(endpoint)).not.toHaveProperty('disabled');

  const well = publishing(async (events) => void published.push(...events));
  await disable(well, endpoint, 'gone');
  await disable(well, endpoint, 'failing');
  expect(await endpoints.get(endpoint)).toMatchObject({ disabled: { reason: 'gone', atMs: NOW } });
  expect(published).toMatchObject([
    { type: 'endpoint.disabled', data: { endpointId: 'whe_1', reason: 'gone' } },
  ]);
});
