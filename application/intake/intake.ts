/**
 * Woken by the front queue. Leaves one record for each job and the message for its next step; cancels jobs; turns a
 * message that cannot be a job into a dead letter at once.
 */
import { refusedMessage } from '../../domain/dead-letter/dead-letter.ts';
import { rejectionOf } from '../../domain/dead-letter/rejection.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { isUnsettled } from '../../domain/job/job.ts';
import { type ParsedRequest, parseRequest } from '../../domain/request/request.ts';
import { policyOf } from '../../domain/tenant/policy.ts';
import { traceparentBeside } from '../../domain/trace/context.ts';
import { deduplicatedEvent } from '../../domain/webhook/notification.ts';
import type { Message, MessageBatch } from '../../io/aws/lambda.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { together } from '../apart.ts';
import { type DispatchPorts, dispatch } from '../job/dispatch.ts';
import { eachAlone } from '../messages.ts';
import { type AdmissionPorts, take } from './admission.ts';
import { backlogCounter, type QuotaPorts, usedBudgets } from './quota.ts';
import { type RecordTogetherPorts, recordingTogether } from './record-together.ts';

export interface IntakePorts extends AdmissionPorts, DispatchPorts, QuotaPorts, RecordTogetherPorts {
  readonly jobs: AdmissionPorts['jobs'] & DispatchPorts['jobs'];
  readonly groups: AdmissionPorts['groups'] & DispatchPorts['groups'];
  readonly tenants: Pick<TenantStore, 'load'>;
  readonly gates: Pick<GateStore, 'load'>;
}

export function intake(ports: IntakePorts): MessageBatch {
  const countBacklogs = backlogCounter(ports);
  const recording = { ...ports, jobs: { ...ports.jobs, create: recordingTogether(ports) } };
  return async (messages) => {
    const read = messages.map((message) => ({
      message,
      parsed: withTrace(parseRequest(message.body), message),
    }));
    const tenantIds = read.flatMap(({ parsed }) => tenantOf(parsed) ?? []);
    const [tenants, gates] = await together([ports.tenants.load(tenantIds), ports.gates.load(tenantIds)]);
    const backlogs = await countBacklogs(
      gates,
      (tenantId) => policyOf(tenants.get(tenantId), ports.defaults)?.waitingQuota,
    );
    const known = { tenants, backlogs, budgets: usedBudgets(gates), nowMs: ports.clock.nowMs() };
    const outcomes = await eachAlone(read, ports.log, async ({ message, parsed }) => ({
      message,
      ...(await take(recording, message, parsed, known)),
    }));

    const taken = outcomes.filter((outcome) => outcome.kind === 'taken');
    await passOn(
      ports,
      taken.map(({ job }) => job),
    );
    await publishRepeated(
      ports,
      taken.filter(({ repeated }) => repeated),
    );
    const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
    // Each one alone: a body that leaves no room for the reason stays in the queue, which moves it to the dead
    // letters as it is.
    const buried = await eachAlone(refused, ports.log, async ({ message, problem }) => {
      const letter = refusedMessage(message, problem, ports.clock.nowMs());
      // Published first: if the message is delivered again after that, the event is the same.
      await ports.bus.publish(rejectionOf(message, letter));
      await ports.deadLetters.send([letter]);
      return message.id;
    });
    const rest = outcomes.filter((outcome) => outcome.kind !== 'refused').map(({ message }) => message.id);
    return new Set([...rest, ...buried]);
  };
}

/** The trace does not change the fingerprint, so a message that is sent again in another trace is the same job. */
function withTrace(parsed: ParsedRequest, { attributes, awsTraceHeader }: Message): ParsedRequest {
  if (parsed.kind !== 'submit' && parsed.kind !== 'array') return parsed;
  if (parsed.request.traceparent !== undefined) return parsed;
  const traceparent = traceparentBeside(attributes, awsTraceHeader);
  if (traceparent === undefined) return parsed;
  return parsed.kind === 'submit'
    ? { ...parsed, request: { ...parsed.request, traceparent } }
    : { ...parsed, request: { ...parsed.request, traceparent } };
}

function tenantOf(parsed: ParsedRequest): string | undefined {
  if (parsed.kind === 'refused') return undefined;
  if (parsed.kind === 'group') return parsed.asked.tenantId;
  return parsed.kind === 'cancel' ? parsed.cancel.tenantId : parsed.request.tenantId;
}

/**
 * The records exist, so their jobs will run whatever happens now: reconcile sends what could not be sent. To keep the
 * messages instead could make a second job of a message without a key, if the queue moved it to its dead letters.
 */
async function passOn(ports: IntakePorts, jobs: readonly JobRecord[]): Promise<void> {
  // A repeated message finds its job at a later state: then only what is not settled is dispatched again.
  const toDispatch = jobs.filter(
    (job) => job.version === 1 || job.state === 'cancelling' || isUnsettled(job),
  );
  await dispatch(ports, toDispatch);
}

/** Nothing depends on it, so a bus that does not answer keeps no message. */
async function publishRepeated(
  ports: IntakePorts,
  repeated: readonly { readonly message: Message; readonly job: JobRecord }[],
): Promise<void> {
  const events = repeated.map(({ message, job }) => deduplicatedEvent(job, message.id, ports.clock.nowMs()));
  await ports.bus.publish(events).catch((error: unknown) => {
    ports.log.error('job:deduplicate:unpublished', { error, count: events.length });
  });
}
