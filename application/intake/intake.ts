/**
 * Woken by the front queue. Leaves one record for each job and the message for its next step; cancels what it is asked
 * to; a message that cannot be a job goes to the dead-letter queue at once, with the reason.
 */
import { rejectionOf } from '../../domain/dead-letter/rejection.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { isOwed } from '../../domain/job/job.ts';
import { type ParsedRequest, parseRequest } from '../../domain/request/request.ts';
import type { MessageBatch } from '../../io/aws/lambda.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { type DebtPorts, payDebts } from '../job/dispatch.ts';
import { eachAlone } from '../messages.ts';
import { type AdmissionPorts, take } from './admission.ts';
import { backlogsOf, type QuotaPorts } from './quota.ts';

export interface IntakePorts extends AdmissionPorts, DebtPorts, QuotaPorts {
  readonly tenants: Pick<TenantStore, 'load'>;
}

export function intake(ports: IntakePorts): MessageBatch {
  return async (messages) => {
    const read = messages.map((message) => ({ message, parsed: parseRequest(message.body) }));
    const tenantIds = read.flatMap(({ parsed }) => tenantOf(parsed) ?? []);
    const [tenants, backlogs] = await Promise.all([
      ports.tenants.load(tenantIds),
      backlogsOf(ports, tenantIds),
    ]);
    const outcomes = await eachAlone(read, ports.log, async ({ message, parsed }) => ({
      message,
      ...(await take(ports, message, parsed, { tenants, backlogs })),
    }));

    const taken = outcomes.filter((outcome) => outcome.kind === 'taken');
    await passOn(
      ports,
      taken.map(({ job }) => job),
    );
    const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
    // Each alone: a body so large that its reason does not fit beside it stays, and the queue buries it whole.
    const buried = await eachAlone(refused, ports.log, async ({ message, letter }) => {
      // Told first: should the message come back after it, the event is the same.
      await ports.bus.publish(rejectionOf(message, letter));
      await ports.deadLetters.send([letter]);
      return message.id;
    });
    const rest = outcomes.filter((outcome) => outcome.kind !== 'refused').map(({ message }) => message.id);
    return new Set([...rest, ...buried]);
  };
}

function tenantOf(parsed: ParsedRequest): string | undefined {
  if (parsed.kind === 'refused') return undefined;
  return parsed.kind === 'submit' ? parsed.request.tenantId : parsed.cancel.tenantId;
}

/**
 * The records are there, so their jobs will run whatever happens now: the sweep sends what could not be sent. Giving the
 * messages back instead could make a second job of one without a key, should the queue move it to its dead letters.
 */
async function passOn(ports: IntakePorts, jobs: readonly JobRecord[]): Promise<void> {
  // A repeated message finds its job further on: then only what is still owed to the tenant is sent again.
  const owing = jobs.filter((job) => job.version === 1 || job.state === 'cancelling' || isOwed(job));
  await payDebts(ports, owing).catch((error: unknown) => {
    ports.log.error('debts:pay:failed', { error, count: owing.length });
  });
}
