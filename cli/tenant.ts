/** `npm run tenant`: what tenants may do, and why their jobs wait. */
import { readFile } from 'node:fs/promises';
import {
  changeGate,
  changeTenant,
  readAccount,
  withCaps,
  withSettings,
} from '../application/tenant/tenant-admin.ts';
import { trial } from '../application/tenant/trial.ts';
import { logUrl } from '../domain/job/log-link.ts';
import type { Gate } from '../domain/tenant/gate.ts';
import { rowOf } from '../domain/tenant/waiting.ts';
import { waitText, whyWaiting } from '../domain/tenant/why.ts';
import { systemClock } from '../io/process/clock.ts';
import { RowUnreadable } from '../io/table/rows.ts';
import { jobTypes } from '../job-types.ts';
import { Misused, print, readCommand, runCommand } from './command-line.ts';
import { columns } from './dlq-text.ts';
import { openStack, type Stack } from './stack.ts';
import { schemas, type TenantAsked, type TenantOptions, USAGE } from './tenant-options.ts';

async function main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const asked = readCommand(schemas, args);
  if (asked === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const defaultCap = 'default-cap' in asked.options ? asked.options['default-cap'] : undefined;
  const stack = await openStack(asked.options, environment, defaultCap);
  try {
    await perform(asked, stack);
    return 0;
  } finally {
    stack.close();
  }
}

async function perform(asked: TenantAsked, stack: Stack): Promise<void> {
  switch (asked.command) {
    case 'put':
      return put(asked.options, stack);
    case 'show':
      return show(asked.options.id, stack);
    case 'list':
      return list(stack);
    case 'pause': {
      const { id, reason } = asked.options;
      await requireTenant(stack, id);
      await changeGate(stack, id, (gate) => ({ ...gate, paused: { reason, at: systemClock.nowMs() } }));
      return print(`${id} is paused: its new jobs wait.`);
    }
    case 'resume':
      await requireTenant(stack, asked.options.id);
      await changeGate(stack, asked.options.id, ({ paused: _, ...gate }) => gate);
      return print(`${asked.options.id} is resumed.`);
    case 'why':
      return why(asked.options, stack);
    case 'try':
      return print(
        await trial(stack, await readFile(asked.options.id, 'utf8'), asked.options.bucket, jobTypes),
      );
  }
}

async function put(options: TenantOptions<'put'>, stack: Stack): Promise<void> {
  const unknown = (options['job-types'] ?? [])
    .concat((options['type-cap'] ?? []).map(([type]) => type))
    .find((type) => !jobTypes.has(type));
  if (unknown !== undefined)
    throw new Misused(`There is no job type ${unknown}; there are ${[...jobTypes.keys()].join(', ')}.`);
  await changeTenant(stack, options.id, (tenant) =>
    withSettings(tenant, {
      status: options.status,
      weight: options.weight,
      jobTypes: options['job-types'],
      priorityCeiling: options['priority-ceiling'],
      abovePriorityCeiling: options['above-ceiling'],
      waitingQuota: options['waiting-quota'],
    }),
  );
  const caps = { cap: options.cap, typeCaps: options['type-cap'], keyCap: options['key-cap'] };
  if (Object.values(caps).some((cap) => cap !== undefined))
    await changeGate(stack, options.id, (gate) => withCaps(gate, caps));
  return show(options.id, stack);
}

async function show(tenantId: string, stack: Stack): Promise<void> {
  const { tenant, gate } = await readAccount(stack, tenantId);
  if (tenant === undefined && gate === undefined) throw new Error(`There is no tenant ${tenantId}.`);
  const facts: [string, string][] = [
    ...Object.entries(tenant ?? { tenantId }).map(([name, value]): [string, string] => [name, String(value)]),
    ...(await gateFacts(gate, tenantId, stack)),
  ];
  for (const line of columns(facts)) print(line);
}

async function gateFacts(
  gate: Gate | undefined,
  tenantId: string,
  stack: Stack,
): Promise<[string, string][]> {
  if (gate === undefined) return [['caps', 'none']];
  const { cap, typeCaps = {}, keyCap, paused, holders } = gate;
  return [
    ['cap', String(cap ?? 'none')],
    ...Object.entries(typeCaps).map(([type, typeCap]): [string, string] => [
      `cap of ${type}`,
      String(typeCap),
    ]),
    ['cap of each key', String(keyCap ?? 1)],
    ...(paused === undefined
      ? []
      : ([['paused', `${paused.reason}, since ${new Date(paused.at).toISOString()}`]] as [string, string][])),
    ['in Batch', String(holders.length)],
    ['waiting', String(await stack.waiting.count(tenantId))],
  ];
}

async function list(stack: Stack): Promise<void> {
  const tenants = await stack.tenants.list();
  const gates = await stack.gates.load(tenants.map(({ tenantId }) => tenantId));
  const rows = tenants.map(({ tenantId, status, weight = 1 }) => {
    const gate = gateIn(gates, tenantId);
    if (gate instanceof RowUnreadable) return [tenantId, 'gate cannot be read', '?', '?', String(weight)];
    const { cap, holders = [], paused } = gate ?? {};
    return [
      tenantId,
      paused === undefined ? status : 'paused',
      String(cap ?? '-'),
      String(holders.length),
      String(weight),
    ];
  });
  for (const line of columns([['TENANT', 'STATUS', 'CAP', 'IN BATCH', 'WEIGHT'], ...rows])) print(line);
  print(`${tenants.length} ${tenants.length === 1 ? 'tenant' : 'tenants'}.`);
}

/** One that cannot be read must not hide the other tenants; `tenant show` says what is wrong with it. */
function gateIn(gates: ReadonlyMap<string, Gate>, tenantId: string): Gate | RowUnreadable | undefined {
  try {
    return gates.get(tenantId);
  } catch (error) {
    if (error instanceof RowUnreadable) return error;
    throw error;
  }
}

async function why(options: TenantOptions<'why'>, stack: Stack): Promise<void> {
  const { id: jobId, 'log-group': group } = options;
  const job = await stack.jobs.get(jobId);
  if (job === undefined) throw new Error(`There is no job ${jobId}.`);
  const gate = (await stack.gates.load([job.tenantId])).get(job.tenantId);
  const ahead = await stack.waiting.count(job.tenantId, rowOf(job));
  const wait = whyWaiting(job, { gate, defaultCap: stack.defaultCap, ahead });
  print(`${jobId} is ${job.state}: ${waitText(wait)}.`);
  const region = await stack.region();
  for (const { attempt, failure, logStream } of job.endedAttempts) {
    const log = logStream && group ? logUrl({ region, group }, logStream) : (logStream ?? 'none');
    print(`attempt ${attempt} ended ${failure === undefined ? 'well' : `with ${failure.code}`}; log: ${log}`);
  }
}

async function requireTenant(stack: Stack, tenantId: string): Promise<void> {
  const { tenant, gate } = await readAccount(stack, tenantId);
  if (tenant === undefined && gate === undefined) throw new Error(`There is no tenant ${tenantId}.`);
}

await runCommand(() => main(process.argv.slice(2), process.env));
