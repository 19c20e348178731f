/** The bucket: objects that are written once, by URLs that are signed for their bytes. */
import { hash } from 'node:crypto';
import type { SignedObjects } from '../../io/aws/signed-objects.ts';
import type { Transfer } from '../../worker/transfer.ts';
import { ObjectMissing } from '../../worker/transfer.ts';
import { type Run, reach } from './faults.ts';
import { BUCKET } from './lambdas.ts';
import type { Process } from './world.ts';

export interface VirtualBucket {
  /** Hashes by address. */
  readonly objects: ReadonlyMap<string, string>;
  /** From now on a result names it: other bytes in its place would be another result. */
  keep(uri: string, jobId: string): void;
  signedFor(process: Process): SignedObjects;
  transferOf(process: Process): Transfer;
}

/** @param overwrites a defect: an object may be written again */
export function virtualBucket(run: Run, overwrites: boolean): VirtualBucket {
  const objects = new Map<string, string>();
  const kept = new Map<string, string>();
  const uriOf = (key: string) => `s3://${BUCKET}/${key}`;
  return {
    objects,
    keep: (uri, jobId) => void kept.set(uri, jobId),
    signedFor: (process) => ({
      readUrl: async (key) => `read ${key}`,
      writeUrl: async (key, { sha256 }) => ({ url: `write ${key} ${sha256}`, headers: {} }),
      has: (key, { sha256 }) =>
        reach(run, process, { site: 'objects.has' }, () => objects.get(uriOf(key)) === sha256),
      text: (key) =>
        reach(run, process, { site: 'objects.text' }, () => (objects.has(uriOf(key)) ? '{}' : '')),
      putOnce: async () => undefined,
    }),
    transferOf: (process) => ({
      get: () => Promise.reject(new ObjectMissing('Nothing is read in this world')),
      put: ({ url }, content) =>
        reach(run, process, { site: 'objects.put' }, () => {
          const [, key = '', signed] = url.split(' ');
          const uri = uriOf(key);
          const sha256 = hash('sha256', content);
          if (sha256 !== signed) throw new Error('S3 refuses other bytes than those that were signed');
          if (objects.has(uri) && !overwrites) run.count('object written before');
          else {
            if (kept.has(uri) && objects.get(uri) !== sha256)
              run.violate('W5', `${process.name} replaces an object of a committed result`, kept.get(uri));
            objects.set(uri, sha256);
          }
        }),
    }),
  };
}
