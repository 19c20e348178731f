/** Refuses a registry with which something could not work later. No stack can be packaged without this check. */
import { wrongContainer } from '../container/container.ts';
import { imageFolders } from '../container/images.ts';
import { instancesOf } from '../container/instances.ts';
import { wrongExecutor } from '../executor/executor-check.ts';
import { JobTypeId } from '../job/ids.ts';
import { type JobType, type JobTypes, tagsClash } from '../job/job-type.ts';
import { brokenPromise } from '../job/policy-promises.ts';

/**
 * @throws Error with one sentence: when two ids have the same tag in a gate, an image has two folders, instances of one name differ, a container cannot be
 * had, or a policy promises what cannot come true
 */
export function checkJobTypes(types: JobTypes): void {
  if (tagsClash([...types.keys()]))
    throw new Error('job-types.ts: two job types have ids with the same tag; rename one of them');
  for (const type of types.values()) {
    const wrong = wrongType(type);
    if (wrong !== undefined) throw new Error(`job-types.ts: ${type.id}: ${wrong}`);
  }
  const containers = [...types.values()].map(({ container }) => container);
  imageFolders(containers);
  instancesOf(containers);
}

function wrongType(type: JobType): string | undefined {
  if (!JobTypeId.safeParse(type.id).success)
    return 'expected dotted lower-case words such as csv.summarise as an id';
  return (
    wrongContainer(type.container, type.parameters !== undefined) ??
    wrongExecutor(type) ??
    brokenPromise(type)
  );
}
