/** The objects that have the items of arrays, one on each line. They are read in pieces, and none is kept whole in memory. */
import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { ARRAY_SLICE } from '../../domain/group/array.ts';
import { type Lines, lineCounter, linesIn, rangeOf } from '../../domain/group/lines.ts';

export interface ItemObjects {
  /** @returns undefined when there is no such object; one item too many for an object that has more than `most` */
  count(uri: string, most: number): Promise<{ readonly items: number; readonly lines: Lines } | undefined>;
  /** The slice that begins with this line. @returns undefined when the object that was counted is not there any more */
  lines(uri: string, lines: Lines, from: number): Promise<readonly string[] | undefined>;
}

export function itemObjects(client: S3Client): ItemObjects {
  return {
    async count(uri, most) {
      const found = await read(client, uri, {});
      if (found === undefined) return undefined;
      const counter = lineCounter(ARRAY_SLICE, most);
      for await (const piece of found.body) if (!counter.take(piece)) break;
      const { items, places } = counter.counted();
      return { items, lines: { etag: found.etag, slice: ARRAY_SLICE, places } };
    },

    async lines(uri, lines, from) {
      const range = rangeOf(lines, from);
      if (range === undefined) return [];
      const found = await read(client, uri, { etag: lines.etag, range });
      if (found === undefined) return undefined;
      const pieces: Uint8Array[] = [];
      for await (const piece of found.body) pieces.push(piece);
      return linesIn(Buffer.concat(pieces).toString());
    },
  };
}

interface Asked {
  readonly etag?: string;
  readonly range?: { readonly first: number; readonly last: number };
}

async function read(client: S3Client, uri: string, { etag, range }: Asked) {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/su.exec(uri) ?? [];
  try {
    const { Body, ETag = '' } = await client.send(
      new GetObjectCommand({
        Bucket,
        Key,
        ...(etag === undefined ? {} : { IfMatch: etag }),
        ...(range === undefined ? {} : { Range: `bytes=${range.first}-${range.last}` }),
      }),
    );
    // In Node the body is a stream of bytes; the type allows for browsers.
    return { body: Body as unknown as AsyncIterable<Uint8Array>, etag: ETag };
  } catch (error) {
    if (error instanceof S3ServiceException && ABSENT.has(error.$metadata.httpStatusCode ?? 0))
      return undefined;
    throw error;
  }
}

/**
 * Without the right to list the bucket S3 says 403 of an object that is not there; 412 is another object in its place.
 * @see Amazon S3 API reference, GetObject, "Permissions"
 */
const ABSENT: ReadonlySet<number> = new Set([403, 404, 412]);
