import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Line } from '../../../../local/sqs/fair-queues/line.ts';

test('a line gives out what an array would, however much has gone through it', () => {
  const step = fc.record({
    does: fc.constantFrom('push' as const, 'shift' as const, 'unshift' as const),
    times: fc.integer({ min: 1, max: 2000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const line = new Line<number>();
      const array: number[] = [];
      let item = 0;
      for (const { does, times } of steps) {
        for (let time = 0; time < times; time += 1) {
          item += 1;
          if (does === 'shift') expect(line.shift()).toBe(array.shift());
          else {
            line[does](item);
            array[does](item);
          }
        }
        expect([line.length, line.first()]).toEqual([array.length, array[0]]);
      }
      expect([...line]).toEqual(array);
    }),
    { numRuns: 50 },
  );
});
