import { DescribeJobsCommand, ListJobsCommand, type ListJobsCommandInput } from '@aws-sdk/client-batch';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { register, type Service, startWithQueue } from '../service.ts';

/** Three jobs that never fit and one that ran; shared, because these tests only read. */
let service: Service;
let createdAt: number[];

beforeAll(async () => {
  service = await startWithQueue();
  await service.reaches(await service.submit({ jobName: 'done' }), 'SUCCEEDED');
  await register(service.client, 'huge', { command: ['node'], vcpus: '8', memory: '16384' });
  createdAt = [];
  for (const jobName of ['hg-Alpha-1', 'hg-alpha-2', 'hg-beta-1']) {
    service.advance(1000);
    const jobId = await service.submit({ jobName, jobDefinition: 'huge' });
    createdAt.push((await service.reaches(jobId, 'RUNNABLE')).createdAt ?? 0);
  }
});
afterAll(async () => await service[Symbol.asyncDispose]());

const names = async (input: ListJobsCommandInput) => {
  const { jobSummaryList } = await service.client.send(new ListJobsCommand(input));
  return jobSummaryList?.map(({ jobName }) => jobName);
};

describe('ListJobs', () => {
  test.each<[string, Partial<ListJobsCommandInput>, string[]]>([
    ['shows running jobs when not told otherwise', {}, []],
    ['shows one state, newest first', { jobStatus: 'RUNNABLE' }, ['hg-beta-1', 'hg-alpha-2', 'hg-Alpha-1']],
    [
      'finds a name without case',
      { filters: [{ name: 'JOB_NAME', values: ['HG-alpha-1'] }] },
      ['hg-Alpha-1'],
    ],
    [
      'finds names by their beginning',
      { filters: [{ name: 'JOB_NAME', values: ['hg-ALPHA*'] }] },
      ['hg-alpha-2', 'hg-Alpha-1'],
    ],
    ['takes no asterisk in the middle', { filters: [{ name: 'JOB_NAME', values: ['hg*1'] }] }, []],
    [
      'ignores the state with a filter',
      { jobStatus: 'FAILED', filters: [{ name: 'JOB_NAME', values: ['done'] }] },
      ['done'],
    ],
    ['finds by definition', { filters: [{ name: 'JOB_DEFINITION', values: ['work'] }] }, ['done']],
    [
      'finds by definition ARN',
      {
        filters: [
          { name: 'JOB_DEFINITION', values: ['arn:aws:batch:us-east-1:000000000000:job-definition/work:1'] },
        ],
      },
      ['done'],
    ],
    [
      'minds the state with a share',
      { jobStatus: 'SUCCEEDED', filters: [{ name: 'SHARE_IDENTIFIER', values: [''] }] },
      ['done'],
    ],
  ])('%s', async (_, input, expected) => {
    expect(await names({ jobQueue: 'queue', ...input })).toEqual(expected);
  });

  test('finds by time of creation', async () => {
    const by = (name: string, value: number | undefined) =>
      names({ jobQueue: 'queue', filters: [{ name, values: [String(value)] }] });
    expect(await by('AFTER_CREATED_AT', createdAt[1])).toEqual(['hg-beta-1']);
    expect(await by('BEFORE_CREATED_AT', createdAt[1])).toEqual(['hg-Alpha-1', 'done']);
  });

  test.each(['yesterday', '', '-1', '1.5'])('refuses %j as a time', async (value) => {
    const filters = [{ name: 'BEFORE_CREATED_AT', values: [value] }];
    const refused = service.client.send(new ListJobsCommand({ jobQueue: 'queue', filters }));
    await expect(refused).rejects.toMatchObject({ name: 'ClientException' });
  });

  test('gives the rest on the next page', async () => {
    const input = { jobQueue: 'queue', jobStatus: 'RUNNABLE', maxResults: 2 } as const;
    const first = await service.client.send(new ListJobsCommand(input));
    expect(first.jobSummaryList).toHaveLength(2);
    const second = await service.client.send(new ListJobsCommand({ ...input, nextToken: first.nextToken }));
    expect(second.jobSummaryList?.map(({ jobName }) => jobName)).toEqual(['hg-Alpha-1']);
    expect(second.nextToken).toBeUndefined();
  });

  test.each<[string, ListJobsCommandInput]>([
    ['neither queue nor array', {}],
    ['both queue and array', { jobQueue: 'queue', arrayJobId: 'x' }],
    ['an unknown queue', { jobQueue: 'nope' }],
    ['an unknown filter', { jobQueue: 'queue', filters: [{ name: 'TAG', values: ['x'] }] }],
  ])('refuses %s', async (_, input) => {
    await expect(names(input)).rejects.toMatchObject({ name: 'ClientException' });
  });

  test('does not show a job yet that is younger than an injected lag', async () => {
    service.batch.faults.listLag = { seconds: 30 };
    try {
      const jobId = await service.submit({ jobName: 'young', jobDefinition: 'huge' });
      const find = { jobQueue: 'queue', filters: [{ name: 'JOB_NAME', values: ['young'] }] };
      expect(await names(find)).toEqual([]);
      expect(await service.describe(jobId)).toBeDefined();
      service.advance(31_000);
      expect(await names(find)).toEqual(['young']);
    } finally {
      delete service.batch.faults.listLag;
    }
  });
});

describe('DescribeJobs', () => {
  test.each([
    ['no ids', []],
    ['101 ids', Array.from({ length: 101 }, (_, index) => `job-${index}`)],
  ])('refuses %s', async (_, jobs) => {
    const refusal = service.client.send(new DescribeJobsCommand({ jobs }));
    await expect(refusal).rejects.toMatchObject({ name: 'ClientException' });
  });
});
