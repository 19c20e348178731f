/**
 * Entry of `npm start`. Node keeps the compiled code of what is imported from here on, which halves the time to import it. This file
 * is JavaScript, because for TypeScript that is not kept Node loads its compiler, 50 ms.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

enableCompileCache(join(import.meta.dirname, '../.build/compile-cache'));
await import('./start.ts');
