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

function levels(count: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < count; level += 1) value = [value];
  return value;
}

function circle(): object {
  const value: { self?: object } = {};
  value.self = value;
  return value;
}

describe('a result', () => {
  test('of up to 32 KiB is kept in the record', async () => {
    const { written, write } = objects();
    expect(await resultOf(textOf(32 * 1024), write)).toEqual({ inline: JSON.stringify(textOf(32 * 1024)) });
    expect(written).toEqual([]);
  });

  test('that is larger is an object, which is named to `worker-api`', async () => {
    const { written, write } = objects();
    expect(await resultOf(textOf(32 * 1024 + 1), write)).toEqual({
      object: 'result.json',
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

  test.each<[string, unknown, boolean]>([
    ['the largest exact integer', 2 ** 53 - 1, true],
    ['one more than that', 2 ** 53, false],
    ['the smallest number of DynamoDB', 1e-130, true],
    ['a smaller one', 9e-131, false],
    ['zero, and less', { n: [0, -0, -1.5] }, true],
    ['a number in powers of ten', 1e21, false],
    ['half a character', ['\udc00'], false],
    ['half a character in a key', { '\ud800': 1 }, false],
    ['an empty key', { '': 1 }, false],
    ['30 levels', levels(30), true],
    ['31 levels', levels(31), false],
    ['thousands of levels', levels(2000), false],
  ])('that has %s keeps its value: in the record %s (F83)', async (_, value, inRecord) => {
    let content = '';
    const write = async (name: string, text: Uint8Array | string) => {
      content = String(text);
      return { uri: `s3://bucket/${name}`, bytes: text.length };
    };
    const result = await resultOf(value as never, write);
    if (inRecord) expect(result).toEqual({ inline: JSON.stringify(value) });
    else expect(content).toBe(JSON.stringify(value));
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a map', new Map([[1, 2]])],
    ['a circle', circle()],
    ['a list with a hole', new Array(1)],
    ['a field without a value', { n: undefined }],
    ['more levels than a stack holds', levels(200_000)],
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
