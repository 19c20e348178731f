import { describe, expect, test } from '@jest/globals';
import { resultOf } from '../../../worker/result.ts';

function objects() {
  const written: string[] = [];
  const write = async (name: string, content: Uint8Array | string) => {
    written.push(name);
    return { uri: `s3://bucket/${name}`, bytes: content.length };
  };
  return { written, write };
}

/** As JSON it is so long: two quotes are part of it. */
const textOf = (bytes: number) => 'x'.repeat(bytes - 2);

describe('a result', () => {
  test('of up to 32 KiB stands in the record', async () => {
    const { written, write } = objects();
    expect(await resultOf(textOf(32 * 1024), write)).toEqual({ inline: textOf(32 * 1024) });
    expect(written).toEqual([]);
  });

  test('that is larger is an object, and the record names it with its size and hash', async () => {
    const { written, write } = objects();
    expect(await resultOf(textOf(32 * 1024 + 1), write)).toEqual({
      object: 's3://bucket/result.json',
      bytes: 32 * 1024 + 1,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(written).toEqual(['result.json']);
  });

  test('of more than 5 MiB is refused, and another attempt would do the same (M67)', async () => {
    const { written, write } = objects();
    await expect(resultOf(textOf(5 * 1024 * 1024 + 1), write)).rejects.toMatchObject({
      name: 'NeverAgain',
      code: 'result_too_large',
    });
    expect(written).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a function', () => 1],
    ['a date', new Date(0)],
    ['an endless number', { n: Number.POSITIVE_INFINITY }],
    ['a large integer', 1n],
  ])('that is %s is no JSON, and refused (M67)', async (_, value) => {
    const { written, write } = objects();
    // A handler in JavaScript can return anything.
    await expect(resultOf(value as never, write)).rejects.toMatchObject({ code: 'result_format' });
    expect(written).toEqual([]);
  });
});
