/** What a page has to load for the client. */
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { build } from 'esbuild';

const MAX_BYTES = 12 * 1024;

it('the client has no dependency, and under 12 KB minified', async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../../../client/index.ts')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    // Neutral: an import of Node's own modules would not be found.
    platform: 'neutral',
    write: false,
    metafile: true,
  });
  expect(Object.keys(metafile.inputs).filter((file) => !file.startsWith('client/'))).toEqual([]);
  expect(outputFiles[0]?.contents.byteLength).toBeLessThan(MAX_BYTES);
});
