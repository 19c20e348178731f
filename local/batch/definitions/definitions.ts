/** Job definitions: their records by revision, and the look-up by name, revision or ARN. */
import * as z from 'zod';
import { arnName, batchArn } from '../arns.ts';
import { ConsumableResourceProperties } from '../queues/consumables.ts';
import type { Store } from '../store.ts';
import { ContainerDependency } from './ecs-properties.ts';
import { NameValue, Parameters, ResourceRequirement, Secret, Timeout } from './fields.ts';
import type { Platform } from './platform-rules.ts';
import { StoredRetryStrategy } from './retry-strategy.ts';

/** The fields that are acted on; the others are kept and shown. */
const StoredContainer = z.looseObject({
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.array(NameValue).optional(),
  resourceRequirements: z.array(ResourceRequirement).optional(),
  vcpus: z.int().optional(),
  memory: z.int().optional(),
  secrets: z.array(Secret).optional(),
});

const StoredTask = z.looseObject({
  containers: z.array(
    StoredContainer.extend({
      name: z.string(),
      essential: z.boolean(),
      dependsOn: z.array(ContainerDependency),
      stopTimeout: z.int().optional(),
    }),
  ),
});

export const Definition = z.object({
  jobDefinitionName: z.string(),
  jobDefinitionArn: z.string(),
  revision: z.int(),
  status: z.enum(['ACTIVE', 'INACTIVE']),
  type: z.literal('container'),
  parameters: Parameters,
  schedulingPriority: z.int().optional(),
  retryStrategy: StoredRetryStrategy.optional(),
  timeout: Timeout.optional(),
  propagateTags: z.boolean(),
  platformCapabilities: z.array(z.enum(['EC2', 'FARGATE'])),
  /** Either this or the next one. */
  containerProperties: StoredContainer.optional(),
  ecsProperties: z.object({ taskProperties: z.array(StoredTask) }).optional(),
  consumableResourceProperties: ConsumableResourceProperties.optional(),
  tags: z.record(z.string(), z.string()),
});
export type Definition = z.infer<typeof Definition>;

const MOST_READ = 1000;

/** EC2 is what a definition is for when it does not say. */
export function platformsOf({ platformCapabilities }: Pick<Definition, 'platformCapabilities'>): Platform[] {
  return platformCapabilities.length > 0 ? platformCapabilities : ['EC2'];
}

export type Definitions = ReturnType<typeof createDefinitions>;

/** A revision never changes but for its status and tags. */
export function createDefinitions(store: Store, region: string) {
  /** Stores the next revision; numbers go on after a deregistration. */
  function add(definition: Omit<Definition, 'revision' | 'jobDefinitionArn'>): Definition {
    const name = definition.jobDefinitionName;
    return store.write(() => {
      const revision = (named(name)[0]?.revision ?? 0) + 1;
      const jobDefinitionArn = batchArn(region, 'job-definition', `${name}:${revision}`);
      const added = { ...definition, revision, jobDefinitionArn };
      save(added);
      return added;
    });
  }

  function save(definition: Definition): void {
    store
      .statement(
        'INSERT OR REPLACE INTO batch_definitions (name, revision, status, record) VALUES (?, ?, ?, ?)',
      )
      .run(definition.jobDefinitionName, definition.revision, definition.status, JSON.stringify(definition));
  }

  /** @param ref a name (its latest active revision), `name:revision`, or an ARN with or without revision */
  function find(ref: string): Definition | undefined {
    const isArn = ref.startsWith('arn:');
    // An ARN of another account, Region or kind names nothing here, whatever its end says.
    if (isArn && ref !== batchArn(region, 'job-definition', arnName(ref))) return undefined;
    const [name = '', revision] = (isArn ? arnName(ref) : ref).split(':');
    return revision === undefined
      ? rows("WHERE name = ? AND status = 'ACTIVE' ORDER BY revision DESC LIMIT 1", name)[0]
      : rows('WHERE name = ? AND revision = ?', name, Number(revision) || 0)[0];
  }

  /** Every revision, newest first. */
  function named(name: string): Definition[] {
    return rows('WHERE name = ? ORDER BY revision DESC', name);
  }

  function all(): Definition[] {
    return rows('ORDER BY name, revision DESC');
  }

  /** @param selection one of the few above */
  function rows(selection: string, ...values: (string | number)[]): Definition[] {
    return store
      .statement(`SELECT record FROM batch_definitions ${selection}`)
      .all(...values)
      .map(({ record }) => recordOf(String(record)));
  }

  /** By its text: each SubmitJob reads its definition, which seldom changes. */
  const read = new Map<string, Definition>();
  function recordOf(text: string): Definition {
    const known = read.get(text);
    if (known !== undefined) return known;
    if (read.size >= MOST_READ) read.clear();
    const definition = Definition.parse(JSON.parse(text));
    read.set(text, definition);
    return definition;
  }

  return { add, save, find, named, all };
}
