/** Where an embedded cloud keeps everything: files of one folder, or memory. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from './clock.ts';
import { openDatabase } from './database.ts';
import { openTables, type Tables } from './dynamodb/tables.ts';
import { lockDirectory } from './lock.ts';
import { type Fauxqs, openFauxqs } from './sqs/fauxqs.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export type Step = () => unknown;

export interface Stores {
  readonly fauxqs: Fauxqs;
  readonly tables: Tables;
  readonly events: DatabaseSync;
  readonly jobs: DatabaseSync;
  readonly keys: DatabaseSync;
  readonly lambda: DatabaseSync;
  readonly logs: DatabaseSync;
}

export interface Keeping {
  /** Absent = memory. */
  readonly dataDirectory?: string;
  /** How long a global index of DynamoDB is behind its table, by the cloud's clock; absent = not at all. */
  readonly indexLagMs?: number;
}

export async function openStores(
  { dataDirectory: directory, indexLagMs }: Keeping,
  onClose: (step: Step) => void,
): Promise<Stores> {
  if (directory !== undefined) onClose(lockDirectory(directory));
  const inside = (name: string) => (directory === undefined ? undefined : join(directory, name));
  refuseOlder(directory);
  const open = (name: string): DatabaseSync => {
    const database = openDatabase(inside(name));
    onClose(() => database.close());
    return database;
  };
  const databases = {
    events: open('events.sqlite'),
    jobs: open('batch.sqlite'),
    keys: open('kms.sqlite'),
    lambda: open('lambda.sqlite'),
    logs: open('logs.sqlite'),
  };
  const tables = openTables(inside('dynamodb.sqlite'), indexLagMs);
  onClose(() => tables.close());
  const fauxqs = await openFauxqs(inside('queues-and-objects'));
  onClose(() => fauxqs.close());
  return { fauxqs, tables, ...databases };
}

/** What this version writes has this number; a directory of another one would seem to be empty, or fail in the middle. */
const FORMAT = '2';

function refuseOlder(directory: string | undefined): void {
  if (directory === undefined) return;
  const [format, isNew] = [join(directory, 'format'), !existsSync(join(directory, 'lambda.sqlite'))];
  if (isNew && !existsSync(join(directory, 'dynamodb'))) {
    writeFileSync(format, FORMAT);
    return;
  }
  if (existsSync(format) && readFileSync(format, 'utf8') === FORMAT) return;
  throw new Error(
    `${directory} was written by an earlier version of this program: start with another data directory`,
  );
}

/** By the cloud's clock. DynamoDB takes up to days; nothing may count on an item being there, or gone. */
export function expireHourly(tables: Tables, clock: Clock, report: (line: string) => void): Step {
  let dueAtMs = clock.now() + HOUR_MS;
  let running: Promise<unknown> = Promise.resolve();
  const look = () => {
    if (clock.now() < dueAtMs) return;
    dueAtMs = clock.now() + HOUR_MS;
    running = running
      .then(() => tables.expire(clock.now()))
      .catch((error) => report(`DynamoDB could not expire items: ${error}`));
  };
  const timer = setInterval(look, MINUTE_MS);
  const stopListening = clock.onAdvance(look);
  return () => {
    clearInterval(timer);
    stopListening();
    return running;
  };
}
