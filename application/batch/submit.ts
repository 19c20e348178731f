/**
 * Woken by the submit queue. Writes the intent, calls SubmitJob once, and records the answer.
 *
 * An unknown outcome stays unknown: the message returns when the request can no longer be under way, and then AWS
 * Batch is asked by name. The worker's claim or a Batch event may answer sooner.
 */
import { type SubmitMessage, SubmitQueueMessage } from '../../domain/batch/messages.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { holderName } from '../../domain/tenant/holder.ts';
import { policyOf, type TenantDefaults } from '../../domain/tenant/policy.ts';
import { type LifecycleEvent, lifecycleEvent } from '../../domain/webhook/notification.ts';
import type { Message, MessageBatch } from '../../io/aws/lambda.ts';
import type { DependantStore } from '../../io/table/dependency/dependants.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { ArrayItemStore } from '../../io/table/group/array-items.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { apart, sendApart, together } from '../apart.ts';
import { goOnTelling } from '../dependency/tell.ts';
import { type EvaluatePorts, evaluateGroup } from '../group/evaluate.ts';
import { type RecordTogetherPorts, recordingTogether } from '../intake/record-together.ts';
import { type DispatchPorts, dispatch } from '../job/dispatch.ts';
import { withMetadata } from '../job/with-metadata.ts';
import { eachAlone, readable } from '../messages.ts';
import type { CarryOut } from '../operation/carry-out.ts';
import type { Slots } from '../tenant/slots.ts';
import { type Step, type SubmissionPorts, type SubmissionResult, stepSubmission } from './submission.ts';

export interface SubmitPorts extends SubmissionPorts, Omit<DispatchPorts, 'clock' | 'slots'> {
  readonly jobs: Pick<
    JobStore,
    'load' | 'get' | 'replace' | 'whole' | 'stored' | 'leaveTombstone' | 'create' | 'createOver'
  >;
  readonly groups: GroupStore;
  readonly arrayItems: Pick<ArrayItemStore, 'slice'>;
  readonly itemObjects: EvaluatePorts['itemObjects'];
  readonly manifests: EvaluatePorts['manifests'];
  readonly waiting: EvaluatePorts['waiting'];
  readonly bucket: string;
  readonly rolls: RecordTogetherPorts['rolls'];
  readonly batched: RecordTogetherPorts['batched'];
  readonly dependants: DependantStore;
  readonly tenants: Pick<TenantStore, 'load'>;
  readonly gates: Pick<GateStore, 'load'>;
  readonly slots: Slots;
  readonly defaults: TenantDefaults;
  /** One slice of an operation. */
  readonly carryOut: CarryOut;
}

export function submit(ports: SubmitPorts): MessageBatch {
  const expanding = { ...ports, jobs: { ...ports.jobs, create: recordingTogether(ports) } };
  return async (messages) => {
    const read = readable(messages, SubmitQueueMessage, ports.log);
    const asked = read.flatMap(({ value }) => ('jobId' in value ? [value] : []));
    const known = await load(ports, asked);
    const ended: JobRecord[] = [];
    const stepped = await eachAlone(read, ports.log, async ({ message, value }) => {
      if ('wake' in value) await ports.slots.wake(value.wake);
      if ('tell' in value) await goOnTelling(ports, value);
      if ('operation' in value) await ports.carryOut(value);
      if ('group' in value)
        ended.push(...(await evaluateGroup(expanding, { tenantId: value.tenantId, groupId: value.group })));
      const result = 'jobId' in value ? await stepSubmission(ports, known.step(value), known.job(value)) : {};
      return { message, result };
    });
    // Their records say what is left, so reconcile does what fails here.
    await dispatch(ports, ended);
    const failed = await sendResults(ports, stepped);
    return new Set(stepped.filter((one) => !failed.has(one)).map(({ message }) => message.id));
  };
}

interface Stepped {
  readonly message: Message;
  readonly result: SubmissionResult;
}

/** @returns those of which something may not have been sent: their messages come back */
async function sendResults(ports: SubmitPorts, stepped: readonly Stepped[]): Promise<ReadonlySet<Stepped>> {
  const undispatched = await dispatch(
    ports,
    stepped.flatMap(({ result }) => result.toDispatch ?? []),
  );
  const failed = new Set(
    stepped.filter(({ result: { toDispatch } }) => toDispatch !== undefined && undispatched.has(toDispatch)),
  );
  const fail = (one: Stepped, error: unknown) => {
    ports.log.error('message:handle:failed', { messageId: one.message.id, error });
    failed.add(one);
  };
  const send = async <Entry>(
    entriesOf: (one: Stepped) => readonly Entry[],
    call: (entries: readonly Entry[]) => Promise<void>,
  ) => {
    for (const [one, error] of await sendApart(stepped, entriesOf, call)) fail(one, error);
  };
  const told = await apart(stepped, ({ result: { publish } }) => eventsOf(ports, publish));
  for (const { item, error } of told.failed) fail(item, error);
  const events = new Map(told.done.map(({ item, result }) => [item, result]));
  await send((one) => events.get(one) ?? [], ports.bus.publish);
  await send(({ message, result }) => again(message, result, ports.clock.nowMs()), ports.submitQueue.send);
  return failed;
}

async function eventsOf({ jobs }: SubmitPorts, job: JobRecord | undefined): Promise<LifecycleEvent[]> {
  if (job === undefined) return [];
  return [lifecycleEvent(await withMetadata(jobs, job))];
}

/** The records, tenants and gates of all messages of a batch, in one read. */
async function load(ports: SubmitPorts, asked: readonly SubmitMessage[]) {
  const tenantIds = asked.map(({ tenantId }) => tenantId);
  const [jobs, tenants, gates] = await together([
    ports.jobs.load(asked.map(({ jobId }) => jobId)),
    ports.tenants.load(tenantIds),
    ports.gates.load(tenantIds),
  ]);
  return {
    /** A message that names another tenant than the record was not sent by Headgate. */
    job({ jobId, tenantId }: SubmitMessage): JobRecord | undefined {
      const job = jobs.get(jobId);
      return job?.tenantId === tenantId ? job : undefined;
    },
    step(message: SubmitMessage): Step {
      const gate = gates.get(message.tenantId);
      const holdsSlot = gate?.holders.some((holder) => holderName(holder) === holderName(message)) === true;
      const policy = policyOf(tenants.get(message.tenantId), ports.defaults);
      return { asked: message, weight: policy?.weight ?? 1, gate, holdsSlot };
    },
  };
}

function again({ body }: Message, { againAtMs }: SubmissionResult, nowMs: number) {
  return againAtMs === undefined ? [] : [{ body, delaySeconds: (againAtMs - nowMs) / 1000 }];
}
