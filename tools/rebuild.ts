/**
 * What a change of a source is in: the worker, the examples of other languages, some functions or all of them, bundled as the
 * packager does it. The worker or one function takes half a second, all functions two, packaging the stack ten.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Metafile, OutputFile } from 'esbuild';
import { built, copyExamples, forgetBuild, isOfExamples, workerBundle } from './build.ts';
import { packagedFunctions } from './packaged-functions.ts';
import { startWarmBundler } from './warm-bundler.ts';

/** What is bundled, and from which sources it was the last time. */
interface Unit {
  /** `worker`, or the name of a function. */
  readonly name: string;
  readonly source: string;
  /** Where its bundle is; a worker has more files beside it. */
  readonly bundle: string;
  sources: ReadonlySet<string>;
}

export interface Rebuilt {
  /** What has one of the changed sources. */
  readonly bundled: readonly string[];
  /** What among it is not what it was: a change of a comment changes nothing. */
  readonly changed: readonly string[];
  /** Paths of the bundles of changed functions. */
  readonly bundles: readonly string[];
}

export interface Rebuilder {
  /**
   * Bundles everything that one of these sources is in.
   *
   * @param files paths from the root of the checkout
   * @throws what the bundler says; then nothing is replaced
   */
  rebuild(files: readonly string[]): Promise<Rebuilt>;
  /** Gives back the memory that makes the next bundle quick. */
  close(): Promise<void>;
}

/** More functions than this are bundled together, which reads and parses each source once. */
const MOST_ALONE = 2;
const EXAMPLES = 'examples';

/** Reads which sources everything is made of, by bundling it all once. */
export async function openRebuilder(): Promise<Rebuilder> {
  const { main } = workerBundle.entryPoints;
  const worker: Unit = {
    name: 'worker',
    source: main,
    bundle: join(built.worker, 'main.mjs'),
    sources: new Set(),
  };
  const { entries, settings } = await packagedFunctions();
  const functions: Unit[] = entries.map((entry) => ({ ...entry, sources: new Set() }));
  const bundler = await startWarmBundler();
  /** Not in the bundles, because a build of theirs failed. */
  const owed = new Set<string>();

  async function bundle(units: readonly Unit[]): Promise<OutputFile[]> {
    const ofFunctions = units.filter((unit) => unit !== worker);
    const alone = ofFunctions.length > MOST_ALONE ? [] : ofFunctions.map((unit) => [unit]);
    const together = [...alone, ...(units.includes(worker) ? [[worker]] : [])];
    if (ofFunctions.length > MOST_ALONE) together.push(ofFunctions);
    const ends = await Promise.all(
      together.map(async (made) => {
        const entryPoints = made.map(({ source }) => source);
        const options = made[0] === worker ? workerBundle : { ...settings, entryPoints };
        const names = made.map(({ name }) => name);
        const { metafile, outputFiles } = await bundler.bundle(names, options);
        for (const unit of made) unit.sources = reached(metafile, unit.source);
        return outputFiles;
      }),
    );
    return ends.flat();
  }

  const all = [worker, ...functions];
  await bundle(all);
  return {
    async rebuild(files) {
      for (const file of files) owed.add(file);
      const hit = all.filter(({ sources }) => [...owed].some((file) => sources.has(file)));
      const examples = [...owed].some(isOfExamples) ? [EXAMPLES] : [];
      const written = replaceChanged(hit.length === 0 ? [] : await bundle(hit));
      if (examples.length > 0) copyExamples();
      owed.clear();
      const changed = hit.filter((unit) => written.some((path) => isOf(unit, path)));
      // The next build makes everything: parts of the last one are of other sources now.
      if (changed.length > 0 || examples.length > 0) forgetBuild();
      return {
        bundled: [...hit.map(({ name }) => name), ...examples],
        changed: [...changed.map(({ name }) => name), ...examples],
        bundles: changed.filter((unit) => unit !== worker).map(({ bundle: path }) => path),
      };
    },
    close: bundler.close,
  };

  function isOf(unit: Unit, path: string): boolean {
    return unit === worker ? dirname(path) === built.worker : path === unit.bundle;
  }
}

/** The file itself and all that it imports, directly or not. */
function reached({ inputs }: Metafile, from: string): Set<string> {
  const found = new Set([from]);
  // A set is walked to its end, with what is added on the way.
  for (const file of found) for (const { path } of inputs[file]?.imports ?? []) found.add(path);
  return found;
}

/** @returns the paths of files that are not what they were */
function replaceChanged(files: readonly OutputFile[]): string[] {
  const changed = files.filter(
    ({ path, contents }) => !existsSync(path) || !readFileSync(path).equals(contents),
  );
  // Entries last: they name the others, and a container may start in the middle.
  const isEntry = ({ path }: OutputFile) => Number(basename(path) === 'main.mjs');
  for (const { path, contents } of changed.toSorted((a, b) => isEntry(a) - isEntry(b))) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, contents);
    renameSync(`${path}.new`, path);
  }
  return changed.map(({ path }) => path);
}
