/** Acquiring slots at a gate: decided on the gate as it was read, and written if no other holder was added since. */
import { Fault } from '../../domain/fault.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { decide, type Gate, type GateDecision } from '../../domain/tenant/gate.ts';
import { holderName, holderOf, type Slotted } from '../../domain/tenant/holder.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { GateStore } from '../../io/table/gates.ts';

export interface AcquirePorts {
  readonly gates: GateStore;
  readonly clock: Clock;
  /** The cap of tenants without one of their own; 0 is none. */
  readonly defaultCap: number;
}

export interface Acquired<Job> {
  readonly decisions: ReadonlyMap<Job, GateDecision>;
  /** The gate with the holders that were added. Others may have been released since. */
  readonly gate: Gate | undefined;
}

/** This many lost writes in a row are a fault of ours; the message goes back to its queue. */
const MAX_TURNS = 40;

export async function loadGate(gates: Pick<GateStore, 'load'>, tenantId: string): Promise<Gate | undefined> {
  return (await gates.load([tenantId])).get(tenantId);
}

/**
 * Decides on the gate as it is and adds the holders; if the gate changed meanwhile, decides again.
 *
 * The client repeats a write whose answer was lost, and the repetition finds the gate changed by the first. An
 * attempt that this call tried to add and that then has a slot counts as added by this call.
 *
 * @param jobs of one tenant, in the order in which they are to acquire slots
 */
export async function acquireAll<Job extends Slotted & Pick<JobRecord, 'tenantId'>>(
  ports: AcquirePorts,
  jobs: readonly Job[],
  seen?: { readonly gate: Gate | undefined },
): Promise<Acquired<Job>> {
  const [{ tenantId } = { tenantId: '' }] = jobs;
  let known = seen;
  const tried = new Set<string>();
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const gate = known === undefined ? await loadGate(ports.gates, tenantId) : known.gate;
    known = undefined;
    const decisions = decide(gate, ports.defaultCap, jobs);
    const acquiring = decisions.flatMap((one) => (one.kind === 'acquires' ? [one.holder] : []));
    const done =
      acquiring.length === 0 ||
      (await ports.gates.acquire(tenantId, gate, acquiring, ports.clock.nowMs())) === 'written';
    if (done)
      return {
        decisions: new Map(jobs.map((job, i) => [job, acquiredBy(tried, job, decisions[i])])),
        gate: acquiring.length === 0 ? gate : withHolders(gate, tenantId, acquiring),
      };
    for (const holder of acquiring) tried.add(holderName(holder));
  }
  throw new Fault(
    'GateContended',
    `The gate changed ${MAX_TURNS} times while a slot was being acquired`,
    tenantId,
  );
}

function withHolders(gate: Gate | undefined, tenantId: string, added: Gate['holders']): Gate {
  const { version = 0, holders = [] } = gate ?? {};
  return { ...gate, tenantId, version: version + 1, holders: [...holders, ...added] };
}

function acquiredBy(
  tried: ReadonlySet<string>,
  job: Slotted,
  decision: GateDecision = { kind: 'uncapped' },
): GateDecision {
  const holder = holderOf(job);
  return decision.kind === 'holds' && tried.has(holderName(holder)) ? { kind: 'acquires', holder } : decision;
}
