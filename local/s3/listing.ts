/**
 * ListObjects and ListObjectsV2. The store sorts as people do and goes on in another order, so that a page may lack names; it counts
 * a page of no objects as one of more, and goes on at the last object where a common prefix came after it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
 */
import type { S3Call } from './call.ts';

export interface ListedObject {
  readonly key: string;
  readonly contentLength: number;
  readonly etag: string;
  readonly lastModified: Date;
}

/** An object, or the names that go on alike up to a delimiter, which are one entry. */
type Entry = { readonly object: ListedObject } | { readonly commonPrefix: string };

interface Page {
  readonly entries: readonly Entry[];
  readonly isTruncated: boolean;
}

const MAX_KEYS = 1000;
const OWNER = '<Owner><ID>local</ID></Owner>';

export const isListing = ({ method, bucket, key, query }: S3Call): boolean =>
  method === 'GET' &&
  bucket !== '' &&
  key === '' &&
  query['lifecycle'] === undefined &&
  query['versions'] === undefined;

/** @returns the XML of the answer */
export function listing({ bucket, query }: S3Call, objects: Iterable<ListedObject>): string {
  const { prefix = '', delimiter = '', 'max-keys': asked } = query;
  const maxKeys = Math.min(Number(asked ?? MAX_KEYS), MAX_KEYS);
  const isSecond = query['list-type'] === '2';
  const token = query['continuation-token'];
  const begin = isSecond ? query['start-after'] : query['marker'];
  const after = isSecond && token !== undefined ? Buffer.from(token, 'base64').toString() : (begin ?? '');
  const page = pageOf(objects, { prefix, delimiter, after, maxKeys });
  const last = page.entries.at(-1);
  const next = page.isTruncated && last !== undefined ? nameOf(last) : undefined;
  const name = query['encoding-type'] === 'url' ? percentEncoded : (text: string) => text;
  const withOwner = !isSecond || query['fetch-owner'] === 'true';
  const parts = [
    element('Name', bucket),
    element('Prefix', name(prefix)),
    ...(isSecond
      ? [
          element('KeyCount', page.entries.length),
          optional('StartAfter', begin && name(begin)),
          optional('ContinuationToken', token),
          optional('NextContinuationToken', next && Buffer.from(next).toString('base64')),
        ]
      : // Without a delimiter the name of the last object is where to go on.
        [
          element('Marker', name(begin ?? '')),
          optional('NextMarker', delimiter === '' ? undefined : next && name(next)),
        ]),
    element('MaxKeys', maxKeys),
    element('IsTruncated', page.isTruncated),
    optional('Delimiter', delimiter && name(delimiter)),
    optional('EncodingType', query['encoding-type']),
    ...page.entries.map((entry) =>
      'object' in entry
        ? contents(entry.object, name, withOwner ? OWNER : '')
        : `<CommonPrefixes>${element('Prefix', name(entry.commonPrefix))}</CommonPrefixes>`,
    ),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</ListBucketResult>`;
}

interface Asked {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string;
  readonly maxKeys: number;
}

function pageOf(objects: Iterable<ListedObject>, { prefix, delimiter, after, maxKeys }: Asked): Page {
  const entries: Entry[] = [];
  const sorted = [...objects]
    .filter(({ key }) => key.startsWith(prefix) && isBefore(after, key))
    .sort((a, b) => (isBefore(a.key, b.key) ? -1 : 1));
  let rolled: string | undefined;
  for (const object of sorted) {
    const end = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length);
    const commonPrefix = end < 0 ? undefined : object.key.slice(0, end + delimiter.length);
    // The page before ended with this one.
    if (commonPrefix !== undefined && (commonPrefix === rolled || commonPrefix === after)) continue;
    if (entries.length === maxKeys) return { entries, isTruncated: maxKeys > 0 };
    rolled = commonPrefix;
    entries.push(commonPrefix === undefined ? { object } : { commonPrefix });
  }
  return { entries, isTruncated: false };
}

/** The order of S3 is that of the bytes of UTF-8, which is not that of the code units of JavaScript. */
const isBefore = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;

const nameOf = (entry: Entry): string => ('object' in entry ? entry.object.key : entry.commonPrefix);

function contents(
  { key, contentLength, etag, lastModified }: ListedObject,
  name: (text: string) => string,
  owner: string,
): string {
  const parts = [
    element('Key', name(key)),
    element('LastModified', lastModified.toISOString()),
    element('ETag', etag),
    element('Size', contentLength),
    owner,
    element('StorageClass', 'STANDARD'),
  ];
  return `<Contents>${parts.join('')}</Contents>`;
}

const optional = (name: string, text: string | undefined): string =>
  text === undefined || text === '' ? '' : element(name, text);

const element = (name: string, value: string | number | boolean): string =>
  `<${name}>${escaped(String(value))}</${name}>`;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A control character is a reference, as S3 writes it, though XML 1.0 has none for most of them. */
const escaped = (text: string): string =>
  text.replaceAll(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: names may have them
    /[&<>"\u0000-\u001f]/g,
    (character) => ESCAPES[character] ?? `&#x${character.codePointAt(0)?.toString(16)};`,
  );

/** As forms are encoded, with the slash as it is. */
const percentEncoded = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+')
    .replaceAll(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
