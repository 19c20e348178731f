/**
 * Opens a page in the operator's browser. Its address has a code, and other users of a machine can read the arguments of a
 * program: the program is given a file that only its owner can read, and the file leads to the page.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** By the platform: the program that opens a file as a double click would. */
const OPENERS: Readonly<Record<string, string>> = { darwin: 'open', linux: 'xdg-open' };
/** A browser has read it by then; the code in it ends then, too. */
const KEPT_MS = 60_000;

/** @returns false where there is no browser to open */
export async function openPage(link: string, signal: AbortSignal): Promise<boolean> {
  const opener = OPENERS[process.platform];
  const hasScreen =
    process.platform !== 'linux' || 'DISPLAY' in process.env || 'WAYLAND_DISPLAY' in process.env;
  if (opener === undefined || !hasScreen) return false;
  // Its folder is of its owner alone, as mkdtemp makes it.
  const folder = await mkdtemp(join(tmpdir(), 'headgate-console-'));
  const file = join(folder, 'open.html');
  await writeFile(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${link}">`, {
    mode: 0o600,
  });
  const child = spawn(opener, [pathToFileURL(file).href], { stdio: 'ignore', detached: true });
  const started = await Promise.race([
    once(child, 'exit').then(([code]) => code === 0),
    once(child, 'error').then(() => false),
    // One that stays is the browser itself.
    pause(3000, true),
  ]);
  child.unref();
  const remove = () => rm(folder, { recursive: true, force: true });
  if (started) void pause(KEPT_MS, undefined, { signal, ref: false }).then(remove, remove);
  else await remove();
  return started;
}
