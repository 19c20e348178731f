/** `npm start -- --watch`: as a source of the worker changes, it is bundled anew; containers that start from then on run it. */
import { type FSWatcher, watch } from 'node:fs';
import { join, sep } from 'node:path';

/** Folders whose sources are in the worker's bundle. */
const SOURCES = ['worker', 'application', 'domain', 'io'];
/** An editor writes a file in several steps. */
const SETTLE_MS = 100;

export interface WatchParts {
  /** The folder that has the sources. */
  readonly root: string;
  /** @throws what the bundler says */
  rebuild(): Promise<void>;
  say(line: string): void;
}

/** @returns the way to stop; a build under way comes to its end */
export function watchWorker({ root, rebuild, say }: WatchParts): () => Promise<void> {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let building = Promise.resolve();

  async function build(): Promise<void> {
    const files = [...changed].toSorted();
    changed.clear();
    if (files.length === 0) return;
    const startedAtMs = performance.now();
    try {
      await rebuild();
      say(
        `Worker rebuilt in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s: ${files.join(', ')}.`,
      );
      // The functions are packaged with their template.
      if (files.some((file) => !file.startsWith('worker/')))
        say('The functions run as they were until npm start is started again.');
    } catch (error) {
      say(`The worker runs as it was: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  const watchers: FSWatcher[] = SOURCES.map((folder) =>
    watch(join(root, folder), { recursive: true }, (_, name) => {
      if (name === null || !/\.ts$/.test(name)) return;
      changed.add(`${folder}/${name.split(sep).join('/')}`);
      clearTimeout(timer);
      timer = setTimeout(() => {
        building = building.then(build);
      }, SETTLE_MS);
    }),
  );
  return async () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
    await building;
  };
}
