/** Clocks say how long to wait. What a job becomes is decided by versions, attempts and Batch's order. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BatchJobDetail, classifyReport, parseReport } from '../../../../domain/batch/report.ts';
import { advance } from '../../../../domain/job/advance.ts';
import { claim } from '../../../../domain/job/claim.ts';
import { batchJobName } from '../../../../domain/job/identity.ts';
import type { JobRecord } from '../../../../domain/job/job.ts';
import { workerExitCodes } from '../../../../domain/job/job-type.ts';
import {
  type EndpointHealth,
  giveBackLease,
  MAX_IN_FLIGHT,
  takeLease,
} from '../../../../domain/webhook/endpoint-health.ts';
import { FIRST, JOB_ID, jobIn, NOW, reportType, SECOND } from '../../../support/jobs.ts';

const DAY_MS = 86_400_000;
/** From two minutes behind to a clock that was set a day back, and the same ahead. */
const skews = fc.constantFrom(0, 0, 1, -1, 120_000, -120_000, DAY_MS, -DAY_MS);

const words = fc.record({
  what: fc.constantFrom(
    'PENDING',
    'RUNNABLE',
    'STARTING',
    'RUNNING',
    'SUCCEEDED',
    'FAILED',
    'claim',
    'result',
  ),
  by: fc.constantFrom(FIRST, FIRST, SECOND),
  attempt: fc.constantFrom(1, 1, 2),
  tries: fc.nat(2),
  /** Of the process that hears it, and of the one that says when it was. */
  skewMs: skews,
  saidSkewMs: skews,
});
type Word = typeof words extends fc.Arbitrary<infer W> ? W : never;

function heard(job: JobRecord, { what, by, attempt, tries, skewMs, saidSkewMs }: Word): JobRecord {
  const nowMs = NOW + skewMs;
  const context = { nowMs, random: 0, policy: reportType };
  if (what === 'claim') {
    const me = { attempt, runId: by, try: tries + 1, nonce: by };
    const verdict = claim(job, me, context, { kind: 'known', tries });
    return verdict.kind === 'claim' ? verdict.next : job;
  }
  if (what === 'result') {
    const mine = job.claim?.runId === by && job.attempt === attempt;
    return (mine && advance(job, { kind: 'committed', result: { inline: 1 } }, context)) || job;
  }
  const detail = {
    jobId: by,
    jobName: batchJobName(JOB_ID, attempt),
    status: what,
    attempts: Array.from({ length: tries }, () => ({ container: {} })),
    startedAt: NOW + saidSkewMs,
    stoppedAt: NOW - saidSkewMs,
  };
  const seen = parseReport({ kind: 'batch_job', detail: BatchJobDetail.parse(detail) });
  if (seen.kind === 'ignored') return job;
  const verdict = classifyReport(job, seen.report, { exitCodes: workerExitCodes }, nowMs);
  return (verdict.kind === 'news' && advance(job, verdict.observation, context)) || job;
}

/** Everything on the record that is no time. */
function decided(job: JobRecord): unknown {
  return JSON.parse(
    JSON.stringify(job, (name, value) => (/At$|Until$|By$|^at$/.test(name) ? undefined : value)),
  );
}

test('whatever the clocks of processes and of Batch say, a job becomes the same (F56)', () => {
  const law = fc.property(fc.array(words, { maxLength: 25 }), (all) => {
    let right: JobRecord = jobIn('submitting');
    let wrong = right;
    for (const word of all) {
      right = heard(right, { ...word, skewMs: 0, saidSkewMs: 0 });
      wrong = heard(wrong, word);
      expect(decided(wrong)).toEqual(decided(right));
    }
  });
  fc.assert(law);
});

test('a clock that runs ahead ends the leases of others early, and no process is locked out for it (F56)', () => {
  let health: EndpointHealth = { tenantId: 'acme', endpointId: 'whe_1' };
  for (let i = 0; i < MAX_IN_FLIGHT; i++) {
    const lease = takeLease(health, `msg_${i}`, NOW);
    if (lease.kind === 'taken') health = lease.health;
  }
  expect(takeLease(health, 'msg_more', NOW).kind).toBe('full');
  const early = takeLease(health, 'msg_more', NOW + 120_000);
  expect(early.kind).toBe('taken');
  // A process that lost its lease gives back what is not there any more: no harm to the next one.
  const after = early.kind === 'taken' ? giveBackLease(early.health, 'msg_0') : health;
  expect(after.leases?.map(({ webhookId }) => webhookId)).toEqual(['msg_more']);
});
