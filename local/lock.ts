import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** SQLite's own "database is locked". */
const SQLITE_BUSY = 5;

/**
 * Makes this process the only one on a data directory, which it creates when it is not there.
 *
 * The lock is SQLite's on an empty database: the operating system drops it with the process, however that ends. A file
 * that only names a process stays behind after a kill, and by then the number may belong to someone else.
 *
 * @returns the release
 * @throws Error with a sentence when another cloud, of this or another process, is on the directory
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const pidFile = join(directory, 'pid');
  const lock = new DatabaseSync(join(directory, 'lock'));
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    const pid = existsSync(pidFile) ? readFileSync(pidFile, 'utf8') : '(unknown)';
    throw new Error(
      `${directory} is in use by process ${pid}: end it first, or start with another data directory`,
    );
  }
  writeFileSync(pidFile, String(process.pid));
  return () => {
    rmSync(pidFile, { force: true });
    lock.close();
  };
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
