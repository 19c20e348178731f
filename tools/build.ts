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
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';
import { checkJobTypes } from '../domain/job/registry-check.ts';

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
  'tools/esbuild-plugins.mjs',
];

/** The parts of a build. */
export const built = {
  template: join(root, '.serverless/cloudformation-template-update-stack.json'),
  functions: join(root, '.esbuild/.build'),
  worker: join(root, '.build/worker'),
} as const;

/**
 * @param onStart called before work that takes seconds; not called when there is nothing to do
 * @throws one Error with the packager's own words when packaging fails
 */
export async function build(onStart: () => void = () => undefined): Promise<'built' | 'unchanged'> {
  const sources = sourcesHash();
  const complete = [built.template, built.functions, built.worker].every((path) => existsSync(path));
  if (complete && existsSync(join(root, STAMP)) && readFileSync(join(root, STAMP), 'utf8') === sources)
    return 'unchanged';
  onStart();
  const folders = await imagesOfRegistry();
  // The packager would zip what an earlier run left in these folders.
  for (const folder of [join(root, '.esbuild'), join(root, '.serverless'), built.worker])
    rmSync(folder, { recursive: true, force: true });
  await compileFunctions();
  packageStack();
  await bundleWorker();
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
async function compileFunctions(): Promise<void> {
  await bundle({
    absWorkingDir: root,
    entryPoints: globSync('functions/*.ts', { cwd: root }).sort(),
    outdir: built.functions,
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
}

function packageStack(): void {
  const serverless = join(root, 'node_modules/serverless/bin/serverless.js');
  const packaged = spawnSync(process.execPath, [serverless, 'package'], { cwd: root, encoding: 'utf8' });
  if (packaged.status !== 0)
    throw new Error(`\`serverless package\` failed.\n${packaged.stdout}${packaged.stderr}`);
}

/** Folders that take the places of the examples' images: each program beside the wrapper that runs it. */
function copyExamples(): void {
  rmSync(EXAMPLES, { recursive: true, force: true });
  cpSync(join(root, 'worker/examples'), EXAMPLES, { recursive: true });
  for (const name of readdirSync(EXAMPLES))
    cpSync(join(root, 'worker/headgate-exec'), join(EXAMPLES, name, 'headgate-exec'));
}

/** The worker alone, in about a second. The next build makes everything: the functions may be of older sources now. */
export async function buildWorker(): Promise<void> {
  rmSync(join(root, STAMP), { force: true });
  await bundleWorker();
}

/** Image libraries are native code: they stay packages, here and in the container's image. */
async function bundleWorker(): Promise<void> {
  await bundle({
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
    logLevel: 'error',
  });
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
