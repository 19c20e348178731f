/** Calls that carry several entries, such as SendMessageBatch: an entry that is refused stops no other. */
import { errorName, SafeError } from '../process/log.ts';

/** Says which entries did not get through. */
export class EntriesFailed<Entry> extends SafeError {
  override readonly name = 'EntriesFailed';
  readonly failed: ReadonlySet<Entry>;

  /** @param why names errors of AWS, and quotes no entry */
  constructor(failed: ReadonlySet<Entry>, why: string) {
    super(`${failed.size} entries were not taken: ${why}`);
    this.failed = failed;
  }
}

export interface Limits<Entry> {
  readonly entries: number;
  readonly bytes: number;
  sizeOf(entry: Entry): number;
}

/** An entry that was refused inside of a call that succeeded. */
export interface EntryRefusal<Entry> {
  readonly entry: Entry;
  readonly code: string | undefined;
}

/**
 * In as few calls as the limits allow. A call that fails for good may fail because of one of its entries, so each of them
 * is tried alone; every receiver must expect an entry twice.
 *
 * @param call answers with the entries that were refused
 * @throws EntriesFailed after all have been tried; if none got through, what the last call threw
 */
export async function sendEntries<Entry>(
  entries: readonly Entry[],
  limits: Limits<Entry>,
  call: (group: readonly Entry[]) => Promise<readonly EntryRefusal<Entry>[]>,
): Promise<void> {
  const failed = new Set<Entry>();
  let why = '';
  let thrown: unknown;
  const send = async (group: readonly Entry[]): Promise<void> => {
    try {
      for (const { entry, code = 'no code' } of await call(group)) {
        failed.add(entry);
        why ||= code;
      }
    } catch (error) {
      if (group.length > 1 && isRequestFault(error)) {
        for (const entry of group) await send([entry]);
        return;
      }
      for (const entry of group) failed.add(entry);
      why ||= errorName(error);
      thrown = error;
    }
  };
  for (const group of groupsOf(entries, limits)) await send(group);
  if (thrown !== undefined && failed.size === entries.length) throw thrown;
  if (failed.size > 0) throw new EntriesFailed(failed, why);
}

const BAD_REQUEST =
  /^(Validation|InvalidParameter|InvalidMessage|MissingParameter|Serialization|.*TooLong|.*TooLarge)/;

/**
 * Whether the request itself is at fault: the service has refused its content, or it could not even be put together. All
 * errors that come after that, also of connections, have `$metadata` from the SDK.
 */
export function isRequestFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return !('$metadata' in error) || BAD_REQUEST.test(error.name);
}

function groupsOf<Entry>(entries: readonly Entry[], limits: Limits<Entry>): Entry[][] {
  const groups: Entry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = limits.sizeOf(entry);
    bytes += size;
    const last = groups.at(-1);
    if (last === undefined || last.length === limits.entries || bytes > limits.bytes) {
      groups.push([entry]);
      bytes = size;
    } else {
      last.push(entry);
    }
  }
  return groups;
}
