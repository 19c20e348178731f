/** Where the entries of classes belong: in the list of their type, or in that of their key while the key has no room. */

import { type Gate, roomAt } from '../../domain/tenant/gate.ts';
import { type Entry, type KeyedClass, placeOf, type WaitingRow } from '../../domain/tenant/waiting.ts';
import type { Random } from '../../io/process/random.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import { together } from '../apart.ts';
import { type AcquirePorts, loadGate } from './acquire.ts';

export interface EntryPorts extends AcquirePorts {
  readonly waiting: WaitingStore;
  readonly random: Random;
}

/** A class that an entry led to, or that is to have one, with its first row; without one nothing waits in it. */
export interface Led {
  readonly of: KeyedClass;
  readonly entry?: Entry | undefined;
  readonly head: WaitingRow | undefined;
}

export interface Settled {
  /** As it was read last. */
  readonly gate: Gate;
  /** Keys that were found full and then had room: the attempt that left them may not have seen their entries. */
  readonly freed: ReadonlySet<number>;
  /** Types whose lists have a new entry. */
  readonly types: ReadonlySet<number>;
  /** The entries that are where they were no more. */
  readonly removed: readonly Entry[];
}

/**
 * Puts the entry of each class where the gate says that it belongs, and only then removes the one that led to it, so that
 * a process that dies in between leaves one too many. An entry is put before the gate is read again: either this read sees
 * that a holder of the key has left, or that holder's look sees the entry.
 */
export async function settleEntries(ports: EntryPorts, gate: Gate, led: readonly Led[]): Promise<Settled> {
  const room = roomAt(gate, ports.defaultCap);
  const types = new Set<number>();
  const stopped: Led[] = [];
  const removed: Entry[] = [];
  const remove = async (entry: Entry | undefined) => {
    if (entry === undefined) return;
    await ports.waiting.removeEntry(entry);
    removed.push(entry);
  };
  await together(
    led.map(async (one) => {
      const { of, entry, head } = one;
      if (head === undefined) return remove(entry);
      if (!room.ofKey(of.keyTag)) {
        // An entry in the list of its key stays there: with a key that many wait for, an end writes no entry at all.
        if (entry?.list === 'held') return;
        stopped.push(one);
        return putEntry(ports, { of, list: 'held' });
      }
      const place = placeOf(head);
      if (entry?.list === 'ready' && entry.place === place) return;
      types.add(of.typeTag);
      await putEntry(ports, { of, list: 'ready', place });
      await remove(entry);
    }),
  );
  if (stopped.length === 0) return { gate, freed: new Set(), types, removed };
  const [{ of: first }] = stopped as [Led, ...Led[]]; // it has one
  const now = (await loadGate(ports.gates, first.tenantId)) ?? gate;
  const roomNow = roomAt(now, ports.defaultCap);
  const stillFull = stopped.filter(({ of }) => !roomNow.ofKey(of.keyTag));
  await together(stillFull.map(({ entry }) => remove(entry)));
  const hasRoom = stopped.filter((one) => !stillFull.includes(one));
  return { gate: now, freed: new Set(hasRoom.map(({ of }) => of.keyTag)), types, removed };
}

type Placed = { readonly of: KeyedClass } & (
  | { readonly list: 'ready'; readonly place: string }
  | { readonly list: 'held' }
);

const putEntry = (ports: EntryPorts, placed: Placed): Promise<void> =>
  ports.waiting.putEntry({ ...placed, token: ports.random.token() }, ports.clock.nowMs());
