/**
 * Telling the jobs and groups that wait for a job or a group that it has ended, or that something else has changed by which they judge it.
 *
 * Told too often is harmless: each looks at all that it waits for. So every step that finds a job whose end is not published
 * tells them again.
 */
import { askingFor, type TellMessage, tellMessage } from '../../domain/batch/messages.ts';
import { type Dependant, type Subject, subjectOf } from '../../domain/dependency/dependant.ts';
import { groupNamed } from '../../domain/dependency/dependency.ts';
import { breaks } from '../../domain/dependency/verdict.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { DependantStore } from '../../io/table/dependency/dependants.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { apart } from '../apart.ts';

export interface TellPorts {
  readonly dependants: Pick<DependantStore, 'having' | 'page'>;
  readonly submitQueue: Queue;
}

/** As many as are read with one query and sent with a hundred calls; a message of its own goes on with the rest. */
const PAGE = 1000;

/**
 * @param jobs final, or with a `redrivenAs` or `discarded` that was just written
 * @returns the error of each whose dependants may not all have been told
 */
export async function tellDependants(
  ports: TellPorts,
  jobs: readonly JobRecord[],
): Promise<ReadonlyMap<JobRecord, unknown>> {
  if (jobs.length === 0) return new Map();
  const known = await apart([jobs.map((job) => ({ ...subjectOf(job), job }))], (all) =>
    ports.dependants.having(all),
  );
  const having = known.done.flatMap(({ result }) => result.map(({ job }) => job));
  const told = await apart(having, (job) => tellPage(ports, subjectOf(job), concernedBy(job)));
  return new Map([
    ...known.failed.flatMap(({ item, error }) => item.map(({ job }) => [job, error] as const)),
    ...told.failed.map(({ item, error }) => [item, error] as const),
  ]);
}

/** The same for a caller that has one. @throws when some may not have been told: what brought it must come back */
export async function tellDependantsOf(ports: TellPorts, job: JobRecord): Promise<void> {
  for (const error of (await tellDependants(ports, [job])).values()) throw error;
}

/**
 * All that wait: for a job that may never run, since its cancel has come before it, or for a group. @throws like {@link tellDependantsOf}
 */
export async function tellAll(ports: TellPorts, subject: Subject): Promise<void> {
  for (const known of await ports.dependants.having([subject])) await tellPage(ports, known, everybody);
}

/** Where the message before has stopped. */
export async function goOnTelling(
  ports: TellPorts & { readonly jobs: Pick<JobStore, 'get'> },
  { tell: name, tenantId, after }: TellMessage,
): Promise<void> {
  const job = groupNamed(name) === undefined ? await ports.jobs.get(name) : undefined;
  const concerned = job !== undefined && isFinal(job.state) ? concernedBy(job) : everybody;
  await tellPage(ports, { name, tenantId }, concerned, after);
}

const concernedBy =
  (job: JobRecord) =>
  (dependant: Dependant): boolean =>
    dependant.watched === true || breaks(job, dependant);

const everybody = () => true;

async function tellPage(
  { dependants, submitQueue }: TellPorts,
  subject: Subject,
  isConcerned: (dependant: Dependant) => boolean,
  after?: string,
): Promise<void> {
  const page = await dependants.page(subject, PAGE, after);
  const rest = page.next === undefined ? [] : [tellMessage(subject, page.next)];
  // The rest first: whichever of the two is cut off, the other is repeated with it.
  await submitQueue.send([...rest, ...page.dependants.filter(isConcerned).map(askingFor)]);
}
