/** The demos of `npm start -- --demo NAME`. Each starts a stack of its own and ends by itself. */
import type { FaultName } from '../local/faults.ts';
import { faultsDemo } from './faults.ts';
import { graphDemo } from './graph/graph.ts';
import { noisyDemo } from './noisy.ts';
import type { Screen } from './screen.ts';
import { webhooksDemo } from './webhooks.ts';

/**
 * @param faults of the command line, for the demo of faults
 * @returns the exit code: 0 only if the demo came out as it should
 */
export type Demo = (show: Screen, signal: AbortSignal, faults: readonly FaultName[]) => Promise<number>;

export const demos: Readonly<Record<string, Demo>> = {
  noisy: noisyDemo,
  webhooks: webhooksDemo,
  faults: faultsDemo,
  graph: graphDemo,
};
