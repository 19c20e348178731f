/**
 * `npm start -- --watch`: as a source changes, what it is in is bundled anew. Containers that start from then on run the new
 * worker, and functions their new bundle from the next message on.
 */
import { type FSWatcher, watch } from 'node:fs';
import { join, sep } from 'node:path';
import type { Rebuilder } from '../tools/rebuild.ts';

/** Folders whose sources are in a bundle. */
const SOURCES = ['functions', 'api', 'application', 'domain', 'io', 'worker'];
/** Programs that are copied as they are. */
const COPIED = /^worker\/(examples\/|headgate-exec$)/;
/** What the template is made of as well: what it says of them stays until the next start. */
const OF_TEMPLATE = /^(job-types\.ts|serverless\.yml|resources\/.+\.(yml|js|ts))$/;
/** An editor writes a file in several steps. */
const SETTLE_MS = 100;

export interface WatchParts extends Pick<Rebuilder, 'rebuild'> {
  /** The folder that has the sources. */
  readonly root: string;
  /** Functions run these bundles from now on. */
  renew(bundles: readonly string[]): Promise<void>;
  say(line: string): void;
}

/** @returns the way to stop; a build under way comes to its end */
export function watchSources({ root, rebuild, renew, say }: WatchParts): () => Promise<void> {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let building = Promise.resolve();

  async function build(): Promise<void> {
    const files = [...changed].toSorted();
    changed.clear();
    if (files.length === 0) return;
    const startedAtMs = performance.now();
    try {
      const { bundled, changed: parts, bundles } = await rebuild(files);
      await renew(bundles);
      const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
      const what = parts.length > 0 ? parts.join(', ') : 'nothing is different';
      if (bundled.length > 0) say(`Rebuilt in ${seconds} s: ${what} (${files.join(', ')}).`);
      const template = files.filter((file) => OF_TEMPLATE.test(file));
      if (template.length > 0)
        say(`The template has ${template.join(' and ')} as at the start: for that, run npm start again.`);
    } catch (error) {
      // The bundler's words are lines: the place of each fault.
      const words = error instanceof Error ? error.message : String(error);
      say(`Everything runs as it was: ${words.replaceAll(/\s*\n\s*/g, ' ')}`);
    }
  }

  const note = (file: string): void => {
    changed.add(file);
    clearTimeout(timer);
    timer = setTimeout(() => {
      building = building.then(build);
    }, SETTLE_MS);
  };
  const noteSource = (file: string): void => {
    if (/\.ts$/.test(file) || COPIED.test(file) || OF_TEMPLATE.test(file)) note(file);
  };
  const watchers: FSWatcher[] = [...SOURCES, 'resources'].map((folder) =>
    watch(join(root, folder), { recursive: true }, (_, name) => {
      if (name !== null) noteSource(`${folder}/${name.split(sep).join('/')}`);
    }),
  );
  watchers.push(
    watch(root, (_, name) => {
      if (name !== null && OF_TEMPLATE.test(name)) note(name);
    }),
  );
  return async () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
    await building;
  };
}
