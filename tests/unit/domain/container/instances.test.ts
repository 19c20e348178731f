/** Instances of EC2: what is refused about them, and that none runs the jobs of two tenants at once. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Container, Size } from '../../../../domain/container/container.ts';
import { type Instances, notOnInstances } from '../../../../domain/container/instances.ts';
import type { JobType } from '../../../../domain/job/job-type.ts';
import { brokenPromise } from '../../../../domain/job/policy-promises.ts';
import { defineJobTypes } from '../../../../domain/job/registry.ts';
import { checkJobTypes } from '../../../../domain/registry/registry-check.ts';
import { onInstances, reportType } from '../../../support/jobs.ts';

const gpu: Instances = {
  name: 'gpu',
  types: ['g6.xlarge'],
  vcpus: 4,
  memoryMiB: 15_000,
  gpus: 1,
  maxVcpus: 16,
  usdPerHour: 0.8,
};
const size: Size = { vcpus: 4, memoryMiB: 15_000, gpus: 1 };
const typeOn = (instances: Partial<Instances>, container: Partial<Container> = {}): JobType =>
  onInstances({ ...gpu, ...instances }, size, container);

describe('a job type is taken', () => {
  test.each<[string, JobType]>([
    ['with a GPU', typeOn({})],
    ['without one on instances that have some', typeOn({}, { size: { vcpus: 3, memoryMiB: 4 } })],
    [
      'on Graviton, with more than Fargate has',
      onInstances(
        {
          ...gpu,
          name: 'large',
          types: ['r8g.16xlarge', 'm7gd.16xlarge'],
          vcpus: 64,
          memoryMiB: 500_000,
          maxVcpus: 64,
        },
        { vcpus: 48, memoryMiB: 400_000 },
        { image: { architecture: 'arm64', folder: 'worker' } },
      ),
    ],
    [
      'whose memory grows to what an instance has',
      typeOn({}, { size: { ...size, memoryMiB: 7500, growsToMiB: 15_000 } }),
    ],
  ])('%s', (_, type) => {
    expect(brokenPromise(type)).toBeUndefined();
    checkJobTypes(defineJobTypes([type]));
  });
});

describe('a job type is refused', () => {
  const sized = (change: Partial<Size>) => typeOn({}, { size: { ...size, ...change } });
  test.each<[string, JobType, RegExp]>([
    [
      'with a GPU on Fargate',
      { ...reportType, container: { ...reportType.container, size } },
      /GPUs are of instances/,
    ],
    [
      'on Lambda',
      { ...typeOn({}, { size: { ...size, memoryMiB: 8000 } }), executor: 'lambda' },
      /runs on no instances/,
    ],
    ['in the queue of Spot', { ...typeOn({}), queue: 'economy' }, /instances are On-Demand/],
    [
      'with an image for another processor',
      typeOn({ types: ['g5g.xlarge'] }),
      /g5g\.xlarge has arm64 and the image has x86_64/,
    ],
    [
      'with a family instead of a type',
      typeOn({ types: ['g6'] }),
      /instance type such as g6\.xlarge, found "g6"/,
    ],
    ['with no type', typeOn({ types: [] }), /have no types/],
    ['with a name that cannot be in that of a queue', typeOn({ name: 'big_ones' }), /found "big_ones"/],
    ['with the name of a queue of Fargate', typeOn({ name: 'economy' }), /found "economy"/],
    ['with half a vCPU', sized({ vcpus: 0.5 }), /whole vCPUs on the instances gpu, found 0\.5/],
    ['with more vCPUs than an instance', sized({ vcpus: 5 }), /have 4 vCPUs, found 5/],
    [
      'with more memory than an instance',
      sized({ memoryMiB: 15_001 }),
      /4 to 15000 MiB on the instances gpu, found 15001/,
    ],
    [
      'with memory that grows above an instance',
      sized({ memoryMiB: 9000, growsToMiB: 18_000 }),
      /found 18000/,
    ],
    ['with more GPUs than an instance', sized({ gpus: 2 }), /have 1 GPUs, found 2/],
    ['with half a GPU', sized({ gpus: 0.5 }), /whole GPUs, found 0\.5/],
    [
      'that leaves room for a job of another tenant',
      sized({ vcpus: 2 }),
      /would run two jobs of 2 vCPUs at once/,
    ],
    ['with fewer vCPUs in all than one instance has', typeOn({ maxVcpus: 2 }), /none would ever start/],
    ['without a price', typeOn({ usdPerHour: 0 }), /price of more than 0/],
    ['with a GPU in fractions', typeOn({ gpus: 1.5 }), /whole number as instances\.gpus, found 1\.5/],
    ['with no whole vCPUs of an instance', typeOn({ vcpus: 3.5 }), /instances\.vcpus, found 3\.5/],
  ])('%s', (_, type, sentence) => {
    expect(brokenPromise(type)).toMatch(sentence);
    expect(() => checkJobTypes(defineJobTypes([type]))).toThrow(sentence);
  });

  test('together with another that says something else of the same instances', () => {
    const other = { ...typeOn({ maxVcpus: 64 }), id: 'report.other' };
    expect(() => checkJobTypes(defineJobTypes([typeOn({}), other]))).toThrow(
      /name gpu, found two that differ/,
    );
  });
});

test('no two jobs that the build takes have room on one instance', () => {
  const figures = fc.record({
    vcpus: fc.integer({ min: 1, max: 96 }),
    memoryMiB: fc.integer({ min: 4, max: 15_000 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 96 }), figures, figures, (vcpus, one, other) => {
      const instances = { ...gpu, vcpus };
      const taken = [one, other].every(
        (each) => notOnInstances(each, each.memoryMiB, instances) === undefined,
      );
      expect(taken && one.vcpus + other.vcpus <= vcpus).toBe(false);
    }),
  );
});
