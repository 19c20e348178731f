/** What the packager does to bundles besides bundling. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { jobTypes } from '../job-types.ts';
import { handlers } from '../worker/handlers/index.ts';

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

/**
 * Every schema of zod carries its way to JSON Schema, 18 KB, and no function goes it: documents are made when the stack is
 * built.
 */
const withoutJsonSchema = {
  name: 'without-json-schema',
  setup(build) {
    const modules = /[/\\]zod[/\\]v4[/\\]core[/\\](to-json-schema|json-schema-processors)\.js$/;
    build.onLoad({ filter: modules }, async ({ path }) => {
      const names = (await readFile(path, 'utf8')).matchAll(/^export (?:const|function) (\w+)/gm);
      // Schemas call the makers of methods when they are made, and nothing else.
      const made = [...names].map(
        ([, name]) => `export const ${name} = ${/^create/.test(name) ? '() => refuse' : 'refuse'};`,
      );
      return {
        contents: `const refuse = () => { throw new Error('A bundle makes no JSON Schema'); };\n${made.join('\n')}`,
        loader: 'js',
      };
    });
  },
};

/**
 * Clients that may sign for several Regions at once carry that signer and its advice, 4 KB. Ours sign for one Region, and the
 * clients choose that where there is no other signer.
 */
const oneRegion = {
  name: 'one-region',
  setup(build) {
    build.onLoad({ filter: /[/\\]SignatureV4MultiRegion\.js$/ }, () => ({
      contents: `import { SignatureV4SignWithCredentials } from './SignatureV4SignWithCredentials';
export class SignatureV4MultiRegion extends SignatureV4SignWithCredentials {
  static sigv4aDependency() { return 'none'; }
}`,
      loader: 'js',
    }));
  },
};

/**
 * The texts of the document are written beside what the doors run by, 7 KB in one of them, and no function reads them. A literal in one place of a
 * schema or an operation is all that is taken out, so the code is otherwise as it is written.
 */
const withoutTexts = {
  name: 'without-texts',
  setup(build) {
    const text = String.raw`(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\x60[^\x60]*\x60)`;
    const called = new RegExp(
      String.raw`\.(?:describe\(\s*${text},?\s*\)|meta\(\{\s*description:\s*${text},?\s*\}\))`,
      'g',
    );
    const named = new RegExp(String.raw`\b(summary|description):\s*${text}`, 'g');
    build.onLoad({ filter: /[/\\]api[/\\]contract[/\\]\w[\w-]*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(called, '').replace(named, "$1: ''"),
      loader: 'ts',
    }));
  },
};

/**
 * What the SDK has for runtimes without node:crypto, for the mode of retries `adaptive`, which no client of ours has, and for the Region of a
 * machine outside of Lambda: 9 KB in each function. Lambda sets AWS_REGION.
 */
const unreached = {
  name: 'unreached',
  setup(build) {
    const modules = /[/\\](Sha256Js|Md5Js|AdaptiveRetryStrategy|getInstanceMetadataRegion)\.js$/;
    build.onLoad({ filter: modules }, ({ path }) => {
      const name = modules.exec(path)?.[1];
      return {
        contents: `export function ${name}() { throw new Error('This bundle carries no ${name}: see tools/esbuild-plugins.mjs'); }`,
        loader: 'js',
      };
    });
  },
};

/** A client of AWS says its version with each call. It reads that from its package.json, which has 2 KB of scripts and lists beside it. */
const versionsAlone = {
  name: 'versions-alone',
  setup(build) {
    build.onLoad({ filter: /[/\\]node_modules[/\\].*[/\\]package\.json$/ }, async ({ path }) => {
      const { name, version } = JSON.parse(await readFile(path, 'utf8'));
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
  },
};

/**
 * Of the handlers, those of the job types that run on Lambda, and what they import: no function carries the libraries of a container. A
 * loader imports a handler by its name, so its own text is the code.
 */
const handlersOfFunctions = {
  name: 'handlers-of-functions',
  setup(build) {
    build.onLoad({ filter: /[/\\]worker[/\\]handlers[/\\]of-functions\.ts$/ }, ({ path }) => {
      const ids = [...jobTypes.values()].filter(({ executor }) => executor === 'lambda').map(({ id }) => id);
      const loaders = ids.map((id) => `${JSON.stringify(id)}: ${handlers[id]}`);
      return {
        contents: `const handlers = {${loaders.join()}};
export const handlerOf = async (id) => (Object.hasOwn(handlers, id) ? handlers[id]() : undefined);`,
        loader: 'js',
        resolveDir: dirname(path),
      };
    });
  },
};

export default [
  compressedJson,
  withoutJsonSchema,
  withoutTexts,
  oneRegion,
  unreached,
  versionsAlone,
  handlersOfFunctions,
];
