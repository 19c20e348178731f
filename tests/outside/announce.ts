/** Runs once before all tests: says what they leave out, or refuses to begin where nothing may be left out. */
import { leftOut, missing } from './outside.ts';

export default function announce(): void {
  if (leftOut.length > 0)
    process.stdout.write(`Not installed, so what needs it is skipped: ${leftOut.join('; ')}.\n`);
  if (missing.length === 0) return;
  const line = `Not installed, so the tests that need them are skipped: ${missing.join('; ')}. \`npm run outside\` installs them.`;
  if (process.env['OUTSIDE'] === 'required') throw new Error(line);
  process.stdout.write(`${line}\n`);
}
