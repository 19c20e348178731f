/** What the flows of most files begin with: a stack whose containers do as they are told, and one tenant with one input. */
import type { CloudOptions } from '../../local/cloud.ts';
import type { Closing } from '../support/closing.ts';
import { startStack } from '../support/stack.ts';
import { openContainers } from './containers.ts';
import { lookFromOutside } from './outside.ts';

/** @param opened takes what is to be closed after the last test */
export async function openFlow(
  opened: <T extends Closing>(one: T) => T,
  given: Pick<CloudOptions, 'parameters' | 'onCall' | 'pages'> = {},
) {
  const containers = opened(await openContainers());
  const stack = opened(await startStack({ images: containers.images, ...given }));
  const outside = opened(lookFromOutside(stack));
  await stack.addTenant('acme');
  const csv = await stack.upload('acme', 'n.csv', 'n\n1\n2\n');
  return { containers, stack, outside, faults: stack.cloud.batch.faults, csv };
}
