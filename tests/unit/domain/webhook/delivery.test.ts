import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Answer,
  afterTry,
  Delivery,
  deliveryPostponed,
  type PostOutcome,
  pendingUntil,
  reminderDelaySeconds,
  replayed,
  retryAfterSeconds,
} from '../../../../domain/webhook/delivery.ts';
import { JOB_ID, NOW } from '../../../support/jobs.ts';

const pending: Delivery = {
  webhookId: `msg_${'a'.repeat(26)}`,
  jobId: JOB_ID,
  tenantId: 'acme',
  endpointId: 'whe_1',
  at: '2026-01-05T09:00:00.000Z',
  eventType: 'job.succeeded',
  body: '{}',
  status: 'pending',
  tries: 0,
};
const answered = (status: number, retryAfter?: string): Answer => ({
  kind: 'answered',
  status,
  ms: 40,
  retryAfter,
});
type Attempted = Exclude<PostOutcome, { kind: 'unsent' }>;
const refused: Attempted = { kind: 'failed', why: 'connection_refused', ms: 3 };
const afterTries = (tries: number): Delivery => ({ ...pending, tries });
const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Seconds from each failed try to the next, until there is none. */
function waits(outcome: Attempted, random: number): number[] {
  let delivery = pending;
  const seconds: number[] = [];
  while (seconds.length < 20) {
    delivery = afterTry(delivery, outcome, NOW, random).delivery;
    if (delivery.nextTryAt === undefined) break;
    seconds.push((delivery.nextTryAt - NOW) / 1000);
  }
  return seconds;
}

describe('a webhook that is not taken', () => {
  const minutes = 60;
  const hours = 3600;
  const schedule = [
    5,
    5 * minutes,
    30 * minutes,
    2 * hours,
    5 * hours,
    10 * hours,
    14 * hours,
    20 * hours,
    24 * hours,
  ];

  test('comes again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h', () => {
    expect(waits(answered(500), 0)).toEqual(schedule);
    expect(waits(refused, 0)).toEqual(schedule);
  });

  test('is given up after the tenth try, and the endpoint stays on', () => {
    const verdict = afterTry(afterTries(9), answered(503), NOW, 0);
    expect(verdict).toMatchObject({
      delivery: { status: 'exhausted', tries: 10, last: { answer: 'http_503' } },
      disableEndpoint: false,
    });
    expect(verdict.delivery).not.toHaveProperty('nextTryAt');
  });

  test('comes later for its jitter, by a fifth at most, and never earlier', () => {
    fc.assert(
      fc.property(chances, (random) => {
        for (const [i, seconds] of waits(answered(500), random).entries()) {
          expect(seconds).toBeGreaterThanOrEqual(schedule[i] ?? Number.NaN);
          expect(seconds).toBeLessThanOrEqual((schedule[i] ?? Number.NaN) * 1.2);
        }
      }),
    );
  });
});

describe('what an answer means', () => {
  test.each([
    [200, 'delivered', 'http_200'],
    [204, 'delivered', 'http_204'],
    [299, 'delivered', 'http_299'],
    [101, 'pending', 'http_101'],
    [301, 'pending', 'redirect_not_followed'],
    [302, 'pending', 'redirect_not_followed'],
    [307, 'pending', 'redirect_not_followed'],
    [400, 'pending', 'http_400'],
    [404, 'pending', 'http_404'],
    [429, 'pending', 'http_429'],
    [500, 'pending', 'http_500'],
    [410, 'abandoned', 'http_410'],
  ])('%d: %s', (status, expected, answer) => {
    const { delivery, disableEndpoint } = afterTry(afterTries(2), answered(status), NOW, 0);
    expect(delivery).toMatchObject({ status: expected, tries: 3, last: { at: NOW, ms: 40, answer } });
    expect(delivery.nextTryAt !== undefined).toBe(expected === 'pending');
    expect(delivery.dueAt !== undefined).toBe(expected === 'pending');
    expect(disableEndpoint).toBe(status === 410);
    expect(Delivery.parse(delivery)).toEqual(delivery);
  });

  test('none at all is told in the word of the failure', () => {
    expect(afterTry(pending, refused, NOW, 0).delivery).toMatchObject({
      status: 'pending',
      last: { answer: 'connection_refused' },
    });
  });

  test('success after failures leaves no next try', () => {
    const waiting = { ...afterTries(3), nextTryAt: NOW };
    expect(afterTry(waiting, answered(200), NOW, 0).delivery).not.toHaveProperty('nextTryAt');
  });

  test('the bytes and the id stay the same over all tries (F32)', () => {
    const { webhookId, body } = afterTry(pending, refused, NOW, 0).delivery;
    expect({ webhookId, body }).toEqual({ webhookId: pending.webhookId, body: pending.body });
  });
});

describe('a receiver that asks for a pause', () => {
  const date = (ms: number) => new Date(ms).toUTCString();

  test.each<[string, number]>([
    ['120', 120],
    [' 120 ', 120],
    ['0', 0],
    ['90000', 86_400],
    [date(NOW + 60_000), 60],
    [date(NOW + 864_000_000), 86_400],
    [date(NOW - 60_000), 0],
    ['', 0],
    ['-1', 0],
    ['1.5', 0],
    ['120s', 0],
    ['soon', 0],
    ['banana', 0],
  ])('by %j gets %d seconds', (header, seconds) => {
    expect(retryAfterSeconds(header, NOW)).toBe(seconds);
  });

  test.each<[string, number]>([
    // More seconds than nine digits can say, and still a number: a day is the most we wait.
    ['1000000000', 86_400],
    // Words and signs in which a lenient date parser finds a year.
    ['banana 2099', 0],
    ['+3600', 0],
  ])('by %j gets %d seconds', (header, seconds) => {
    expect(retryAfterSeconds(header, NOW)).toBe(seconds);
  });

  test('gets it when it is longer than the plan, and the plan when it is not', () => {
    const next = (header: string) =>
      afterTry(afterTries(1), answered(429, header), NOW, 0).delivery.nextTryAt;
    expect(next('3600')).toBe(NOW + 3_600_000);
    expect(next('7')).toBe(NOW + 300_000);
  });

  test('gets no try beyond the last', () => {
    expect(afterTry(afterTries(9), answered(503, '60'), NOW, 0).delivery.status).toBe('exhausted');
  });
});

describe('a receiver that wants a message no more', () => {
  test('gets it no more, and stays on', () => {
    expect(afterTry(pending, { ...answered(500), abort: true }, NOW, 0)).toMatchObject({
      delivery: { status: 'abandoned' },
      disableEndpoint: false,
    });
  });
});

describe('what is kept of an answer', () => {
  const kept = { headers: { server: 'x' }, body: 'y'.repeat(5000) };

  test('is all of it when it was a failure', () => {
    const { last } = afterTry(pending, { ...answered(500), kept }, NOW, 0).delivery;
    expect(last).toMatchObject(kept);
  });

  test('is the first 1,024 characters when it was a success, which needs no diagnosis', () => {
    const { last } = afterTry(pending, { ...answered(200), kept }, NOW, 0).delivery;
    expect(last).toEqual({ at: NOW, ms: 40, answer: 'http_200', body: 'y'.repeat(1024), cut: 'truncated' });
  });
});

describe('how a pending delivery comes back', () => {
  const wait = (seconds: number) => pendingUntil(pending, NOW + seconds * 1000, NOW);

  test('by a message when it is soon, and tick looks later, in case that was lost', () => {
    expect(reminderDelaySeconds(wait(300), NOW)).toBe(300);
    expect(wait(300).dueAt).toBeGreaterThan(NOW + 300_000);
  });

  test('by tick when it is later than a message can be delayed', () => {
    expect(reminderDelaySeconds(wait(1800), NOW)).toBeUndefined();
    expect(wait(1800).dueAt).toBe(NOW + 1_800_000);
  });

  test('at once when its time has passed', () => {
    expect(reminderDelaySeconds(wait(-60), NOW)).toBe(0);
  });

  test('not at all when it is over', () => {
    expect(reminderDelaySeconds({ ...wait(300), status: 'delivered' }, NOW)).toBeUndefined();
  });

  test('handed over, it is not due again in the same minute', () => {
    expect(deliveryPostponed(wait(30), NOW).dueAt).toBeGreaterThan(NOW + 60_000);
    expect(deliveryPostponed(wait(30), NOW).nextTryAt).toBe(NOW + 30_000);
  });
});

describe('a replay', () => {
  const over = { ...pending, status: 'exhausted', tries: 10 } as const;

  test('sends the same bytes under the same id, on a whole new schedule', () => {
    const again = replayed(over, NOW);
    expect(again).toMatchObject({
      status: 'pending',
      nextTryAt: NOW,
      tries: 10,
      triesBefore: 10,
      replays: 1,
    });
    expect(again).toMatchObject({ body: pending.body, webhookId: pending.webhookId });
    const failed = afterTry(again ?? pending, refused, NOW, 0).delivery;
    expect(failed).toMatchObject({ status: 'pending', tries: 11, nextTryAt: NOW + 5000 });
  });

  test.each(['delivered', 'exhausted', 'abandoned', 'held'] as const)(
    'of one that is %s goes out',
    (status) => {
      expect(replayed({ ...pending, status }, NOW)?.status).toBe('pending');
    },
  );

  test('of one that is on its way changes nothing', () => {
    expect(replayed(pending, NOW)).toBeUndefined();
  });
});

test('whatever a receiver says in retry-after, the next try is between its slot and the longest wait', () => {
  const headers = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.double().map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  );
  fc.assert(
    fc.property(headers, fc.nat({ max: 8 }), chances, (header, tries, random) => {
      const { nextTryAt = 0 } = afterTry(afterTries(tries), answered(503, header), NOW, random).delivery;
      const slot = afterTry(afterTries(tries), answered(503), NOW, 0).delivery.nextTryAt ?? 0;
      expect(nextTryAt).toBeGreaterThanOrEqual(slot);
      expect(nextTryAt).toBeLessThanOrEqual(NOW + 86_400_000 * 1.2);
    }),
  );
});
