/** The jobs that failed because another one did, in the order in which they are redriven after it. */
import { subjectOf } from '../../domain/dependency/dependant.ts';
import { groupNamed } from '../../domain/dependency/dependency.ts';
import { redriveRounds } from '../../domain/dependency/redrive-order.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { DependantStore } from '../../io/table/dependency/dependants.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { together } from '../apart.ts';
import { awaitedBy } from '../job/identity.ts';

export interface EndedWithPorts {
  readonly jobs: Pick<JobStore, 'get' | 'load' | 'whole'>;
  readonly dependants: Pick<DependantStore, 'having' | 'page'>;
}

/** Beyond so many the search stops. What it has found is redriven all the same. */
const MAX_READ = 10_000;
const PAGE = 1000;

/**
 * A job and its redrives are one name, so those count that ended with any of them. One that was redriven or discarded is not
 * returned, but those that ended with it are.
 *
 * @param root a failed job, or a redrive of one
 * @returns rounds: what is in one may be redriven when all of the round before have been
 */
export async function endedWith(ports: EndedWithPorts, root: JobRecord): Promise<JobRecord[][]> {
  const roots = await allOf(ports, root);
  const rootIds = new Set(roots.map(({ jobId }) => jobId));
  const known = new Map<string, JobRecord>(roots.map((job) => [job.jobId, job]));
  for (let fresh = roots; fresh.length > 0 && known.size < MAX_READ; ) {
    const ids = await dependantsOf(ports, fresh);
    const unknown = ids.filter((id) => !known.has(id));
    const loaded = await ports.jobs.load(unknown);
    fresh = unknown.flatMap((id) => loaded.get(id) ?? []).filter((job) => hasEndedWith(job, rootIds));
    for (const job of fresh) known.set(job.jobId, job);
  }
  const isLeft = (job: JobRecord) =>
    !rootIds.has(job.jobId) && job.redrivenAs === undefined && job.discarded === undefined;
  const waiting = await together(
    [...known.values()].filter(isLeft).map((job) => withAwaited(ports, job, known)),
  );
  return redriveRounds(waiting).map((round) => round.map(({ job }) => job));
}

function hasEndedWith({ state, failure }: JobRecord, roots: ReadonlySet<string>): boolean {
  return state === 'failed' && failure?.root !== undefined && roots.has(failure.root);
}

/** The first of its name, and each redrive. */
async function allOf({ jobs }: EndedWithPorts, one: JobRecord): Promise<JobRecord[]> {
  const all = [one];
  for (let { parent } = one; parent !== undefined; ) {
    const before = await jobs.get(parent);
    if (before !== undefined) all.unshift(before);
    parent = before?.parent;
  }
  for (let { redrivenAs } = one; redrivenAs !== undefined; ) {
    const after = await jobs.get(redrivenAs);
    if (after !== undefined) all.push(after);
    redrivenAs = after?.redrivenAs;
  }
  return all;
}

async function dependantsOf({ dependants }: EndedWithPorts, jobs: readonly JobRecord[]): Promise<string[]> {
  const pages = (await dependants.having(jobs.map(subjectOf))).map(async (subject) => {
    const found: string[] = [];
    for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
      const page = await dependants.page(subject, PAGE, after);
      found.push(...page.dependants.flatMap(({ name }) => (groupNamed(name) === undefined ? [name] : [])));
      after = page.next;
    }
    return found;
  });
  return [...new Set((await together(pages)).flat())];
}

async function withAwaited({ jobs }: EndedWithPorts, job: JobRecord, known: ReadonlyMap<string, JobRecord>) {
  const newestOf = (jobId: string): string => {
    const next = known.get(jobId)?.redrivenAs;
    return next === undefined ? jobId : newestOf(next);
  };
  const awaits = awaitedBy(await jobs.whole(job)).map(({ name }) => newestOf(name));
  return { jobId: job.jobId, job, awaits };
}
