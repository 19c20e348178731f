import { describe, expect, test } from '@jest/globals';
import { tryHandler } from '../../../worker/harness.ts';
import { reportType } from '../../support/jobs.ts';

const URI = 's3://bucket/tenants/acme/inputs/a.txt';

describe('the harness for handlers', () => {
  test('gives input and objects, and shows result, objects and progress', async () => {
    const handler = async (
      input: { title?: string },
      work: Parameters<Parameters<typeof tryHandler>[0]>[1],
    ) => {
      let text = '';
      for await (const chunk of await work.objects.read(URI)) text += chunk;
      work.progress({ done: 1 });
      await work.write('copy.txt', text, 'text/plain');
      return { title: input.title ?? '', text };
    };
    const tried = await tryHandler(handler, reportType, {
      input: { title: 'a' },
      objects: { [URI]: 'content' },
    });
    expect(tried).toEqual({
      result: { title: 'a', text: 'content' },
      written: new Map([['copy.txt', 'content']]),
      progress: [{ done: 1 }],
    });
  });

  test.each([
    ['an input that its job type refuses', { input: { title: 7 } }, async () => null, 'Expected string'],
    ['an object that is not there', { input: {} }, read, 'No such object'],
    ['a second object of one name', { input: {} }, twice, 'Expected a new name'],
    ['a result that is no JSON', { input: {} }, async () => new Date(0) as never, 'not JSON'],
  ] as const)('refuses %s as a container would', async (_, given, handler, sentence) => {
    await expect(tryHandler(handler, reportType, given)).rejects.toThrow(sentence);
  });
});

type Work = Parameters<Parameters<typeof tryHandler>[0]>[1];

async function read(_: never, work: Work) {
  await work.objects.read(URI);
  return null;
}

async function twice(_: never, work: Work) {
  await work.write('a', '1', 'text/plain');
  await work.write('a', '2', 'text/plain');
  return null;
}
