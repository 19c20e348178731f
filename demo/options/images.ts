/** What the user says runs in place of container images: on the command line, and in a file. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { ImageSource } from '../../local/batch/containers/image.ts';
import { jsonOf } from './json-file.ts';
import { Misused } from './misused.ts';

/** As Batch takes them, or `*` for every image that is not named. */
const IMAGE = /^(\*|[\w:./#@-]{1,255})$/;
const EXAMPLES = 'python:3.11-slim=./tools, acme/encoder=COMMAND, python:3.11-slim or *';

const File = z.record(z.string(), z.string());

/**
 * @param texts each NAME, NAME=DIR or NAME=COMMAND; they win over the file
 * @param file JSON, an object of `"NAME": "DIR or COMMAND"` whose folders are relative to it
 * @throws Misused
 */
export function imagesOf(texts: readonly string[], file: string | undefined): Record<string, ImageSource> {
  const ofFile = file === undefined ? [] : readFile(file);
  const given = texts.map((text) => {
    const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(text) ?? [];
    return entry('--image', name, value, process.cwd());
  });
  return Object.fromEntries([...ofFile, ...given]);
}

function readFile(file: string): [string, ImageSource][] {
  const expected = `Expected --images with a file of JSON such as {"python:3.11-slim": "./tools"}`;
  const parsed = File.safeParse(jsonOf(file, expected));
  if (!parsed.success) throw new Misused(`${expected}; ${file} has something else.`);
  return Object.entries(parsed.data).map(([name, value]) => entry(file, name, value, dirname(resolve(file))));
}

function entry(where: string, name: string, value: string, folder: string): [string, ImageSource] {
  if (!IMAGE.test(name)) throw new Misused(`${where}: expected ${EXAMPLES}; found ${name || 'no image'}.`);
  if (value === '') return [name, { kind: 'command' }];
  const directory = resolve(folder, value);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    return [name, { kind: 'folder', directory }];
  // A folder that was misspelt must not become a command that fails in every job.
  if (/^\.{0,2}\/\S*$/.test(value) && statSync(directory, { throwIfNoEntry: false }) === undefined)
    throw new Misused(`${where}: there is no folder and no program ${value} for the image ${name}.`);
  return [name, { kind: 'command', entrypoint: /^\.{1,2}\/\S*$/.test(value) ? directory : value }];
}
