/**
 * Packages the stack and bundles the worker: the laptop runs what is deployed.
 *
 * Packaging takes seconds, so it is skipped while the sources are those of the last build.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build as bundle, type Metafile } from 'esbuild';
import { checkJobTypes } from '../domain/registry/registry-check.ts';
import { buildConsole, CONSOLE_FOLDER, ELEMENT_FILE } from './build-console.ts';
import { nativePackagesIn } from './native-packages.ts';

const root = join(import.meta.dirname, '..');
const EXAMPLES = join(root, '.build/examples');
const STAMP = '.build/sources';
/** Patterns of what a build reads. */
export const SOURCES = [
  'functions/*.ts',
  'api/**/*.ts',
  'docs/openapi.json',
  'application/**/*.ts',
  'domain/**/*.ts',
  'io/**/*.ts',
  'worker/**/*.ts',
  'worker/headgate-exec',
  'worker/examples/**/*.*',
  'resources/*',
  'job-types.ts',
  'serverless.yml',
  'package-lock.json',
  'tools/build.ts',
  'tools/empty-on-remove.mjs',
  'tools/esbuild-plugins.mjs',
  'tools/functions-of-registry.mjs',
  'tools/native-packages.ts',
];

/** The parts of a build. */
export const built = {
  template: join(root, '.serverless/cloudformation-template-update-stack.json'),
  functions: join(root, '.esbuild/.build'),
  worker: join(root, '.build/worker'),
  console: CONSOLE_FOLDER,
  element: ELEMENT_FILE,
} as const;

/**
 * @param onStart called before work that takes seconds; not called when there is nothing to do
 * @throws one Error with the packager's own words when packaging fails
 */
export async function build(onStart: () => void = () => undefined): Promise<'built' | 'unchanged'> {
  await buildConsole();
  const sources = sourcesHash();
  const complete = [built.template, built.functions, built.worker].every((path) => existsSync(path));
  if (complete && existsSync(join(root, STAMP)) && readFileSync(join(root, STAMP), 'utf8') === sources)
    return 'unchanged';
  onStart();
  const folders = await imagesOfRegistry();
  // The packager would zip what an earlier run left in these folders.
  for (const folder of [join(root, '.esbuild'), join(root, '.serverless'), built.worker])
    rmSync(folder, { recursive: true, force: true });
  await refuseNativeCode(await compileFunctions());
  packageStack();
  await buildWorker();
  copyExamples();
  for (const folder of folders)
    if (!existsSync(join(root, folder)))
      throw new Error(
        `job-types.ts: there is no folder ${folder} to take the place of its image on a laptop`,
      );
  mkdirSync(join(root, '.build'), { recursive: true });
  writeFileSync(join(root, STAMP), sources);
  return 'built';
}

function sourcesHash(): string {
  const hash = createHash('sha256');
  for (const path of globSync(SOURCES, { cwd: root }).sort())
    hash.update(path).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

/** @throws what the registry itself says against one of its job types, without the packager's words around it */
async function imagesOfRegistry(): Promise<string[]> {
  const { jobTypes } = await import('../job-types.ts');
  checkJobTypes(jobTypes);
  return [...jobTypes.values()].map(({ container }) => container.image.folder);
}

/**
 * Fails for what the packager cannot compile. The packager itself names such a fault and then never ends, because the
 * process of its bundler keeps it alive.
 *
 * @throws the bundler's own sentence with file and line, which names a source of the user's
 */
async function compileFunctions(): Promise<Metafile> {
  const { default: plugins } = await import('./esbuild-plugins.mjs');
  const { metafile } = await bundle({
    absWorkingDir: root,
    entryPoints: globSync('functions/*.ts', { cwd: root }).sort(),
    outdir: built.functions,
    write: false,
    metafile: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    plugins,
    logLevel: 'silent',
  });
  return metafile;
}

/** A bundle is text: a library with native code stays behind, and the first job would find out. */
async function refuseNativeCode({ outputs }: Metafile): Promise<void> {
  const [, run] = Object.entries(outputs).find(([path]) => path.endsWith('/run.js')) ?? [];
  const [native] = await nativePackagesIn(root, Object.keys(run?.inputs ?? {}));
  if (native !== undefined)
    throw new Error(
      `job-types.ts: a job type whose executor is lambda has a handler that imports ${native}, which has native code: it runs in a container alone`,
    );
}

function packageStack(): void {
  const serverless = join(root, 'node_modules/serverless/bin/serverless.js');
  const packaged = spawnSync(process.execPath, [serverless, 'package'], { cwd: root, encoding: 'utf8' });
  if (packaged.status !== 0)
    throw new Error(`\`serverless package\` failed.\n${packaged.stdout}${packaged.stderr}`);
}

const WRAPPER = 'worker/headgate-exec';

/** Whether this source, a path from the root of the checkout, is part of what `copyExamples` copies. */
export const isOfExamples = (file: string): boolean =>
  file === WRAPPER || file.startsWith('worker/examples/');

/**
 * Folders that take the places of the examples' images: each program beside the wrapper that runs it. They are complete before they
 * are there, because a container may start in the middle.
 */
export function copyExamples(): void {
  const next = `${EXAMPLES}.new`;
  rmSync(next, { recursive: true, force: true });
  cpSync(join(root, 'worker/examples'), next, { recursive: true });
  for (const name of readdirSync(next)) cpSync(join(root, WRAPPER), join(next, name, 'headgate-exec'));
  rmSync(EXAMPLES, { recursive: true, force: true });
  renameSync(next, EXAMPLES);
}

/** The next build makes everything. */
export function forgetBuild(): void {
  rmSync(join(root, STAMP), { force: true });
}

/** Image libraries are native code: they stay packages, here and in the container's image. */
export const workerBundle = {
  absWorkingDir: root,
  entryPoints: { main: 'worker/main.ts' },
  outdir: built.worker,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  external: ['sharp'],
  logLevel: 'silent',
} satisfies BuildOptions;

/**
 * The worker alone, with its handlers as they are now. A file that is the same stays, and one that differs is replaced as a whole: a
 * container of a laptop may be reading it.
 *
 * @throws what the bundler says
 */
export async function buildWorker(): Promise<void> {
  const { outputFiles } = await bundle({ ...workerBundle, write: false });
  mkdirSync(built.worker, { recursive: true });
  for (const { path, contents } of outputFiles) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue;
    const fresh = `${path}.${process.pid}`;
    writeFileSync(fresh, contents);
    renameSync(fresh, path);
  }
}

if (import.meta.main) {
  try {
    const outcome = await build();
    process.stdout.write(
      outcome === 'built'
        ? 'Packaged the stack and the worker.\n'
        : 'Sources unchanged since the last build.\n',
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
