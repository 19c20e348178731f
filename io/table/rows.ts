/**
 * The one reader of rows. A row may have been written by another version of Headgate, while a stack is deployed or after
 * it was rolled back, or by hand. So attributes that this version does not know are kept, and a row that it cannot read
 * stops only the work that needs that row.
 */
import type * as z from 'zod';
import { SafeError } from '../process/log.ts';
import type { Attributes } from './writes.ts';

/** Its message names the row and an attribute, and quotes no value: it may be logged. */
export class RowUnreadable extends SafeError {
  override readonly name = 'RowUnreadable';

  /** @param row its key, such as `TENANT#acme GATE` */
  constructor(row: string, attribute: string) {
    super(`The row ${row} cannot be read by this version: it does not expect this value of ${attribute}`);
  }
}

/**
 * The attributes that the schema knows. What it does not know inside of one is kept: an attribute is written as a whole,
 * and what was left out would be removed. Attributes that it does not know stay in the table, because a write names only
 * what it changes.
 *
 * @param schema without transforms: what it yields has the shape of what is stored
 * @throws RowUnreadable
 */
export function readRow<T extends object>(schema: z.ZodType<T>, item: Attributes): T {
  const parsed = schema.safeParse(item);
  if (!parsed.success) throw new RowUnreadable(nameOf(item), attributeOf(parsed.error));
  const attributes = Object.entries(parsed.data).map(([name, value]) => [
    name,
    withUnknown(value, item[name]),
  ]);
  return Object.fromEntries(attributes) as T; // the parsed value with further properties inside
}

/** Rows in their order, and beside them those that cannot be read, for whatever reason. */
export function readEach<T>(items: readonly Attributes[], read: (item: Attributes) => T) {
  const rows: T[] = [];
  const unreadable: RowUnreadable[] = [];
  for (const item of items) {
    try {
      rows.push(read(item));
    } catch (error) {
      unreadable.push(
        error instanceof RowUnreadable ? error : new RowUnreadable(nameOf(item), 'an attribute'),
      );
    }
  }
  return { rows, unreadable };
}

/** What of a stored item a version that writes it anew may replace: the attributes that it knows. */
export function knownAttributes(schema: z.ZodObject, item: Attributes): Attributes {
  return Object.fromEntries(Object.entries(item).filter(([name]) => name in schema.shape));
}

/**
 * Many rows by their ids. In the map, `get` throws RowUnreadable for an id whose row cannot be read: absent would mean that
 * there is no row, and a tenant without a row has no caps.
 *
 * @param entryOf throws RowUnreadable
 */
export function readRows<T>(
  items: readonly Attributes[],
  idOf: (item: Attributes) => string,
  entryOf: (item: Attributes) => T | undefined,
): ReadonlyMap<string, T> {
  const rows = new Map<string, T>();
  const unreadable = new Map<string, RowUnreadable>();
  for (const item of items) {
    const read = readEach([item], entryOf);
    for (const row of read.rows) if (row !== undefined) rows.set(idOf(item), row);
    for (const error of read.unreadable) unreadable.set(idOf(item), error);
  }
  return withUnreadable(rows, unreadable);
}

/** @returns the map, in which `get` throws the error of an id that has one */
export function withUnreadable<T>(
  rows: ReadonlyMap<string, T>,
  unreadable: ReadonlyMap<string, Error>,
): ReadonlyMap<string, T> {
  return unreadable.size === 0 ? rows : new PartlyReadable(rows, unreadable);
}

class PartlyReadable<T> extends Map<string, T> {
  readonly #unreadable: ReadonlyMap<string, Error>;

  constructor(rows: ReadonlyMap<string, T>, unreadable: ReadonlyMap<string, Error>) {
    super(rows);
    this.#unreadable = unreadable;
  }

  override get(id: string): T | undefined {
    const error = this.#unreadable.get(id);
    if (error !== undefined) throw error;
    return super.get(id);
  }

  override has(id: string): boolean {
    return this.#unreadable.has(id) || super.has(id);
  }
}

/** What follows the kind in a partition key: `TENANT#acme` → `acme`. */
export const idInKey = ({ pk }: Attributes): string => String(pk).slice(String(pk).indexOf('#') + 1);

const nameOf = ({ pk, sk }: Attributes): string => `${String(pk)} ${String(sk)}`;

function attributeOf({ issues: [issue] }: z.ZodError): string {
  return issue === undefined || issue.path.length === 0 ? 'an attribute' : issue.path.join('.');
}

/** A schema leaves out what it does not know; here it comes back. */
function withUnknown(parsed: unknown, stored: unknown): unknown {
  if (Array.isArray(parsed) && Array.isArray(stored))
    return parsed.map((element, i) => withUnknown(element, stored[i]));
  if (!isRecord(parsed) || !isRecord(stored)) return parsed;
  const all: Record<string, unknown> = { ...stored };
  for (const [name, value] of Object.entries(parsed)) all[name] = withUnknown(value, stored[name]);
  return all;
}

/** A plain object, and no set or bytes. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
