/** The functions that the packager bundles, and how: those of `serverless.yml`, and the one of job types that run on Lambda. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { parse } from 'yaml';
import * as z from 'zod';
import { runFunctionsOf } from '../resources/functions.ts';
import { built } from './build.ts';

const root = join(import.meta.dirname, '..');

const Functions = z.record(z.string(), z.object({ handler: z.string() }));

const Serverless = z.object({
  custom: z.object({
    esbuild: z.object({
      bundle: z.boolean(),
      minify: z.boolean(),
      format: z.literal('esm'),
      platform: z.literal('node'),
      target: z.string(),
      mainFields: z.array(z.string()),
      alias: z.record(z.string(), z.string()),
      plugins: z.string(),
      outputFileExtension: z.string(),
    }),
  }),
  functions: Functions,
});

export interface PackagedFunction {
  readonly name: string;
  readonly source: string;
  readonly bundle: string;
}

export interface PackagedFunctions {
  /** Functions of one source have one bundle, and are one of these. */
  readonly entries: readonly PackagedFunction[];
  /** All but the entry points. */
  readonly settings: BuildOptions;
}

export async function packagedFunctions(): Promise<PackagedFunctions> {
  // The packager's own tags of CloudFormation are for values that are of no interest here.
  const { custom, functions } = Serverless.parse(
    parse(readFileSync(join(root, 'serverless.yml'), 'utf8'), { logLevel: 'silent' }),
  );
  const { plugins, outputFileExtension, ...settings } = custom.esbuild;
  const [{ default: loaded }, { jobTypes }] = await Promise.all([
    import(join(root, plugins)),
    import('../job-types.ts'),
  ]);
  const runs = Object.values(Functions.parse(runFunctionsOf(jobTypes, 'dev')));
  const named = [
    ...Object.entries(functions).map(([name, { handler }]) => [name, handler] as const),
    ...runs.slice(0, 1).map(({ handler }) => ['run', handler] as const),
  ];
  return {
    entries: named.map(([name, handler]) => {
      const path = handler.replace(/\.\w+$/, '');
      return { name, source: `${path}.ts`, bundle: join(built.functions, `${path}${outputFileExtension}`) };
    }),
    settings: {
      ...settings,
      absWorkingDir: root,
      outbase: root,
      outdir: built.functions,
      outExtension: { '.js': outputFileExtension },
      plugins: loaded,
      logLevel: 'silent',
    },
  };
}
