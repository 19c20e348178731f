/** What the packager does to bundles besides bundling. */
import { readFile } from 'node:fs/promises';
import { brotliCompressSync } from 'node:zlib';

/** The document of the API is 80 KB of text that is asked for rarely: a bundle carries it compressed. */
const compressedJson = {
  name: 'compressed-json',
  setup(build) {
    build.onLoad({ filter: /[/\\]docs[/\\]openapi\.json$/ }, async ({ path }) => {
      const text = JSON.stringify(JSON.parse(await readFile(path, 'utf8')));
      const packed = brotliCompressSync(text).toString('base64');
      return {
        contents: `import { brotliDecompressSync } from 'node:zlib';
export default JSON.parse(brotliDecompressSync(Buffer.from('${packed}', 'base64')).toString());`,
        loader: 'js',
      };
    });
  },
};

export default [compressedJson];
