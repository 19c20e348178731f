import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const dockerfile = readFileSync(join(import.meta.dirname, '../../../worker/Dockerfile'), 'utf8');
const MIB = 1024 * 1024;

test('the heap of a container may grow to three quarters of the memory of its task (F81)', () => {
  const options = /^ENV NODE_OPTIONS=(.+)$/m.exec(dockerfile)?.[1] ?? '';
  const limit = execFileSync(process.execPath, ['-p', 'v8.getHeapStatistics().heap_size_limit'], {
    env: { NODE_OPTIONS: options },
    encoding: 'utf8',
  });
  const memory = Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
  // The limit includes the young generation, of some megabytes.
  expect(Number(limit)).toBeGreaterThanOrEqual(0.75 * memory - MIB);
  expect(Number(limit)).toBeLessThan(0.75 * memory + 256 * MIB);
});
