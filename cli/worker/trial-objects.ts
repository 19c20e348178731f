/** The objects of one trial: files of this machine in the place of a bucket. What the program writes is kept in a folder. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SignedObjects } from '../../io/aws/signed-objects.ts';

export interface Written {
  readonly key: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface TrialObjects extends SignedObjects {
  /** @returns undefined when there is no such object */
  read(key: string): Promise<Readable | undefined>;
  /** An object is written once. */
  write(key: string, content: Readable): Promise<'written' | 'exists'>;
  /** By the program. */
  written(): readonly Written[];
}

/**
 * @param files by key: what the input names by `file:`
 * @param elsewhere what the input names by `s3://`
 * @param urlOf the address of an object
 */
export function trialObjects(
  folder: string,
  files: ReadonlyMap<string, string>,
  elsewhere: (key: string) => Promise<Readable | undefined>,
  urlOf: (key: string) => string,
): TrialObjects {
  const written = new Map<string, Written>();
  /** What `worker-api` itself puts there: the input, for programs that read files. */
  const put = new Map<string, string>();
  const fileOf = (key: string) => written.get(key)?.file ?? files.get(key);

  async function write(key: string, content: Readable): Promise<'written' | 'exists'> {
    if (written.has(key)) return 'exists';
    const file = join(folder, nameOf(key));
    const hash = createHash('sha256');
    let bytes = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _, done) {
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    await mkdir(folder, { recursive: true });
    // An upload that breaks off leaves no object.
    const part = `${file}.part`;
    try {
      await pipeline(content, counted, createWriteStream(part));
      await rename(part, file);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    written.set(key, { key, file, bytes, sha256: hash.digest('hex') });
    return 'written';
  }

  return {
    readUrl: async (key) => urlOf(key),
    writeUrl: async (key, { contentType, sha256 }) => ({
      url: urlOf(key),
      headers: {
        'content-type': contentType,
        'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
      },
    }),
    async has(key, { bytes, sha256 }) {
      const found = written.get(key);
      return found?.bytes === bytes && found.sha256 === sha256;
    },
    async text(key) {
      const file = fileOf(key);
      return file === undefined ? (put.get(key) ?? '') : readFile(file, 'utf8');
    },
    async putOnce(key, content) {
      if (!put.has(key)) put.set(key, content);
    },
    async read(key) {
      const [file, text] = [fileOf(key), put.get(key)];
      if (file !== undefined) return createReadStream(file);
      return text === undefined ? elsewhere(key) : Readable.from([Buffer.from(text)]);
    },
    write,
    written: () => [...written.values()],
  };
}

/** Names of objects are those that a container may use (`domain/worker/names.ts`): they lead into no other folder. */
const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);
