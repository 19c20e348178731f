/** Which packages have code for one kind of machine, so that no bundle can carry it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const Manifest = z.object({
  os: z.array(z.string()).optional(),
  gypfile: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

/** @param inputs files of a bundle, from the root of the repository */
export async function nativePackagesIn(root: string, inputs: readonly string[]): Promise<string[]> {
  const names = new Set(
    inputs.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
  );
  const native: string[] = [];
  for (const name of names) if (await isNative(root, name)) native.push(name);
  return native;
}

/** It has code to be compiled, is for some machines alone, or takes its part for this machine from such a package. */
async function isNative(root: string, name: string): Promise<boolean> {
  const folder = join(root, 'node_modules', name);
  const manifest = await manifestOf(folder);
  if (manifest === undefined) return false;
  if (manifest.gypfile === true || manifest.os !== undefined || existsSync(join(folder, 'binding.gyp')))
    return true;
  const parts = Object.keys(manifest.optionalDependencies).map((part) =>
    manifestOf(join(root, 'node_modules', part)),
  );
  return (await Promise.all(parts)).some((part) => part?.os !== undefined);
}

async function manifestOf(folder: string): Promise<z.infer<typeof Manifest> | undefined> {
  const path = join(folder, 'package.json');
  return existsSync(path) ? Manifest.parse(JSON.parse(await readFile(path, 'utf8'))) : undefined;
}
