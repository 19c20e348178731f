/** Which deliveries a command means. */
import { describe, expect, it, test } from '@jest/globals';
import type { Delivery } from '../../../../domain/webhook/delivery.ts';
import { checkRange, type DeliveryFilter, isMeant } from '../../../../domain/webhook/delivery-filter.ts';
import { JOB_ID, NOW } from '../../../support/jobs.ts';

const DAYS = 86_400_000;

describe('a range of time', () => {
  it.each([
    ['may be one moment', 0],
    ['may span 30 days, for which deliveries are kept', 30 * DAYS],
  ])('%s', (_title, lengthMs) => {
    expect(checkRange({ fromMs: NOW - lengthMs, toMs: NOW })).toBeUndefined();
  });

  it.each([
    ['must not end before it starts', -1, '/until', 'Expected an end that is not before the start.'],
    ['must not be longer than deliveries are kept', 30 * DAYS + 1, '/since', 'Expected at most 30 days.'],
  ])('%s', (_title, lengthMs, pointer, message) => {
    const refused = { code: 'range_invalid', pointer, message };
    expect(checkRange({ fromMs: NOW - lengthMs, toMs: NOW })).toEqual(refused);
  });
});

describe('a filter', () => {
  const delivery: Delivery = {
    webhookId: `msg_${'a'.repeat(26)}`,
    jobId: JOB_ID,
    tenantId: 'acme',
    endpointId: 'whe_1',
    at: '2026-01-05T09:00:00.000Z',
    eventType: 'job.failed',
    body: '{}',
    status: 'exhausted',
    tries: 10,
  };
  const exact = {
    id: delivery.webhookId,
    status: 'exhausted',
    event: 'job.failed',
    job: JOB_ID,
  } as const;
  const others: Required<DeliveryFilter> = {
    id: `msg_${'b'.repeat(26)}`,
    status: 'held',
    event: 'job.succeeded',
    job: `job_${'b'.repeat(26)}`,
  };
  const fields = ['id', 'status', 'event', 'job'] as const;

  it('without fields means every delivery', () => {
    expect(isMeant(delivery, {})).toBe(true);
  });

  it('means a delivery that agrees in every field', () => {
    expect(isMeant(delivery, exact)).toBe(true);
  });

  it.each(fields)('means a delivery by its %s alone', (field) => {
    expect(isMeant(delivery, { [field]: exact[field] })).toBe(true);
  });

  it.each(fields)('does not mean a delivery that differs in %s', (field) => {
    expect(isMeant(delivery, { ...exact, [field]: others[field] })).toBe(false);
  });

  test('by job does not mean an event that is about no job', () => {
    expect(isMeant({ ...delivery, jobId: undefined }, { job: JOB_ID })).toBe(false);
  });
});
