/** Reads that are asked for one by one and made together. */

/**
 * Collects the keys asked for in one turn of the event loop and reads them in one call; every asker gets its own answer.
 *
 * @param readAll answers for each key it finds; a key that is absent from the map has no value
 */
export function coalesced<K, V>(
  readAll: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
): (key: K) => Promise<V | undefined> {
  let waiting: { keys: K[]; answers: Promise<ReadonlyMap<K, V>> } | undefined;
  return async (key) => {
    if (waiting === undefined) {
      const keys: K[] = [];
      const answers = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
        waiting = undefined;
        return readAll(keys);
      });
      waiting = { keys, answers };
    }
    waiting.keys.push(key);
    return (await waiting.answers).get(key);
  };
}
