/**
 * Laws are tried on the same values in every run, so that a red build means a change and not a throw of the dice.
 * `LAW_RUNS=2000 npm run jest -- tests/unit` tries more values, `SEED=… npm run jest -- tests/unit` others.
 */
import fc from 'fast-check';

fc.configureGlobal({
  seed: Number(process.env['SEED'] ?? 20_260_105),
  numRuns: Number(process.env['LAW_RUNS'] ?? 50),
});
