import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jobIdOf } from '../../../../application/job/identity.ts';
import {
  DUE_SHARDS,
  dueShard,
  ownsObject,
  parseObjectUri,
  resultFolder,
} from '../../../../domain/job/identity.ts';
import { aJob, BUCKET, FIRST, JOB_ID } from '../../../support/jobs.ts';

test('the result of a container lies in the folder of its tenant, apart from that of every other try', () => {
  const folder = resultFolder(aJob(), { runId: FIRST, try: 2 });
  expect(folder).toBe(`tenants/acme/results/${JOB_ID}/${FIRST}-2/`);
  expect(ownsObject(`s3://${BUCKET}/${folder}result.json`, 'acme', BUCKET)).toBe(true);
  expect(resultFolder(aJob(), { runId: `${FIRST}:3`, try: 1 })).toBe(
    `tenants/acme/results/${JOB_ID}/${FIRST}-3-1/`,
  );
});

test.each([
  ['s3://bucket/key', 'bucket', 'key'],
  ['s3://bucket/a/b//c?d#e', 'bucket', 'a/b//c?d#e'],
])('%s is one object', (uri, bucket, key) => {
  expect(parseObjectUri(uri)).toEqual({ bucket, key });
});

describe('the shards of the due index', () => {
  const jobIds = fc.stringMatching(/^job_[a-z2-7]{26}$/);

  test('every job has one of them', () => {
    const shards = Array.from({ length: DUE_SHARDS }, (_, i) => String(i));
    fc.assert(fc.property(jobIds, (jobId) => expect(shards).toContain(dueShard(jobId))));
  });

  test('none is fuller than another', () => {
    const counts = new Map<string, number>();
    const MANY = 8000;
    for (let i = 0; i < MANY; i++) {
      const shard = dueShard(jobIdOf('acme', `key-${i}`));
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    for (const count of counts.values()) {
      expect(count).toBeGreaterThan((MANY / DUE_SHARDS) * 0.85);
      expect(count).toBeLessThan((MANY / DUE_SHARDS) * 1.15);
    }
  });
});
