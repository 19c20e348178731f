import * as z from 'zod';
import { arnName, batchArn } from './arns.ts';
import { NameValue, Parameters, ResourceRequirement } from './job.ts';
import { EvaluateOnExit } from './retry.ts';
import type { Store } from './store.ts';

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

/** Job definitions; a revision never changes but for its status and tags. */
export class Definitions {
  readonly #store: Store;
  readonly #region: string;

  constructor(store: Store, region: string) {
    this.#store = store;
    this.#region = region;
  }

  /** Stores the next revision; numbers go on after a deregistration. */
  add(definition: Omit<Definition, 'revision' | 'jobDefinitionArn'>): Definition {
    const name = definition.jobDefinitionName;
    return this.#store.write(() => {
      const revision = (this.named(name)[0]?.revision ?? 0) + 1;
      const jobDefinitionArn = batchArn(this.#region, 'job-definition', `${name}:${revision}`);
      const added = { ...definition, revision, jobDefinitionArn };
      this.save(added);
      return added;
    });
  }

  save(definition: Definition): void {
    this.#store.db
      .prepare(
        'INSERT OR REPLACE INTO batch_definitions (name, revision, status, record) VALUES (?, ?, ?, ?)',
      )
      .run(definition.jobDefinitionName, definition.revision, definition.status, JSON.stringify(definition));
  }

  /** @param ref a name (its latest active revision), `name:revision`, or an ARN with or without revision */
  find(ref: string): Definition | undefined {
    const [name = '', revision] = (ref.startsWith('arn:') ? arnName(ref) : ref).split(':');
    return revision === undefined
      ? this.#rows("WHERE name = ? AND status = 'ACTIVE' ORDER BY revision DESC LIMIT 1", name)[0]
      : this.#rows('WHERE name = ? AND revision = ?', name, Number(revision) || 0)[0];
  }

  /** Every revision, newest first. */
  named(name: string): Definition[] {
    return this.#rows('WHERE name = ? ORDER BY revision DESC', name);
  }

  all(): Definition[] {
    return this.#rows('ORDER BY name, revision DESC');
  }

  #rows(selection: string, ...values: (string | number)[]): Definition[] {
    return this.#store.db
      .prepare(`SELECT record FROM batch_definitions ${selection}`)
      .all(...values)
      .map((row) => Definition.parse(JSON.parse(String(row['record']))));
  }
}
