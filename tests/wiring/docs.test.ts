/** What the documents say of the code is what the code says of itself. */
import { expect, it } from '@jest/globals';
import { generatedDocs, renderDoc } from '../../cli/docs.ts';

it.each(generatedDocs)('docs/%s has the tables of the code; otherwise run `npm run docs`', (file) => {
  const { current, expected } = renderDoc(file);
  expect(current).toBe(expected);
});
