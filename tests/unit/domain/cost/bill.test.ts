/** What attempts cost: the golden table, and how an attempt's tasks are found. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type BilledTry,
  billOf,
  billOfAttempt,
  type EndOfAttempt,
  type Machine,
} from '../../../../domain/cost/bill.ts';
import type { JobChange } from '../../../../domain/job/job.ts';
import { jobIn, NOW, onInstances, reportType } from '../../../support/jobs.ts';

const pricing = { region: 'us-east-1', spotFactor: 0.3 };
const small: Machine = { kind: 'fargate', architecture: 'arm64', vcpus: 0.25, memoryMiB: 512 };
const large: Machine = { kind: 'fargate', architecture: 'x86_64', vcpus: 4, memoryMiB: 16_384 };
const lambda: Machine = { kind: 'lambda', architecture: 'arm64', vcpus: 1, memoryMiB: 1024 };
const ran = (seconds: number): BilledTry => ({ beganAt: NOW, endedAt: NOW + seconds * 1000 });

describe('the bill of an attempt', () => {
  // By hand: (vCPU × its price + GiB × its price) × seconds / 3600, in millionths of a dollar.
  test.each<[string, Machine, BilledTry[], number, number]>([
    ['an hour of a quarter of an arm64 vCPU with 0.5 GiB', small, [ran(3600)], 3600, 9875],
    ['a second, which is billed as a minute', small, [ran(1)], 60, 165],
    [
      'a minute and a millisecond, which are 61 seconds',
      small,
      [{ beganAt: NOW, endedAt: NOW + 60_001 }],
      61,
      167,
    ],
    ['an hour of four x86 vCPUs with 16 GiB', large, [ran(3600)], 3600, 233_040],
    ['the same on Spot', { ...large, kind: 'fargate_spot' }, [ran(3600)], 3600, 69_912],
    ['two tasks, each with its own minute', small, [ran(10), ran(90)], 150, 411],
    ['a task that never began', small, [{ endedAt: NOW }], 0, 0],
    ['a task that ended before it began, by two clocks', small, [ran(-5)], 60, 165],
    ['ten seconds of Lambda with 1 GiB', lambda, [ran(10)], 10, 134],
    ['a hundredth of a second of Lambda', lambda, [ran(0.01)], 0.01, 0],
  ])('of %s', (_, machine, tries, billedSeconds, usdMicro) => {
    expect(billOf(machine, tries, pricing)).toEqual({ billedSeconds, usdMicro });
  });

  it('in a Region without known prices is that of us-east-1', () => {
    expect(billOf(small, [ran(3600)], { ...pricing, region: 'mars-north-1' })).toMatchObject({
      usdMicro: 9875,
    });
  });

  it('never falls when an attempt is longer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 1e6 }), (a, more) => {
        const cost = (seconds: number) => billOf(small, [ran(seconds)], pricing).usdMicro;
        expect(cost(a + more)).toBeGreaterThanOrEqual(cost(a));
      }),
    );
  });
});

describe('the tasks of an attempt', () => {
  const at = (seconds: number) => NOW + seconds * 1000;
  test.each<[string, EndOfAttempt, number]>([
    ['begin with the pull of the image', { startingAt: at(0), startedAt: at(40), endedAt: at(100) }, 100],
    ['begin with the container, when no report said more', { startedAt: at(40), endedAt: at(140) }, 100],
    ['cost the pull of an image that could not be started', { startingAt: at(0), endedAt: at(100) }, 100],
    ['are none, when none was started', { endedAt: at(100) }, 0],
    [
      'are all that AWS Batch tried, the last with its pull',
      {
        startingAt: at(190),
        startedAt: at(200),
        endedAt: at(300),
        tries: [
          { startedAt: at(10), stoppedAt: at(110) },
          { startedAt: at(200), stoppedAt: at(300) },
        ],
      },
      210,
    ],
    [
      'are all that AWS Batch tried, when the last start was not reported',
      {
        startingAt: at(0),
        startedAt: at(200),
        endedAt: at(300),
        tries: [
          { startedAt: at(10), stoppedAt: at(110) },
          { startedAt: at(200), stoppedAt: at(300) },
        ],
      },
      200,
    ],
    [
      'of a lost attempt end at its timeout',
      { startingAt: at(0), startedAt: at(10), endedAt: at(9999), isLost: true },
      reportType.timeoutSeconds.default,
    ],
  ])('%s', (_, end, seconds) => {
    expect(billOfAttempt(jobIn('running'), reportType, end, pricing).billedSeconds).toBe(seconds);
  });

  const outOfMemory = {
    attempt: 1,
    endedAt: NOW,
    failure: { class: 'out_of_memory', code: 'out_of_memory', message: '' },
  } as const;
  const reclaimed = {
    attempt: 1,
    endedAt: NOW,
    failure: { class: 'spot_reclaimed', code: 'spot_reclaimed', message: '' },
  } as const;
  const growing = {
    ...reportType,
    container: { ...reportType.container, size: { vcpus: 1, memoryMiB: 2048, growsToMiB: 8192 } },
  };
  const economy = { ...reportType, queue: 'economy', standardAfterReclaims: 1 } as const;
  const onGpu = onInstances(
    {
      name: 'gpu',
      types: ['g6.xlarge'],
      vcpus: 4,
      memoryMiB: 15_000,
      gpus: 1,
      maxVcpus: 4,
      usdPerHour: 0.805,
    },
    { vcpus: 4, memoryMiB: 8000, gpus: 1 },
  );
  test.each<[string, typeof reportType, JobChange, number]>([
    ['the size of its job type', reportType, {}, 39_500],
    [
      'twice the memory after an attempt that had too little',
      growing,
      { endedAttempts: [outOfMemory] },
      46_620,
    ],
    ['the price of Spot in the economy queue', economy, {}, 11_850],
    ['the full price once Spot took it away too often', economy, { endedAttempts: [reclaimed] }, 39_500],
    ['the price of an instance of EC2, which a job has to itself', onGpu, {}, 805_000],
  ])('have %s', (_, type, change, usdMicro) => {
    const end = { startedAt: at(0), endedAt: at(3600) };
    expect(billOfAttempt(jobIn('running', change), type, end, pricing).usdMicro).toBe(usdMicro);
  });
});
