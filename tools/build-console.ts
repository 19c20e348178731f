/** Bundles the pages of the console, and the element for pages of tenants, unless its sources are those of the last time. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
export const CONSOLE_FOLDER = join(root, '.build/console');
/** One file, which a page of yours loads. */
export const ELEMENT_FILE = join(root, '.build/embed/headgate-jobs.js');
const STAMP = join(root, '.build/console-sources');
export const CONSOLE_SOURCES = [
  'console/**/*.{ts,tsx,css,html,svg}',
  'package-lock.json',
  'tools/build-console.ts',
];

/** About half a second, when something has changed. */
export async function buildConsole(): Promise<void> {
  const sources = sourcesHash();
  const isBuilt = [join(CONSOLE_FOLDER, 'index.html'), ELEMENT_FILE, STAMP].every((path) => existsSync(path));
  if (isBuilt && readFileSync(STAMP, 'utf8') === sources) return;
  // Loaded here: it takes longer than the look at the sources.
  const { build } = await import('vite');
  const folder = join(root, 'console');
  for (const config of ['vite.config.ts', 'vite.embed.config.ts'])
    await build({ root: folder, configFile: join(folder, config), logLevel: 'error' });
  mkdirSync(join(root, '.build'), { recursive: true });
  writeFileSync(STAMP, sources);
}

function sourcesHash(): string {
  const hash = createHash('sha256');
  for (const path of globSync(CONSOLE_SOURCES, { cwd: root }).sort())
    hash.update(path).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}
