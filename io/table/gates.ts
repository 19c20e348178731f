/** The gates of tenants in the table: one item each, with the caps and the set of holders. */
import * as z from 'zod';
import { Spend, StoredBudget } from '../../domain/tenant/budget.ts';
import { type Caps, GATE_GRACE_MS, type Gate, Pause } from '../../domain/tenant/gate.ts';
import { decodeHolder, encodeHolder, type Holder } from '../../domain/tenant/holder.ts';
import { dueAttributes } from './due/turns.ts';
import { idInKey, readRow, readRows } from './rows.ts';
import type { Attributes, Key, Table } from './table.ts';

export interface GateStore {
  /** A tenant that never had caps, a pause or a concurrency key is absent from the map. */
  load(tenantIds: readonly string[]): Promise<ReadonlyMap<string, Gate>>;
  /** Adds holders if the gate is as it was read: none was added since, and the caps are the same. */
  acquire(
    tenantId: string,
    seen: Gate | undefined,
    holders: readonly Holder[],
    nowMs: number,
  ): Promise<'written' | 'lost'>;
  /** Releases holders. One that is absent, or a gate that is absent, is not an error. */
  release(tenantId: string, holders: readonly Holder[]): Promise<void>;
  /** Notes that these job types have waiting lists. */
  markTypes(tenantId: string, typeTags: readonly number[]): Promise<void>;
  /** Replaces the settings of an operator, and makes the gate due. */
  set(
    tenantId: string,
    seen: Gate | undefined,
    settings: Settings,
    nowMs: number,
  ): Promise<'written' | 'lost'>;
  /** Notes what is spent of the budget, if the gate is as it was read: its budget is the same, and so is what was known. */
  noteSpend(seen: Gate, spend: Spend): Promise<'written' | 'lost'>;
  /** Moves `dueAt` on; without a time the gate leaves the index, unless a holder was added. */
  postpone(gate: Gate, dueAt: number | undefined): Promise<void>;
}

export type Settings = Caps & Pick<Gate, 'paused' | 'budget'>;

const DUE = ['dueAt', 'dueSlice', 'dueTurn'] as const;
/** It put a gate into the index of earlier versions. */
const EARLIER_INDEX = 'dueShard';
const SETTINGS = ['cap', 'typeCaps', 'keyCap', 'paused', 'budget'] as const;

/** As it was set: how high a cap may be is checked where it is set, and a later version may allow more. */
const StoredCap = z.int().positive().optional();

const Stored = z.object({
  tenantId: z.string(),
  version: z.int(),
  cap: StoredCap,
  typeCaps: z.record(z.string(), z.int().positive()).optional(),
  keyCap: StoredCap,
  paused: Pause.optional(),
  budget: StoredBudget.optional(),
  spend: Spend.optional(),
  members: z.set(z.instanceof(Uint8Array)).optional(),
  waitingTypes: z.set(z.int()).optional(),
  dueAt: z.int().optional(),
});

export function gateStore(items: Table): GateStore {
  return {
    async load(tenantIds) {
      return readRows(await items.getAll(tenantIds.map(gateKey)), idInKey, gateOf);
    },

    async acquire(tenantId, seen, holders, nowMs) {
      // Idempotent: the first write raises the version, and a handler whose answer was lost finds its holders when it
      // reads again.
      const held = await items.update(gateKey(tenantId), {
        update: `ADD members :members SET version = :version, tenantId = :tenantId, dueSlice = :dueSlice, ${firstOf('dueAt')}, ${firstOf('dueTurn')}`,
        condition: asRead(seen),
        values: {
          ...versionValues(seen),
          ':members': setOf(holders),
          ':tenantId': tenantId,
          ...dueValues(tenantId, nowMs + GATE_GRACE_MS),
        },
      });
      return held ? 'written' : 'lost';
    },

    async release(tenantId, holders) {
      if (holders.length === 0) return;
      // Idempotent: a repeat finds nothing to remove.
      await items.update(gateKey(tenantId), {
        update: 'DELETE members :members',
        condition: 'attribute_exists(pk)',
        values: { ':members': setOf(holders) },
      });
    },

    async markTypes(tenantId, typeTags) {
      // Idempotent: a repeat finds the tags. A gate that has none yet is as if it had been there, with version 0.
      await items.update(gateKey(tenantId), {
        update: 'ADD waitingTypes :types SET version = if_not_exists(version, :none), tenantId = :tenantId',
        values: { ':types': new Set(typeTags), ':none': 0, ':tenantId': tenantId },
      });
    },

    async set(tenantId, seen, settings, nowMs) {
      const given = SETTINGS.filter((name) => settings[name] !== undefined);
      const absent = SETTINGS.filter((name) => settings[name] === undefined);
      // What was spent stays with a budget that is changed: a higher one opens the gate with this write.
      const gone = settings.budget === undefined ? ['spend'] : [];
      const set = [...given, 'version', 'tenantId', ...DUE].map((name) => `${name} = :${name}`);
      // Idempotent: the first write raises the version.
      const held = await items.update(gateKey(tenantId), {
        update: `SET ${set.join(', ')} REMOVE ${[...absent, ...gone, EARLIER_INDEX].join(', ')}`,
        condition: asRead(seen),
        values: {
          ...Object.fromEntries(given.map((name) => [`:${name}`, settings[name]])),
          ...versionValues(seen),
          ':tenantId': tenantId,
          ...dueValues(tenantId, nowMs),
        },
      });
      return held ? 'written' : 'lost';
    },

    async noteSpend(seen, spend) {
      // Idempotent: the first write raises the version. An attempt that was judged by the gate before it acquires no slot after it.
      const held = await items.update(gateKey(seen.tenantId), {
        update: 'SET spend = :spend, version = :version',
        condition: asRead(seen),
        values: { ...versionValues(seen), ':spend': spend },
      });
      return held ? 'written' : 'lost';
    },

    async postpone({ tenantId, version }, dueAt) {
      const key = gateKey(tenantId);
      // Idempotent: a repeat writes the same time, or finds nothing to remove.
      if (dueAt !== undefined) {
        const set = DUE.map((name) => `${name} = :${name}`).join(', ');
        const later = { update: `SET ${set} REMOVE ${EARLIER_INDEX}`, condition: 'attribute_exists(dueAt)' };
        await items.update(key, { ...later, values: dueValues(tenantId, dueAt) });
      } else {
        const empty = 'attribute_not_exists(members) AND version = :version';
        await items.update(key, {
          update: `REMOVE ${[...DUE, EARLIER_INDEX].join(', ')}`,
          condition: empty,
          values: { ':version': version },
        });
      }
    },
  };
}

function gateOf(item: Attributes): Gate {
  const { members = new Set<Uint8Array>(), waitingTypes: types, ...gate } = readRow(Stored, item);
  return { ...gate, ...(types && { types }), holders: [...members].map(decodeHolder) };
}

const gateKey = (tenantId: string): Key => ({ pk: `TENANT#${tenantId}`, sk: 'GATE' });

const firstOf = (name: string): string => `${name} = if_not_exists(${name}, :${name})`;

function dueValues(tenantId: string, dueAt: number): Attributes {
  const { dueSlice, dueTurn } = dueAttributes(tenantId, { kind: 'gate', tenantId, dueAt });
  return { ':dueAt': dueAt, ':dueSlice': dueSlice, ':dueTurn': dueTurn };
}

const asRead = (seen: Gate | undefined) =>
  seen === undefined ? 'attribute_not_exists(version)' : 'version = :seen';
const versionValues = (seen: Gate | undefined) => ({
  ...(seen === undefined ? {} : { ':seen': seen.version }),
  ':version': (seen?.version ?? 0) + 1,
});

const setOf = (holders: readonly Holder[]) => new Set(holders.map(encodeHolder));
