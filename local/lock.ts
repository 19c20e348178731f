import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** SQLite's "database is locked". */
const SQLITE_BUSY = 5;

/**
 * Makes this process the only one on a data directory, which it creates if needed.
 *
 * The lock is SQLite's on an empty database: the operating system releases it with the process, however the process
 * ends. A file that only names a process would stay after a kill, and its process id may be reused.
 *
 * @returns a function that releases the lock
 * @throws Error with a sentence when another cloud, of this or another process, uses the directory
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
