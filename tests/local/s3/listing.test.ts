/** Lists of objects: their order, their pages and their names, by both calls. */
import {
  CreateBucketCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { setUp } from '../gateway/set-up.ts';

const Bucket = 'files';
/** In the order of their bytes; in that of a dictionary, or of the code units of JavaScript, it is another one. */
const KEYS = [
  'B',
  'a',
  'a b+c',
  'a/',
  'a/B/1',
  'a/b/1',
  'a/b/2',
  'a/c',
  'a/é',
  'b/1',
  'z',
  'Ä',
  '\uff5e',
  '😀',
];
let cloud: Awaited<ReturnType<typeof setUp>>;
beforeAll(async () => {
  cloud = await setUp();
  await cloud.s3.send(new CreateBucketCommand({ Bucket }));
  for (const Key of KEYS.toReversed()) await cloud.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
});
afterAll(() => cloud.close());

interface Entries {
  readonly Contents?: { readonly Key?: string | undefined }[] | undefined;
  readonly CommonPrefixes?: { readonly Prefix?: string | undefined }[] | undefined;
}
const namesOf = ({ Contents = [], CommonPrefixes = [] }: Entries): string[] => [
  ...Contents.map(({ Key = '' }) => Key),
  ...CommonPrefixes.map(({ Prefix = '' }) => Prefix),
];
const second = (more: object) => cloud.s3.send(new ListObjectsV2Command({ Bucket, ...more }));
const first = (more: object) => cloud.s3.send(new ListObjectsCommand({ Bucket, ...more }));

/** All pages, by either call; a page has no more entries than were asked for. */
async function walk(more: { MaxKeys: number; Delimiter: string | undefined; Prefix: string }) {
  const found: string[] = [];
  for (let token: string | undefined; ; ) {
    const page = await second({ ...more, ContinuationToken: token });
    expect(page.KeyCount).toBe(namesOf(page).length);
    expect(page.KeyCount).toBeLessThanOrEqual(more.MaxKeys);
    found.push(...namesOf(page));
    token = page.NextContinuationToken;
    expect(page.IsTruncated).toBe(token !== undefined);
    if (token === undefined) return found;
  }
}

async function walkByMarker(more: { MaxKeys: number; Delimiter: string | undefined; Prefix: string }) {
  const found: string[] = [];
  for (let Marker: string | undefined; ; ) {
    const page = await first({ ...more, Marker });
    found.push(...namesOf(page));
    if (page.IsTruncated !== true) return found;
    if (more.Delimiter === undefined) expect(page.NextMarker).toBeUndefined();
    Marker = page.NextMarker ?? page.Contents?.at(-1)?.Key;
  }
}

test('names come in the order of their bytes', async () => {
  expect(namesOf(await second({}))).toEqual(KEYS);
  expect(namesOf(await first({}))).toEqual(KEYS);
});

test('pages of any size have each entry once, whatever is asked for', async () => {
  const asked = fc.record({
    MaxKeys: fc.integer({ min: 1, max: 6 }),
    Delimiter: fc.constantFrom(undefined, '/', 'b', '/b/'),
    Prefix: fc.constantFrom('', 'a', 'a/', 'a/b', 'none'),
  });
  await fc.assert(
    fc.asyncProperty(asked, async (more) => {
      const { Prefix, Delimiter } = more;
      const keys = KEYS.filter((key) => key.startsWith(Prefix)).map((key) => {
        const end = Delimiter === undefined ? -1 : key.indexOf(Delimiter, Prefix.length);
        return end < 0 ? key : key.slice(0, end + (Delimiter?.length ?? 0));
      });
      const expected = [...new Set(keys)].toSorted();
      expect((await walk(more)).toSorted()).toEqual(expected);
      expect((await walkByMarker(more)).toSorted()).toEqual(expected);
    }),
    { numRuns: 25 },
  );
});

test('a page of no objects is whole: there is nowhere to go on from', async () => {
  for (const page of [await second({ MaxKeys: 0 }), await first({ MaxKeys: 0 })])
    expect(page).toMatchObject({ IsTruncated: false, MaxKeys: 0 });
  expect(await second({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0 });
});

test('a list that starts within a common prefix has it, if more of it follows', async () => {
  expect(namesOf(await second({ StartAfter: 'a/b/2', Delimiter: '/', MaxKeys: 2 }))).toEqual(['a/', 'b/']);
});

test('names are in percent-encoding for a client that asks for it, and owners are there for one that asks', async () => {
  const encoded = await second({ Prefix: 'a b', EncodingType: 'url', FetchOwner: true });
  expect(encoded).toMatchObject({ EncodingType: 'url', Prefix: 'a+b', Contents: [{ Key: 'a+b%2Bc' }] });
  expect(encoded.Contents?.[0]?.Owner?.ID).toBeDefined();
  expect((await second({ Prefix: 'a b' })).Contents?.[0]?.Owner).toBeUndefined();
});

test('a list of a bucket that is not there is refused', async () => {
  await expect(second({ Bucket: 'no-bucket' })).rejects.toMatchObject({ name: 'NoSuchBucket' });
});
