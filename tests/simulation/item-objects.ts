/** The objects that have the items of arrays, and the manifests of their ends, at the level of their ports. */
import { lineCounter, linesIn, rangeOf } from '../../domain/group/lines.ts';
import type { ItemObjects } from '../../io/aws/item-objects.ts';
import type { PutOnce } from '../../io/aws/put-once.ts';
import { type Run, reach } from './faults.ts';
import type { Process } from './world.ts';

export interface VirtualItemObjects {
  /** Items by their addresses, manifests by their keys. */
  readonly objects: Map<string, string>;
  itemsFor(process: Process): ItemObjects;
  manifestsFor(process: Process): { readonly putOnce: PutOnce };
}

/** Small, so that a few items are several slices. */
const SLICE = 2;

export type Sync<Port> = {
  [Name in keyof Port]: Port[Name] extends (...given: infer Given) => Promise<infer Answer>
    ? (...given: Given) => Answer
    : never;
};

/** What the port says of texts by their addresses. */
export function itemObjectsIn(objects: ReadonlyMap<string, string>): Sync<ItemObjects> {
  const bytesIn = (uri: string) => {
    const text = objects.get(uri);
    return text === undefined ? undefined : Buffer.from(text);
  };
  return {
    count(uri, most) {
      const bytes = bytesIn(uri);
      if (bytes === undefined) return undefined;
      const counter = lineCounter(SLICE, most);
      counter.take(bytes);
      const { items, places } = counter.counted();
      return { items, lines: { etag: '"one"', slice: SLICE, places } };
    },
    lines(uri, lines, from) {
      const range = rangeOf(lines, from);
      if (range === undefined) return [];
      const bytes = bytesIn(uri);
      return bytes && linesIn(bytes.subarray(range.first, range.last + 1).toString());
    },
  };
}

export function virtualItemObjects(run: Run): VirtualItemObjects {
  const objects = new Map<string, string>();
  const sound = itemObjectsIn(objects);
  return {
    objects,
    itemsFor: (process) => ({
      count: (uri, most) => reach(run, process, { site: 'itemObjects.count' }, () => sound.count(uri, most)),
      lines: (uri, lines, from) =>
        reach(run, process, { site: 'itemObjects.lines' }, () => sound.lines(uri, lines, from)),
    }),
    manifestsFor: (process) => ({
      putOnce: (key, content) =>
        reach(run, process, { site: 'manifests.putOnce' }, () => {
          const before = objects.get(key);
          if (before === undefined) objects.set(key, content);
          else if (before === content) run.count('manifest written before');
          else run.violate('A6', `${process.name} would write another manifest at ${key}`);
        }),
    }),
  };
}
