/**
 * The secrets that a definition names, fetched before any container starts, as ECS does for the execution role.
 * @see https://docs.aws.amazon.com/batch/latest/userguide/specifying-sensitive-data.html
 */
import type { TaskContainer } from '../jobs/job.ts';

export type Fetched =
  | { readonly kind: 'fetched'; readonly byContainer: ReadonlyMap<string, Readonly<Record<string, string>>> }
  | { readonly kind: 'missing'; readonly reason: string };

/** @param secret undefined where there is none that could be fetched */
export async function fetchSecrets(
  containers: readonly TaskContainer[],
  secret: ((valueFrom: string) => Promise<string | undefined>) | undefined,
): Promise<Fetched> {
  const byContainer = new Map<string, Readonly<Record<string, string>>>();
  for (const { name, secrets = [] } of containers) {
    const values: Record<string, string> = {};
    for (const { name: variable, valueFrom } of secrets) {
      const value = await secret?.(valueFrom);
      if (value === undefined) return { kind: 'missing', reason: reasonFor(valueFrom) };
      values[variable] = value;
    }
    byContainer.set(name, values);
  }
  return { kind: 'fetched', byContainer };
}

/** In the words of Fargate's platform version 1.4, shortened to what does not depend on the network. */
function reasonFor(valueFrom: string): string {
  const [store, error] = valueFrom.startsWith('arn:aws:secretsmanager:')
    ? ['secrets manager', "ResourceNotFoundException: Secrets Manager can't find the specified secret."]
    : ['ssm', 'ParameterNotFound'];
  return `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from ${store}: ${valueFrom}: ${error}`;
}
