/**
 * What has become of each item of an array, in an object of its tenant: written before the end of a round is, so that each receiver
 * of the end finds it.
 */
import { itemKey } from '../../domain/group/array.ts';
import type { Group } from '../../domain/group/group.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import { manifestKey, manifestLine } from '../../domain/reading/manifest.ts';
import type { PutOnce } from '../../io/aws/put-once.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { jobIdOf } from '../job/identity.ts';

export interface ManifestPorts {
  readonly jobs: Pick<JobStore, 'load'>;
  readonly manifests: { readonly putOnce: PutOnce };
  readonly bucket: string;
}

/** As many as are read with one call. */
const PAGE = 100;

/**
 * The name has the number of redrives, so the content of a name is always the same: all items had ended, each as the newest of so
 * many redrives, and no end changes. So it is written once, and a repeat finds it.
 *
 * @param redrives that the walk has seen
 * @returns undefined when an item was redriven since: the round is not over
 */
export async function writeManifest(
  ports: ManifestPorts,
  { tenantId, groupId, array }: Group,
  redrives: number,
): Promise<string | undefined> {
  const items = array?.items ?? 0;
  const lines: string[] = [];
  let seen = 0;
  for (let from = 0; from < items; from += PAGE) {
    const places = Array.from({ length: Math.min(PAGE, items - from) }, (_, place) => from + place);
    const newest = await newestOf(
      ports,
      places.map((index) => jobIdOf(tenantId, itemKey(groupId, index))),
    );
    for (const [place, { jobId, job, redrives: more }] of newest.entries()) {
      const mine = job?.tenantId === tenantId ? job : undefined;
      if (mine !== undefined && !isFinal(mine.state)) return undefined;
      seen += more;
      lines.push(manifestLine(from + place, jobId, mine));
    }
  }
  if (seen !== redrives) return undefined;
  const key = manifestKey(tenantId, groupId, redrives);
  await ports.manifests.putOnce(key, lines.join(''), 'application/jsonl');
  return `s3://${ports.bucket}/${key}`;
}

interface Newest {
  readonly jobId: string;
  /** Absent: it was never made. */
  readonly job: JobRecord | undefined;
  readonly redrives: number;
}

/** Each job, or the newest of its redrives. */
async function newestOf({ jobs }: ManifestPorts, jobIds: readonly string[]): Promise<Newest[]> {
  const newest = jobIds.map((jobId): Newest => ({ jobId, job: undefined, redrives: 0 }));
  let asked = jobIds.map((jobId, place) => ({ jobId, place, redrives: 0 }));
  while (asked.length > 0) {
    const found = await jobs.load(asked.map(({ jobId }) => jobId));
    for (const { jobId, place, redrives } of asked)
      newest[place] = { jobId, job: found.get(jobId), redrives };
    asked = asked.flatMap(({ jobId, place, redrives }) => {
      const next = found.get(jobId)?.redrivenAs;
      return next === undefined ? [] : [{ jobId: next, place, redrives: redrives + 1 }];
    });
  }
  return newest;
}
