import { resolve } from 'node:path';
import { inertBecause } from './identities.ts';
import { makeStack } from './make.ts';
import { bundleOf } from './make-functions.ts';
import type { Services } from './maker.ts';
import { TemplateRefusal } from './refusal.ts';
import { planStack, type Stack, type StackOptions } from './stack.ts';
import type { Template } from './template.ts';
import { checkWiring } from './wiring.ts';

/** @throws TemplateRefusal before anything is made, except for what only a service can refuse */
export async function loadStack(
  template: Template,
  options: StackOptions,
  services: Services,
): Promise<Stack> {
  const stack = planStack(template, options);
  checkWiring(stack);
  for (const resource of stack.resources) {
    if (resource.type === 'AWS::Lambda::Function') bundleOf(resource, services.bundles);
  }
  await makeStack(stack, services);
  return stack;
}

/**
 * By image, or by repository URI for all of its images, the folder that replaces it.
 *
 * @param images folders by image, or by the logical id of the repository
 * @throws TemplateRefusal for an id that is not a repository of the stack
 */
export function imageDirectories(
  stack: Stack,
  images: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const repositories = stack.resources.filter(({ type }) => type === 'AWS::ECR::Repository');
  return new Map(
    Object.entries(images).map(([logicalId, directory]) => {
      // No logical id has a slash, and every image has one after its registry.
      if (logicalId.includes('/')) return [logicalId, resolve(directory)];
      if (!repositories.some((repository) => repository.logicalId === logicalId)) {
        const known = repositories.map((repository) => repository.logicalId).join(', ') || 'none';
        throw new TemplateRefusal(
          `images.${logicalId}`,
          `is no AWS::ECR::Repository of the template; it has ${known}`,
        );
      }
      return [String(stack.identity(logicalId).attributes['RepositoryUri']), resolve(directory)];
    }),
  );
}

/** One line for each reason why resources of this stack have no effect here. */
export function inertLines(stack: Stack): string[] {
  const types = [...new Set(stack.resources.map(({ type }) => type))];
  const reasons = Map.groupBy(types, inertBecause);
  return [...reasons].flatMap(([because, inert]) =>
    because === undefined ? [] : [`without effect here, because ${because}: ${inert.toSorted().join(', ')}`],
  );
}
