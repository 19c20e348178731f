/** Rules of the protocol taken out one at a time. A check that lets one of these pass has proved nothing. */
import { ofArrays } from './mutants/arrays.ts';
import { ofBudgets } from './mutants/budget.ts';
import { ofCalls } from './mutants/calls.ts';
import { ofDebts } from './mutants/debts.ts';
import type { Expectation } from './mutants/defects.ts';
import { ofDependencies } from './mutants/dependencies.ts';
import { ofDoor } from './mutants/door.ts';
import { ofFunctions } from './mutants/functions.ts';
import { ofGroups } from './mutants/groups.ts';
import { ofIdentity } from './mutants/identity.ts';
import { ofOperations } from './mutants/operations.ts';
import { ofPlaces } from './mutants/places.ts';
import { ofSchedules } from './mutants/schedules.ts';
import { ofSlots } from './mutants/slots.ts';
import { ofStuck } from './mutants/stuck.ts';
import { ofWorkerApi } from './mutants/worker-api.ts';
import { type Outcome, simulate } from './simulation.ts';

export const expectations: readonly Expectation[] = [
  ...ofCalls,
  ...ofDebts,
  ...ofPlaces,
  ...ofIdentity,
  ...ofSlots,
  ...ofWorkerApi,
  ...ofFunctions,
  ...ofSchedules,
  ...ofDoor,
  ...ofStuck,
  ...ofDependencies,
  ...ofBudgets,
  ...ofOperations,
  ...ofGroups,
  ...ofArrays,
];

/**
 * A world that breaks a promise with the rule in place shows nothing of the rule.
 * @returns the first world in which the rule is missed, or nothing
 */
export async function kill(
  { profile, mutant, off }: Expectation,
  firstSeed: number,
  seeds: number,
): Promise<Outcome | undefined> {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const outcome = await simulate(profile, seed, { mutant, without: off });
    if (outcome.violations.length === 0) continue;
    const sound = await simulate(profile, seed, { without: off });
    if (sound.violations.length === 0) return outcome;
  }
  return undefined;
}
