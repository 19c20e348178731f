/** Rules of the protocol taken out one at a time. A check that lets one of these pass has proved nothing. */
import { ofCalls } from './mutants/calls.ts';
import { ofDebts } from './mutants/debts.ts';
import type { Expectation } from './mutants/defects.ts';
import { ofIdentity } from './mutants/identity.ts';
import { ofSchedules } from './mutants/schedules.ts';
import { ofSlots } from './mutants/slots.ts';
import { ofWorkerApi } from './mutants/worker-api.ts';
import { type Outcome, simulate } from './simulation.ts';

export const expectations: readonly Expectation[] = [
  ...ofCalls,
  ...ofDebts,
  ...ofIdentity,
  ...ofSlots,
  ...ofWorkerApi,
  ...ofSchedules,
];

/** @returns the first world in which the rule is missed, or nothing */
export async function kill(
  { profile, mutant, off }: Expectation,
  firstSeed: number,
  seeds: number,
): Promise<Outcome | undefined> {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const outcome = await simulate(profile, seed, { mutant, without: off });
    if (outcome.violations.length > 0) return outcome;
  }
  return undefined;
}
