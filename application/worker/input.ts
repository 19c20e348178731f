/** The input of a job, as its container gets it: in the answer, or behind a URL that is signed for its tenant's objects alone. */
import { inputFileKey, ownsObject, parseObjectUri } from '../../domain/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { objectUrisIn } from '../../domain/request/admission.ts';
import type { Claimed, WorkerCall } from '../../domain/worker/calls.ts';
import type { WorkerApiPorts } from './ports.ts';

/** More than a handler reads one after another; the rest is asked for by heartbeat. */
const MAX_URLS = 100;

export type Input = Pick<Claimed, 'input' | 'inputRef' | 'inputUrl' | 'urls'>;

export async function inputOf(ports: WorkerApiPorts, job: JobRecord, as: WorkerCall['as']): Promise<Input> {
  if (job.inputRef !== undefined) {
    const url = (await urlsOf(ports, job, [job.inputRef]))?.[job.inputRef];
    return { inputRef: job.inputRef, ...(url === undefined ? {} : { inputUrl: url }) };
  }
  const { input = {} } = await ports.jobs.whole(job);
  if (as === 'json') {
    const own = objectUrisIn(input).filter((uri) => ownsObject(uri, job.tenantId, ports.bucket));
    return { input, urls: (await urlsOf(ports, job, own.slice(0, MAX_URLS))) ?? {} };
  }
  // A shell cannot take JSON apart safely, so its input is always an object.
  const key = inputFileKey(job);
  // Idempotent: the input of a job never changes.
  await ports.objects.putOnce(key, JSON.stringify(input), 'application/json');
  return { inputUrl: await ports.objects.readUrl(key) };
}

/**
 * URLs to read objects, by their addresses. Asked at each signing, whatever was asked at admission: what a container names is the
 * word of a program that handles a tenant's data.
 *
 * @returns undefined when one of them is outside of the tenant's folder
 */
export async function urlsOf(
  { bucket, objects }: Pick<WorkerApiPorts, 'bucket' | 'objects'>,
  job: JobRecord,
  uris: readonly string[],
): Promise<Readonly<Record<string, string>> | undefined> {
  if (!uris.every((uri) => ownsObject(uri, job.tenantId, bucket))) return undefined;
  const urls: [string, string][] = [];
  for (const uri of new Set(uris)) urls.push([uri, await objects.readUrl(parseObjectUri(uri).key)]);
  return Object.fromEntries(urls);
}
