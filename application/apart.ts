/**
 * Work on many items at once in which a failure stays with its item. `Promise.all` would do the opposite: it answers at the
 * first failure, and leaves the rest running behind a handler that Lambda then freezes.
 */

export interface Apart<Item, Result> {
  readonly done: readonly { readonly item: Item; readonly result: Result }[];
  readonly failed: readonly { readonly item: Item; readonly error: unknown }[];
}

/** Works on all items at once, and waits for all. Never throws; the order is that of the items. */
export async function apart<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Apart<Item, Result>> {
  const outcomes = await Promise.all(
    items.map(async (item) => {
      try {
        return { kind: 'done', item, result: await work(item) } as const;
      } catch (error) {
        return { kind: 'failed', item, error } as const;
      }
    }),
  );
  return {
    done: outcomes.filter((outcome) => outcome.kind === 'done'),
    failed: outcomes.filter((outcome) => outcome.kind === 'failed'),
  };
}

/** Waits for all results, in their order, and only then throws the first failure: for work that is one item's alone. */
export async function together<const Works extends readonly Promise<unknown>[]>(
  works: Works,
): Promise<{ -readonly [Place in keyof Works]: Awaited<Works[Place]> }> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/**
 * Sends what each item asks for, in as few calls as possible.
 *
 * @param send throws an error with the set `failed`, or any error when nothing may have been sent (io/aws/entries.ts)
 * @returns the error of each item of which something may not have been sent
 */
export async function sendApart<Item, Entry>(
  items: readonly Item[],
  entriesOf: (item: Item) => readonly Entry[],
  send: (entries: readonly Entry[]) => Promise<void>,
): Promise<ReadonlyMap<Item, unknown>> {
  const prepared = items.map((item) => ({ item, entries: entriesOf(item) }));
  try {
    await send(prepared.flatMap(({ entries }) => entries));
    return new Map();
  } catch (error) {
    const hasFailed = failedIn(error);
    const failed = prepared.filter(({ entries }) => entries.some(hasFailed));
    return new Map(failed.map(({ item }) => [item, error]));
  }
}

function failedIn(error: unknown): (entry: unknown) => boolean {
  const failed = error instanceof Error && 'failed' in error ? error.failed : undefined;
  return (entry) => !(failed instanceof Set) || failed.has(entry);
}
