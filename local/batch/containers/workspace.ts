/**
 * The file system of one container: a copy of the folder that stands for its image, which no other container sees, and
 * which is removed when the container has ended. A container that may not write to its image gets links to one copy that
 * all such containers have: one for each would only take time.
 */
import { constants, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { ContainerSpec } from './launch-messages.ts';
import { createLayers } from './layers.ts';

/** Large, and changed only by an installation of packages: linked and not copied. */
const LINKED = ['node_modules', '.git', '.venv', 'venv'];

const COPY = { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE };
/** In memory where the system has such a folder: making and removing thirty links takes milliseconds on a disk. */
const LINKS_FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export interface Workspace {
  /** Where the command starts. */
  readonly directory: string;
  /** What the command finds in TMPDIR; undefined when it may not write. */
  readonly temporary: string | undefined;
  remove(): Promise<void>;
}

/** All the workspaces of this process. Single calls are synchronous: each takes less than its way to another thread. */
export function createWorkspaces() {
  const copies = lazyFolder(tmpdir());
  const links = lazyFolder(LINKS_FOLDER);
  let layersMade = 0;
  const layers = createLayers({
    isLinked: (name) => LINKED.includes(name),
    place(image) {
      layersMade += 1;
      const own = join(copies.path(), `layer-${layersMade}`);
      mkdirSync(own);
      linkPackages(own, image);
      return join(own, 'image');
    },
  });
  return {
    async open(id: number, spec: Pick<ContainerSpec, 'image' | 'readOnly'>): Promise<Workspace> {
      const { image, readOnly } = spec;
      const own = join((readOnly ? links : copies).path(), String(id));
      const directory = join(own, 'image');
      mkdirSync(directory, { recursive: true });
      if (image !== undefined) linkPackages(own, image);
      if (image !== undefined && readOnly) linkAll(layers.of(image), directory);
      else if (image !== undefined) await copyAll(image, directory);
      const temporary = readOnly ? undefined : join(own, 'tmp');
      if (temporary !== undefined) mkdirSync(temporary);
      return { directory, temporary, remove: () => rm(own, { recursive: true, force: true }) };
    },
    removeAll(): void {
      layers.unlock();
      copies.remove();
      links.remove();
    },
  };
}

function linkAll(layer: string, directory: string): void {
  for (const name of readdirSync(layer)) symlinkSync(join(layer, name), join(directory, name));
}

async function copyAll(image: string, directory: string): Promise<void> {
  const names = readdirSync(image);
  const linked = names.filter((name) => LINKED.includes(name));
  for (const name of linked) symlinkSync(join(image, name), join(directory, name));
  const copied = names.filter((name) => !linked.includes(name));
  await Promise.all(copied.map((name) => cp(join(image, name), join(directory, name), COPY)));
}

function lazyFolder(parent: string) {
  let made: string | undefined;
  return {
    path(): string {
      made ??= mkdtempSync(join(parent, 'headgate-containers-'));
      return made;
    },
    remove(): void {
      if (made !== undefined) rmSync(made, { recursive: true, force: true });
    },
  };
}

/** Node looks for packages in the folders above a program, and above the image they may well be. */
function linkPackages(own: string, image: string): void {
  for (let folder = dirname(image); ; folder = dirname(folder)) {
    const packages = join(folder, 'node_modules');
    if (basename(folder) !== 'node_modules' && existsSync(packages)) {
      symlinkSync(packages, join(own, 'node_modules'));
      return;
    }
    if (folder === dirname(folder)) return;
  }
}
