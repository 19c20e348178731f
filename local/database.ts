/** The SQLite databases that the services keep their state in. */
import { DatabaseSync } from 'node:sqlite';

/** Enough for what is being worked on; everything else is on disk. */
const CACHE = 'PRAGMA cache_size = -16000';
/** Safe when the process dies, not when the machine does. */
const KEPT = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL';
const TEMPORARY = 'PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF';

/**
 * @param path absent: a file without a name in the system's folder for temporary files, which goes with the process.
 * In memory, a hundred thousand jobs would take gigabytes
 */
export function openDatabase(path: string | undefined): DatabaseSync {
  const db = new DatabaseSync(path ?? '');
  db.exec(`${CACHE}; ${path === undefined ? TEMPORARY : KEPT}`);
  return db;
}
