/** AWS Batch: what takes jobs, what runs them, and the images that they run. */
import {
  DescribeComputeEnvironmentsCommand,
  DescribeJobDefinitionsCommand,
  DescribeJobQueuesCommand,
  type JobDefinition,
} from '@aws-sdk/client-batch';
import { DescribeImagesCommand } from '@aws-sdk/client-ecr';
import { definitionName } from '../../domain/batch/definitions.ts';
import { jobTypes } from '../../job-types.ts';
import { type Check, ok, type Patient, wrong } from './check.ts';

export const jobQueues: Check = {
  id: 'batch.queues',
  fix: 'Enable what is disabled in AWS Batch; for what is INVALID its statusReason says why, and the stack is deployed again.',
  async look({ batch, jobQueues: arns }) {
    const { jobQueues: queues = [] } = await batch.send(
      new DescribeJobQueuesCommand({ jobQueues: [...arns] }),
    );
    const named = (queues ?? []).flatMap(({ computeEnvironmentOrder = [] }) =>
      computeEnvironmentOrder.flatMap(({ computeEnvironment = [] }) => computeEnvironment),
    );
    const { computeEnvironments = [] } = await batch.send(
      new DescribeComputeEnvironmentsCommand({ computeEnvironments: [...new Set(named)] }),
    );
    const parts = [
      ...queues.map(({ jobQueueName: name, state, status }) => ({ name, state, status })),
      ...computeEnvironments.map(({ computeEnvironmentName: name, state, status }) => ({
        name,
        state,
        status,
      })),
    ];
    const bad = parts.filter(({ state, status }) => state !== 'ENABLED' || status !== 'VALID');
    if (queues.length < arns.length)
      return wrong(`expected ${arns.length} job queues, found ${queues.length}`);
    if (bad.length === 0)
      return ok(
        `${queues.length} job queues and ${computeEnvironments.length} compute environments are enabled and valid`,
      );
    return wrong(
      bad
        .map(({ name, state, status }) => `expected ${name} ENABLED and VALID, found ${state} and ${status}`)
        .join('; '),
    );
  },
};

/** The newest revision of each job type. */
async function definitions({
  batch,
  stage,
}: Patient): Promise<ReadonlyMap<string, JobDefinition | undefined>> {
  const found = await Promise.all(
    [...jobTypes.keys()].map(async (jobType) => {
      const jobDefinitionName = `headgate-${stage}_${definitionName(jobType)}`;
      const { jobDefinitions = [] } = await batch.send(
        new DescribeJobDefinitionsCommand({ jobDefinitionName, status: 'ACTIVE' }),
      );
      const [newest] = jobDefinitions.toSorted((a, b) => (b.revision ?? 0) - (a.revision ?? 0));
      return [jobType, newest] as const;
    }),
  );
  return new Map(found);
}

export const jobDefinitions: Check = {
  id: 'batch.definitions',
  fix: 'Deploy the version that this checkout has: the build makes a job definition of each job type.',
  async look(patient) {
    const found = await definitions(patient);
    const missing = [...found].flatMap(([jobType, definition]) =>
      definition === undefined ? [jobType] : [],
    );
    return missing.length === 0
      ? ok(`${found.size} job types have an active job definition`)
      : wrong(`expected an active job definition of each job type, found none of ${missing.join(', ')}`);
  },
};

/** @example 111122223333.dkr.ecr.eu-west-1.amazonaws.com/headgate/worker:1.4.0 */
const PRIVATE_IMAGE =
  /^(?<registryId>\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com\/(?<name>[^:@]+):(?<tag>[^:@]+)$/;
const ABSENT = new Set(['ImageNotFoundException', 'RepositoryNotFoundException']);

export const images: Check = {
  id: 'batch.images',
  fix: 'Push the image under this tag, or deploy with a tag that is there; on a laptop, npm run build.',
  async look(patient) {
    const named = [...(await definitions(patient)).values()].flatMap(imagesOf);
    const [absent, present] = [new Set<string>(), new Set<string>()];
    for (const image of new Set(named)) {
      const { registryId, name, tag } = PRIVATE_IMAGE.exec(image)?.groups ?? {};
      if (registryId === undefined) continue;
      try {
        await patient.ecr.send(
          new DescribeImagesCommand({
            registryId,
            repositoryName: name,
            imageIds: [{ imageTag: tag ?? '' }],
          }),
        );
        present.add(image);
      } catch (error) {
        if (!(error instanceof Error) || !ABSENT.has(error.name)) throw error;
        absent.add(image);
      }
    }
    if (absent.size > 0) return wrong(`expected the image ${[...absent].join(' and ')}, found none`);
    const others = new Set(named).size - present.size;
    return ok(
      `${present.size} images are there${others === 0 ? '' : `; ${others} of other registries were not looked at`}`,
    );
  },
};

function imagesOf(definition: JobDefinition | undefined): string[] {
  const tasks = definition?.ecsProperties?.taskProperties ?? [];
  const containers = tasks.flatMap(({ containers = [] }) => containers);
  return [definition?.containerProperties?.image, ...containers.map(({ image }) => image)].flatMap(
    (image) => image ?? [],
  );
}
