import { handlerOf as everyHandlerOf } from './index.ts';

/**
 * The handlers that run on Lambda. The packager puts those of the registry in the place of this file (tools/esbuild-plugins.mjs), so that
 * a bundle has no library of another one; without the packager every handler is here.
 */
export const handlerOf = everyHandlerOf;
