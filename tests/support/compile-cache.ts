/** Node keeps the compiled code of programs that tests start many times: a command then loads in half of the CPU time. */
import { join } from 'node:path';

export const compileCache = join(import.meta.dirname, '../../.build/compile-cache');
