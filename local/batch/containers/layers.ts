/**
 * What read-only containers get links to: a copy of an image's folder that no process may write to. Links to the folder
 * itself would let a container change the files of the user, and what the next container finds.
 */
import {
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';

const WRITERS = 0o222;

interface Layer {
  readonly path: string;
  /** Of the folder that it was made of. */
  readonly source: string;
  /** Of itself: the superuser may write to it in spite of its mode. */
  readonly own: string;
}

export interface Layers {
  /** @returns a copy of the folder as it is now */
  of(image: string): string;
  /** Before their removal: nothing can be removed from a folder that no process may write to. */
  unlock(): void;
}

interface LayerParts {
  /** Names of entries that are linked and not copied. */
  isLinked(name: string): boolean;
  /** @returns a new folder for a copy of this one; older copies stay, because containers may run from them */
  place(image: string): string;
}

export function createLayers({ isLinked, place }: LayerParts): Layers {
  const layers = new Map<string, Layer>();
  const made: string[] = [];
  return {
    of(image) {
      const source = stateOf(image, isLinked);
      const known = layers.get(image);
      if (known?.source === source && known.own === stateOf(known.path, isLinked)) return known.path;
      const path = place(image);
      copy(image, path, isLinked);
      made.push(path);
      layers.set(image, { path, source, own: stateOf(path, isLinked) });
      return path;
    },
    unlock() {
      for (const path of made) unlock(path);
    },
  };
}

/** Changes with each file: its name, its size and when it was written. */
function stateOf(folder: string, isLinked: (name: string) => boolean): string {
  return readdirSync(folder)
    .map((name) => {
      if (isLinked(name)) return name;
      const path = join(folder, name);
      const { mtimeMs, ctimeMs, size, mode } = lstatSync(path);
      const inside = (mode & 0o170000) === 0o040000 ? stateOf(path, isLinked) : '';
      return `${name}\0${size}\0${mtimeMs}\0${ctimeMs}\0${inside}\0`;
    })
    .join('\0');
}

/** Synchronous, so that no container starts from half of it. */
function copy(from: string, to: string, isLinked: (name: string) => boolean): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (isLinked(entry.name)) symlinkSync(source, target);
    else if (entry.isDirectory()) copy(source, target, isLinked);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else {
      copyFileSync(source, target, constants.COPYFILE_FICLONE);
      chmodSync(target, lstatSync(source).mode & ~WRITERS);
    }
  }
  chmodSync(to, lstatSync(from).mode & ~WRITERS);
}

function unlock(folder: string): void {
  chmodSync(folder, lstatSync(folder).mode | WRITERS);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) unlock(join(folder, entry.name));
}
