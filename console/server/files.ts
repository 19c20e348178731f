/** The built pages, read once: a few files of some 100 KB. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface File {
  readonly type: string;
  readonly body: Buffer;
  /** Its name has the hash of its content. */
  readonly immutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** By their paths below the folder. @throws Error when they are not built */
export function readFiles(folder: string): ReadonlyMap<string, File> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.flatMap((name): [string, File][] => {
    const type = TYPES[extname(name)];
    if (type === undefined) return [];
    const path = name.replaceAll('\\', '/');
    return [[path, { type, body: readFileSync(join(folder, name)), immutable: path.startsWith('assets/') }]];
  });
  return new Map(files);
}
