import { expect, test } from '@jest/globals';
import { bytesOf, itemBytesOf } from '../../../domain/size.ts';

test('text is counted in bytes', () => {
  expect(bytesOf('aé✓🚚')).toBe(1 + 2 + 3 + 4);
});

// The sizes of Amazon's own examples: three bytes for a list or a map, one for each of its elements.
test.each<[unknown, number]>([
  ['', 0],
  ['é', 2],
  [null, 1],
  [true, 1],
  [7, 2],
  [-7, 3],
  [1234, 3],
  [[], 3],
  [{}, 3],
  [[1, 1, 1], 3 + 3 * 3],
  [{ ab: 'c' }, 3 + 1 + 2 + 1],
  [[[], ['x']], 3 + 2 + 3 + 3 + 1 + 1],
])('%j takes %d bytes of an item', (value, bytes) => {
  expect(itemBytesOf(value)).toBe(bytes);
});
