/**
 * Properties are tried on the same values in every run, so that a red build means a change and not a throw of the dice.
 * `SEED=… npm run jest -- tests/domain` explores others.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 20_260_105) });
