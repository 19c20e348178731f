/** What every backend must keep of the store of jobs: one record for one id, and no change that another did not see. */
import { describe, expect } from '@jest/globals';
import { changed } from '../../domain/job/job.ts';
import { tombstoneAfter } from '../../domain/job/tombstone.ts';
import { aJob, jobIn, NOW } from '../support/jobs.ts';
import { jobIdNo } from './names.ts';
import { onEachTarget } from './targets.ts';

const job = aJob({ dueAt: NOW + 60_000 });
const next = changed(job, { state: 'submitting', callOpen: true, calls: 1, waitReason: undefined }, NOW + 1);
const cancel = { jobId: job.jobId, tenantId: job.tenantId, nowMs: NOW };
const tombstone = tombstoneAfter(undefined, cancel);
const renewed = tombstoneAfter(tombstone, { ...cancel, nowMs: NOW + 5000 });

onEachTarget((open, test) => {
  const ports = async (answersLost = false) => (await open({ answersLost })).process();

  describe('recording', () => {
    test('a job is recorded once: the second handler is shown the first record', async () => {
      const { jobs } = await ports();
      expect(await jobs.create(job)).toEqual({ kind: 'created' });
      const other = { ...job, fingerprint: 'g'.repeat(26), createdAt: NOW + 5 };
      expect(await jobs.create(other)).toEqual({ kind: 'exists', job });
      expect(await jobs.get(job.jobId)).toEqual(job);
    });

    test('of many who record one job at once, one has recorded it', async () => {
      const backend = await open();
      const writers = Array.from({ length: 8 }, () => backend.process().jobs);
      const kinds = await Promise.all(
        writers.map(async (jobs, i) => (await jobs.create({ ...job, createdAt: NOW + i })).kind),
      );
      expect(kinds.toSorted()).toEqual(['created', ...Array(7).fill('exists')]);
    });

    test('a record is read as it was written: nesting, text of any script, numbers, empty values', async () => {
      const { jobs } = await ports();
      const full = jobIn('succeeded', {
        input: {
          text: 'é „quoted" 🚚\n',
          deep: [{ a: [1, -2.5, 1e-130, 2 ** 53 - 1], b: null }],
          none: {},
          empty: '',
          no: false,
        },
        tags: { team: 'maps' },
        endedAttempts: [
          { attempt: 1, endedAt: NOW, failure: { class: 'app_error', code: 'exit_code', message: '' } },
        ],
      });
      await jobs.create(full);
      expect(await jobs.get(full.jobId)).toEqual(full);
    });
  });

  describe('a job whose request is large', () => {
    const large = aJob({
      input: { rows: Array.from({ length: 200 }, (_, i) => ({ name: `row ${i}`, n: i * 1.5, é: null })) },
      metadata: { note: 'an invoice '.repeat(200) },
    });

    test('has a record of one write unit, which marks its parts, and is whole when it is asked for', async () => {
      const { jobs } = await ports();
      expect(await jobs.create(large)).toEqual({ kind: 'created' });
      const record = await jobs.get(large.jobId);
      // Where time passes, it also says until when its parts are kept.
      expect(record).toMatchObject({ ...large, input: 'apart', metadata: 'apart' });
      expect(await jobs.whole(record ?? large)).toMatchObject(large);
    });

    test('is changed without its parts, and keeps them', async () => {
      const { jobs } = await ports();
      await jobs.create(large);
      const [record] = (await jobs.load([large.jobId])).values();
      if (record === undefined) throw new Error('it was created');
      const running = changed(record, { state: 'running' }, NOW + 1);
      expect(await jobs.replace(record, running)).toBe('written');
      // A handler that has the whole job, as it was created, writes the same.
      const ended = changed({ ...large, ...running, input: large.input }, { state: 'failed' }, NOW + 2);
      expect(await jobs.replace(running, { ...ended, input: 'apart' })).toBe('written');
      expect(await jobs.whole((await jobs.get(large.jobId)) ?? record)).toMatchObject({
        state: 'failed',
        input: large.input,
        metadata: large.metadata,
      });
    });

    test('is recorded once, whichever copy of its message comes first, also when answers are lost', async () => {
      const backend = await open({ answersLost: true });
      const writers = Array.from({ length: 4 }, () => backend.process().jobs);
      const kinds = await Promise.all(writers.map(async (jobs) => (await jobs.create(large)).kind));
      expect(kinds.toSorted()).toEqual(['created', 'exists', 'exists', 'exists']);
    });

    test('keeps its own parts when another body comes under its key', async () => {
      const { jobs } = await ports();
      await jobs.create(large);
      const other = { ...large, fingerprint: 'g'.repeat(26), input: { rows: ['other'.repeat(500)] } };
      expect((await jobs.create(other)).kind).toBe('exists');
      const record = await jobs.get(large.jobId);
      expect(await jobs.whole(record ?? other)).toMatchObject(large);
    });

    test('has its parts also in place of a tombstone', async () => {
      const { jobs } = await ports();
      await jobs.leaveTombstone(undefined, tombstone);
      expect(await jobs.createOver(tombstone, large)).toBe('written');
      expect(await jobs.whole((await jobs.get(large.jobId)) ?? job)).toMatchObject(large);
    });
  });

  describe('a cancel that came before its job', () => {
    test('leaves one tombstone, which is no job', async () => {
      const { jobs } = await ports();
      expect(await jobs.stored(job.jobId)).toEqual({ kind: 'nothing' });
      expect(await jobs.leaveTombstone(undefined, tombstone)).toBe('written');
      expect(await jobs.leaveTombstone(undefined, renewed)).toBe('lost');
      expect(await jobs.get(job.jobId)).toBeUndefined();
      expect(await jobs.load([job.jobId])).toEqual(new Map());
      expect(await jobs.stored(job.jobId)).toEqual({ kind: 'tombstone', tombstone });
      expect(await jobs.create(job)).toEqual({ kind: 'tombstone', tombstone });
    });

    test('renews the tombstone that it has seen, and no other', async () => {
      const { jobs } = await ports();
      await jobs.leaveTombstone(undefined, tombstone);
      expect(await jobs.leaveTombstone(tombstone, renewed)).toBe('written');
      expect(await jobs.leaveTombstone(tombstone, renewed)).toBe('lost');
      expect(await jobs.stored(job.jobId)).toEqual({ kind: 'tombstone', tombstone: renewed });
      expect(await jobs.createOver(tombstone, job)).toBe('lost');
      expect(await jobs.createOver(renewed, job)).toBe('written');
      expect(await jobs.stored(job.jobId)).toEqual({ kind: 'job', job });
    });

    test('leaves none where there is a job, whatever it has seen before', async () => {
      const { jobs } = await ports();
      await jobs.create(job);
      expect(await jobs.leaveTombstone(undefined, tombstone)).toBe('lost');
      expect(await jobs.leaveTombstone(tombstone, renewed)).toBe('lost');
      expect(await jobs.get(job.jobId)).toEqual(job);
    });

    test('its tombstone gives way to a job once', async () => {
      const { jobs } = await ports();
      const cancelled = jobIn('cancelled');
      await jobs.leaveTombstone(undefined, tombstone);
      expect(await jobs.createOver(tombstone, cancelled)).toBe('written');
      expect(await jobs.createOver(tombstone, job)).toBe('lost');
      expect(await jobs.get(job.jobId)).toEqual(cancelled);
      expect(await jobs.create(job)).toEqual({ kind: 'exists', job: cancelled });
    });

    test('a tombstone that is not there, or another one, gives way to nothing', async () => {
      const { jobs } = await ports();
      expect(await jobs.createOver(tombstone, job)).toBe('lost');
      expect(await jobs.get(job.jobId)).toBeUndefined();
      await jobs.leaveTombstone(undefined, tombstone);
      expect(await jobs.createOver(renewed, job)).toBe('lost');
      expect(await jobs.create(job)).toEqual({ kind: 'tombstone', tombstone });
    });
  });

  describe('changing', () => {
    test('a change is written on the record it was decided on, and on no other', async () => {
      const { jobs } = await ports();
      await jobs.create(job);
      expect(await jobs.replace(job, next)).toBe('written');
      expect(await jobs.get(job.jobId)).toEqual(next);
      expect(await jobs.replace(job, { ...next, calls: 7 })).toBe('lost');
      expect(await jobs.get(job.jobId)).toEqual(next);
    });

    test('what the next record leaves out is gone from the table', async () => {
      const { jobs } = await ports();
      const before = aJob({ waitReason: 'slots', dueAt: NOW, refused: ['a'] });
      const after = changed(before, { waitReason: undefined, dueAt: undefined, refused: undefined }, NOW);
      await jobs.create(before);
      await jobs.replace(before, after);
      expect(await jobs.get(job.jobId)).toEqual(after);
    });

    test('a job that is not there is not made by a change', async () => {
      const { jobs } = await ports();
      expect(await jobs.replace(job, next)).toBe('lost');
      expect(await jobs.get(job.jobId)).toBeUndefined();
    });

    test('of many who change one record at once, one has changed it', async () => {
      const backend = await open();
      await backend.process().jobs.create(job);
      const writers = Array.from({ length: 8 }, () => backend.process().jobs);
      const outcomes = await Promise.all(
        writers.map((jobs, i) => jobs.replace(job, { ...next, calls: i + 1 })),
      );
      const winner = outcomes.indexOf('written');
      expect(outcomes.toSorted()).toEqual([...Array(7).fill('lost'), 'written']);
      expect(await writers[0]?.get(job.jobId)).toMatchObject({ calls: winner + 1 });
    });

    test('changes of several jobs that one process makes at once stand each for itself', async () => {
      const { jobs } = await ports();
      const all = Array.from({ length: 30 }, (_, i) => ({ ...job, jobId: jobIdNo(i) }));
      expect(await Promise.all(all.map((each) => jobs.create(each)))).toEqual(
        Array(30).fill({ kind: 'created' }),
      );
      await jobs.replace(all[3]!, { ...next, jobId: all[3]!.jobId });
      const outcomes = await Promise.all(
        all.map((each) => jobs.replace(each, { ...next, jobId: each.jobId })),
      );
      expect(outcomes.flatMap((outcome, i) => (outcome === 'lost' ? [i] : []))).toEqual([3]);
    });
  });

  describe('reading', () => {
    test('many are read at once; who is not there is left out, and who is named twice is there once', async () => {
      const { jobs } = await ports();
      const all = Array.from({ length: 120 }, (_, i) => ({ ...job, jobId: jobIdNo(i) }));
      for (const each of all) await jobs.create(each);
      const ids = all.map(({ jobId }) => jobId);
      const read = await jobs.load([...ids, ids[0]!, jobIdNo(500)]);
      expect([...read.keys()].toSorted()).toEqual(ids.toSorted());
      expect(read.get(ids[7]!)).toEqual(all[7]);
      expect(await jobs.load([])).toEqual(new Map());
    });

    test('what one process has written, every other reads at once', async () => {
      const backend = await open();
      await backend.process().jobs.create(job);
      const { jobs } = backend.process();
      expect(await jobs.get(job.jobId)).toEqual(job);
      await jobs.replace(job, next);
      expect(await backend.process().jobs.load([job.jobId])).toEqual(new Map([[job.jobId, next]]));
    });
  });

  describe('when the answer to a write is lost and the call is made again', () => {
    test('its writer knows its own record again, and no other takes it for its own', async () => {
      const { jobs } = await ports(true);
      expect(await jobs.create(job)).toEqual({ kind: 'created' });
      expect(await jobs.create(job)).toEqual({ kind: 'exists', job });
    });

    test('its writer knows its own change again, and a second one with the same content is lost (F42)', async () => {
      const { jobs } = await ports(true);
      await jobs.create(job);
      expect(await jobs.replace(job, next)).toBe('written');
      expect(await jobs.replace(job, next)).toBe('lost');
      expect(await jobs.get(job.jobId)).toEqual(next);
    });

    test('its writer knows its own tombstone again, and its own job in place of it', async () => {
      const { jobs } = await ports(true);
      expect(await jobs.leaveTombstone(undefined, tombstone)).toBe('written');
      expect(await jobs.leaveTombstone(undefined, tombstone)).toBe('lost');
      expect(await jobs.createOver(tombstone, job)).toBe('written');
      expect(await jobs.createOver(tombstone, job)).toBe('lost');
    });

    test('so it is for several writes at once', async () => {
      const { jobs } = await ports(true);
      const all = [1, 2, 3].map((i) => ({ ...job, jobId: jobIdNo(i) }));
      expect(await Promise.all(all.map((each) => jobs.create(each)))).toEqual(
        Array(3).fill({ kind: 'created' }),
      );
      const outcomes = all.map((each) => jobs.replace(each, { ...next, jobId: each.jobId }));
      expect(await Promise.all(outcomes)).toEqual(Array(3).fill('written'));
    });
  });
});
