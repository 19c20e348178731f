import { expect, test } from '@jest/globals';
import { fargateOffers } from '../../../../local/batch/definitions/fargate.ts';

test.each([
  [0.25, 512, true],
  [0.25, 2048, true],
  [0.25, 4096, false],
  [0.5, 512, false],
  [0.5, 3072, true],
  [1, 2048, true],
  [1, 2560, false],
  [1, 8192, true],
  [1, 9216, false],
  [2, 16384, true],
  [4, 30720, true],
  [4, 31744, false],
  [8, 20480, true],
  [8, 17408, false],
  [16, 122880, true],
  [16, 122881, false],
  [32, 249856, true],
  [3, 8192, false],
  [Number.NaN, 512, false],
])('Fargate with %d vCPU and %d MiB: %s', (vcpus, memoryMiB, offered) => {
  expect(fargateOffers(vcpus, memoryMiB)).toBe(offered);
});
