/** `headgate`; `headgate.mjs` starts it under the Node of this repository. */
import { program } from './entries.ts';
import { parse } from './program/parse.ts';
import { runProcess } from './program/process.ts';

/** @param args without the program's own name */
export const run = (args: readonly string[]): Promise<void> =>
  runProcess((helpWidth) => parse(program, args, helpWidth));

if (import.meta.main) await run(process.argv.slice(2));
