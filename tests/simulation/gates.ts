/** Gates at the level of their port: one gate, one atomic write. */

import { usedBudget } from '../../domain/tenant/budget.ts';
import { decide, GATE_GRACE_MS, type Gate } from '../../domain/tenant/gate.ts';
import { type Holder, holderName } from '../../domain/tenant/holder.ts';
import type { WaitingRow } from '../../domain/tenant/waiting.ts';
import type { GateStore, Settings } from '../../io/table/gates.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import type { VirtualDueIndex } from './due.ts';
import { type Run, reach, read } from './faults.ts';
import { virtualLists } from './lists.ts';
import { beside } from './unreadable.ts';
import type { Process } from './world.ts';

export interface GateEvents {
  onEnter(process: Process, before: Gate | undefined, added: readonly Holder[]): void;
  onLeave(process: Process, tenantId: string, holders: readonly Holder[]): void;
  onSpend(process: Process, tenantId: string, usdMicro: number): void;
  /** A row was put into a waiting list. */
  onWait(): void;
}

export interface VirtualGates {
  gates(): readonly Gate[];
  rows(): readonly WaitingRow[];
  holdsSlot(tenantId: string, holder: Pick<Holder, 'jobId' | 'attempt'>): boolean;
  nextDueMs(): number;
  gatesFor(process: Process): GateStore;
  waitingFor(process: Process): WaitingStore;
}

export function virtualGates(run: Run, index: VirtualDueIndex, events: GateEvents): VirtualGates {
  const gates = new Map<string, Gate>();
  const lists = virtualLists(run, events.onWait);
  const put = (gate: Gate) => {
    gates.set(gate.tenantId, gate);
    index.note(
      { kind: 'gate', tenantId: gate.tenantId },
      {
        tenantId: gate.tenantId,
        dueAt: () => gates.get(gate.tenantId)?.dueAt,
        postpone(dueAt) {
          const now = gates.get(gate.tenantId);
          if (now !== undefined) gates.set(gate.tenantId, { ...now, dueAt });
        },
      },
    );
  };
  const isAsRead = (tenantId: string, seen: Gate | undefined) =>
    gates.get(tenantId)?.version === seen?.version;

  return {
    gates: () => [...gates.values()],
    rows: lists.rows,
    holdsSlot: (tenantId, holder) =>
      gates.get(tenantId)?.holders.some((each) => holderName(each) === holderName(holder)) === true,
    nextDueMs: () =>
      Math.min(
        Number.MAX_SAFE_INTEGER,
        ...[...gates.values()].map(({ dueAt }) => dueAt ?? Number.MAX_SAFE_INTEGER),
      ),

    gatesFor(process) {
      const call = <T>(site: string, effect: () => T) =>
        reach(run, process, { site: `gates.${site}` }, effect);
      return {
        load: async (tenantIds) => {
          if (tenantIds.length === 0) return new Map();
          return read(run, process, undefined, () => {
            const found = tenantIds.flatMap((tenantId) => gates.get(tenantId) ?? []);
            return beside(run, tenantIds, new Map(found.map((gate) => [gate.tenantId, gate])));
          });
        },
        acquire: (tenantId, seen, holders, nowMs) =>
          call('acquire', () => {
            if (!isAsRead(tenantId, seen)) return 'lost';
            const before = gates.get(tenantId);
            const held = new Map((before?.holders ?? []).map((each) => [holderName(each), each]));
            for (const holder of holders) held.set(holderName(holder), holder);
            const version = (before?.version ?? 0) + 1;
            const dueAt = before?.dueAt ?? nowMs + GATE_GRACE_MS;
            put({ tenantId, ...before, version, holders: [...held.values()], dueAt });
            for (const holder of holders) process.admitted.add(holderName(holder));
            events.onEnter(process, before, holders);
            return 'written';
          }),
        release: async (tenantId, holders) => {
          if (holders.length === 0) return;
          await call('release', () => {
            const gate = gates.get(tenantId);
            if (gate === undefined) return;
            const releasing = new Set(holders.map(holderName));
            put({ ...gate, holders: gate.holders.filter((each) => !releasing.has(holderName(each))) });
            events.onLeave(process, tenantId, holders);
          });
        },
        markTypes: (tenantId, typeTags) =>
          call('markTypes', () => {
            const gate = gates.get(tenantId) ?? { tenantId, version: 0, holders: [] };
            put({ ...gate, types: new Set([...(gate.types ?? []), ...typeTags]) });
          }),
        set: (tenantId, seen, settings: Settings, nowMs) =>
          call('set', () => {
            if (!isAsRead(tenantId, seen)) return 'lost';
            const { holders = [], version = 0, types, spend } = gates.get(tenantId) ?? {};
            const kept = settings.budget === undefined ? {} : { spend };
            put({ tenantId, ...settings, ...kept, holders, version: version + 1, types, dueAt: nowMs });
            run.note(process.name, () => `sets the gate of ${tenantId}: ${JSON.stringify(settings)}`);
            return 'written';
          }),
        noteSpend: (seen, spend) =>
          call('noteSpend', () => {
            const gate = gates.get(seen.tenantId);
            if (gate === undefined || !isAsRead(seen.tenantId, seen)) return 'lost';
            put({ ...gate, spend, version: gate.version + 1 });
            events.onSpend(process, seen.tenantId, spend.usdMicro);
            if (usedBudget({ ...gate, spend }) !== undefined) run.count('budget used');
            return 'written';
          }),
        postpone: ({ tenantId, version }, dueAt) =>
          call('postpone', () => {
            const gate = gates.get(tenantId);
            if (gate === undefined) return;
            if (dueAt !== undefined && gate.dueAt !== undefined) put({ ...gate, dueAt });
            if (dueAt === undefined && gate.holders.length === 0 && gate.version === version)
              put({ ...gate, dueAt: undefined });
          }),
      };
    },

    waitingFor: (process) => lists.storeFor(process),
  };
}

/** Whether those who entered might: the caps as they stood at that moment. */
export function exceeds(before: Gate | undefined, added: readonly Holder[]): string | undefined {
  const { cap = Number.POSITIVE_INFINITY, keyCap = 1, holders = [] } = before ?? {};
  const held = new Map([...holders, ...added].map((each) => [holderName(each), each]));
  const isNew = added.some((each) => !holders.some((holder) => holderName(holder) === holderName(each)));
  if (!isNew) return undefined;
  if (before?.paused !== undefined) return 'entered a gate that is paused';
  if (before !== undefined && usedBudget(before) !== undefined) return 'entered a gate whose budget is used';
  if (held.size > cap) return `${held.size} holders under a cap of ${cap}`;
  for (const { keyTag, keyCap: most = keyCap } of added) {
    const ofKey = [...held.values()].filter((each) => keyTag !== undefined && each.keyTag === keyTag).length;
    if (ofKey > most) return `${ofKey} holders of one key under a cap of ${most}`;
  }
  return undefined;
}

/** Whether a row waits although it could enter. */
export function couldEnter(gate: Gate | undefined, row: WaitingRow): boolean {
  return decide(gate, 0, [row])[0]?.kind !== 'waits';
}
