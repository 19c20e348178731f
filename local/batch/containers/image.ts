/** What runs in place of a container image, and how an engine pulls one. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';

export type ImageSource =
  /** Its containers are processes that start in a copy of this folder. */
  | { readonly kind: 'folder'; readonly directory: string }
  /** Processes in an empty folder; absent: the container's command is one of this machine. */
  | { readonly kind: 'command'; readonly entrypoint?: string | undefined }
  /** Docker or Podman runs it. */
  | { readonly kind: 'engine'; readonly program: string };

/** @returns undefined when there is no such image; a folder that is not there is none */
export function presentSource(source: ImageSource | undefined): ImageSource | undefined {
  if (source?.kind !== 'folder') return source;
  return statSync(source.directory, { throwIfNoEntry: false })?.isDirectory() ? source : undefined;
}

export type Pull = (program: string, image: string) => Promise<string | undefined>;

/** An image is looked for once, unless it could not be had. The function returns why it cannot, in the engine's words. */
export function createPull(): Pull {
  const pulled = new Map<string, Promise<string | undefined>>();
  return async (program, image) => {
    const key = `${program} ${image}`;
    const pulling = pulled.get(key) ?? pull(program, image);
    pulled.set(key, pulling);
    const fault = await pulling;
    if (fault !== undefined) pulled.delete(key);
    return fault;
  };
}

async function pull(program: string, image: string): Promise<string | undefined> {
  if ((await run(program, ['image', 'inspect', image])) === undefined) return undefined;
  return run(program, ['pull', '--quiet', image]);
}

/** @returns the last line that it wrote to its stderr, if it failed */
function run(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { encoding: 'utf8' }, (error, _, stderr) => {
      if (error === null) resolve(undefined);
      else resolve(stderr.trim().split('\n').at(-1) || error.message);
    });
  });
}
