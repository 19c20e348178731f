/** The simulator's backend with all faults off: what its stores promise when nothing goes wrong. */
import type { Message } from '../../io/aws/lambda.ts';
import { virtualDependants } from '../simulation/dependants.ts';
import { virtualDueIndex } from '../simulation/due.ts';
import { virtualFailures } from '../simulation/failures.ts';
import { newRun } from '../simulation/faults.ts';
import { virtualGates } from '../simulation/gates.ts';
import { virtualGroups } from '../simulation/groups.ts';
import { virtualOperations } from '../simulation/operations.ts';
import { type Profile, profiles } from '../simulation/profiles.ts';
import { virtualQueue } from '../simulation/queues.ts';
import { virtualReceipts } from '../simulation/receipts.ts';
import { virtualRolls } from '../simulation/rolls.ts';
import { virtualSchedules } from '../simulation/schedules.ts';
import { virtualTable } from '../simulation/table.ts';
import { world as virtualWorld } from '../simulation/world.ts';
import { type Backend, type Circumstances, type Ports, READER_MS } from './contract.ts';

const calm: Profile = JSON.parse(JSON.stringify(profiles.chaos), (_name, value) =>
  typeof value === 'number' ? 0 : value,
);

export function openSimulatedBackend({
  tenants = [],
  endpoints = [],
  answersLost = false,
}: Circumstances): Backend {
  const time = virtualWorld(1);
  const profile = { ...calm, calls: { ...calm.calls, again: answersLost ? 1 : 0 } };
  const run = newRun({ world: time, profile, keepHistory: false });
  const index = virtualDueIndex(run);
  const accounts = new Map(tenants.map((tenant) => [tenant.tenantId, tenant]));
  const table = virtualTable(run, { index, accounts, endpoints }, () => undefined);
  const dependants = virtualDependants(run);
  const gates = virtualGates(run, index, {
    onEnter: () => undefined,
    onLeave: () => undefined,
    onWait: () => undefined,
    onSpend: () => undefined,
  });
  const groups = virtualGroups(run, index, () => undefined);
  const failures = virtualFailures(run, table.job);
  const receipts = virtualReceipts(run);
  const rolls = virtualRolls(run, index, table);
  const schedules = virtualSchedules(run, index, () => undefined);
  const operations = virtualOperations(run, index);
  const queue = virtualQueue(run, 'queue', () => undefined);
  const sentAtMs = new Map<string, number>();
  const arrived: { readonly message: Message; readonly waitedMs: number }[] = [];
  queue.feeds({
    role: 'outside',
    visibilityMs: 60_000,
    handle: () => async (messages) => {
      for (const message of messages)
        arrived.push({ message, waitedMs: time.nowMs() - (sentAtMs.get(message.body) ?? 0) });
      return new Set(messages.map(({ id }) => id));
    },
  });

  let passing: Promise<void> | undefined;
  /** Nothing here happens unless time passes; it does while a test waits for an answer. */
  function letTimePass(): void {
    passing ??= time
      .run(Number.MAX_SAFE_INTEGER, () => false)
      .finally(() => {
        passing = undefined;
        if (!time.isQuiet()) letTimePass();
      });
  }
  function waitedFor<Port extends object>(port: Port): Port {
    const calls = Object.entries(port).map(([name, call]) => [
      name,
      typeof call !== 'function'
        ? call
        : (...given: unknown[]) => {
            const answer = call(...given);
            letTimePass();
            return answer;
          },
    ]);
    return Object.fromEntries(calls) as Port; // the same names, each with the same call or value
  }

  return {
    process(): Ports {
      const process = run.process('outside');
      const port = queue.portFor(process);
      return {
        jobs: waitedFor(table.jobsFor(process)),
        dependants: waitedFor(dependants.portFor(process)),
        groups: waitedFor(groups.portFor(process)),
        arrayItems: waitedFor(groups.itemsFor(process)),
        groupLists: waitedFor(groups.portFor(process)),
        lists: waitedFor(table.listsFor(process)),
        failures: waitedFor(failures.portFor(process)),
        receipts: waitedFor(receipts.portFor(process)),
        rolls: waitedFor(rolls.portFor(process)),
        deliveries: waitedFor(table.deliveriesFor(process)),
        due: waitedFor(index.portFor(process)),
        tenants: waitedFor(table.tenantsFor(process)),
        endpoints: waitedFor(table.endpointsFor(process)),
        gates: waitedFor(gates.gatesFor(process)),
        waiting: waitedFor(gates.waitingFor(process)),
        schedules: waitedFor(schedules.portFor(process)),
        operations: waitedFor(operations.portFor(process)),
        queue: waitedFor({
          send(messages) {
            for (const { body } of messages) sentAtMs.set(body, time.nowMs());
            return port.send(messages);
          },
        }),
      };
    },
    caughtUp: async () => passing,
    async read() {
      await passing;
      const seen = arrived.filter(({ waitedMs }) => waitedMs < READER_MS);
      return {
        arrived: seen.map(({ message, waitedMs }) => ({ ...message, waitedMs, groupId: undefined })),
        held: arrived.length - seen.length,
      };
    },
    close: async () => undefined,
  };
}
