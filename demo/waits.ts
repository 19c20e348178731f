/** Why a job waits, as `headgate job why` says it. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { rowOf } from '../domain/tenant/waiting.ts';
import { waitText, whyWaiting } from '../domain/tenant/why.ts';
import { systemRandom } from '../io/process/random.ts';
import { gateStore } from '../io/table/gates.ts';
import { jobStore } from '../io/table/jobs.ts';
import { table } from '../io/table/table.ts';
import { waitingStore } from '../io/table/waiting.ts';

/** The template's parameter DefaultTenantCap, which the laptop leaves as it is: none. */
const DEFAULT_CAP = 0;

/** @returns for a job id one sentence, or nothing when the job does not wait any more */
export function waitReasons(
  dynamo: DynamoDBDocumentClient,
  tableName: string,
): (jobId: string) => Promise<string> {
  const items = table(dynamo, tableName, systemRandom);
  const [jobs, gates, waiting] = [jobStore(items), gateStore(items), waitingStore(items)];
  return async (jobId) => {
    const job = await jobs.get(jobId);
    if (job === undefined) return '';
    const gate = (await gates.load([job.tenantId])).get(job.tenantId);
    const ahead = await waiting.count(job.tenantId, rowOf(job));
    const wait = whyWaiting(job, { gate, defaultCap: DEFAULT_CAP, ahead });
    // Every job waits a moment for its turn; a reason that is none would be on each line.
    return wait.kind === 'none' || wait.kind === 'turn' ? '' : waitText(wait);
  };
}
