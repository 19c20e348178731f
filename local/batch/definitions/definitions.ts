/** Job definitions: their records, revision by revision, and how a name, a revision or an ARN finds one. */
import * as z from 'zod';
import { arnName, batchArn } from '../arns.ts';
import type { Store } from '../store.ts';
import { NameValue, Parameters, ResourceRequirement } from './fields.ts';
import { EvaluateOnExit } from './retry-strategy.ts';

export const StoredRetryStrategy = z.object({
  attempts: z.int().min(1).max(10).optional(),
  evaluateOnExit: z.array(EvaluateOnExit).max(5).optional(),
});
export const Timeout = z.object({ attemptDurationSeconds: z.int().min(60).optional() });

/** Job-level names starting so are Batch's own (API reference, ContainerOverrides). */
export const Environment = z.array(
  NameValue.refine(({ name }) => !name.startsWith('AWS_BATCH'), 'names starting AWS_BATCH are reserved'),
);

/** The fields that are acted on; the others are kept and shown. */
export const ContainerProperties = z.looseObject({
  image: z.string().min(1),
  command: z.array(z.string()).optional(),
  environment: Environment.optional(),
  resourceRequirements: z.array(ResourceRequirement).optional(),
  vcpus: z.int().optional(),
  memory: z.int().optional(),
  executionRoleArn: z.string().optional(),
  privileged: z.boolean().optional(),
  secrets: z.array(z.unknown()).optional(),
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
  containerProperties: ContainerProperties,
  tags: z.record(z.string(), z.string()),
});
export type Definition = z.infer<typeof Definition>;

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
    store.db
      .prepare(
        'INSERT OR REPLACE INTO batch_definitions (name, revision, status, record) VALUES (?, ?, ?, ?)',
      )
      .run(definition.jobDefinitionName, definition.revision, definition.status, JSON.stringify(definition));
  }

  /** @param ref a name (its latest active revision), `name:revision`, or an ARN with or without revision */
  function find(ref: string): Definition | undefined {
    const [name = '', revision] = (ref.startsWith('arn:') ? arnName(ref) : ref).split(':');
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

  function rows(selection: string, ...values: (string | number)[]): Definition[] {
    return store.db
      .prepare(`SELECT record FROM batch_definitions ${selection}`)
      .all(...values)
      .map((row) => Definition.parse(JSON.parse(String(row['record']))));
  }

  return { add, save, find, named, all };
}
