/** A stage that was packaged, linted and deployed, with what the AWS has of it. */
import { readFileSync } from 'node:fs';
import { outside } from '../outside/outside.ts';
import { type Deployed, deployed } from './deployed.ts';
import { run, type Stage, stage } from './stage.ts';

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

export interface Opened extends Deployed {
  readonly stage: Stage;
  readonly endpoint: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly template: {
    readonly Resources: Readonly<Record<string, Resource>>;
    readonly Parameters: Readonly<Record<string, { readonly Default: unknown }>>;
  };
  /** What `Ref` gives for a resource. */
  id(logicalId: string): string;
}

/** @throws Error with the words of the packager, the linter or the framework */
export async function open(
  name: string,
  endpoint: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Opened> {
  const packaged = stage(name, endpoint, parameters);
  try {
    await packaged.package();
    await lint(packaged.template);
    await packaged.deploy();
  } catch (error) {
    packaged.close();
    throw error;
  }
  const stack = deployed(endpoint, `headgate-${name}`);
  const ids = await stack.resources();
  return {
    ...stack,
    stage: packaged,
    endpoint,
    parameters,
    template: JSON.parse(readFileSync(packaged.template, 'utf8')),
    id(logicalId) {
      const id = ids.get(logicalId);
      if (id === undefined) throw new Error(`The stack has no ${logicalId}`);
      return id;
    },
  };
}

/** Warnings pass: the framework's own resources have some. */
function lint(template: string): Promise<void> {
  return run([outside.cfnLint ?? '', '--non-zero-exit-code', 'error', template], '/', {});
}
