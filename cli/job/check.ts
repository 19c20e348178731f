/** `headgate job check`: what would become of a message, by the records that are there now. */
import { type TrialPorts, tryOut } from '../../application/intake/trial.ts';
import { readAccount } from '../../application/tenant/tenant-admin.ts';
import { type JobRequest, parseRequest } from '../../domain/request/request.ts';
import { trialText } from '../../domain/request/trial.ts';
import { policyOf, type TenantDefaults } from '../../domain/tenant/policy.ts';
import { waitText } from '../../domain/tenant/why.ts';
import { jobTypes } from '../../job-types.ts';

type Ports = TrialPorts & Parameters<typeof readAccount>[0];

/** The defaults of a stage are its parameters; a trial uses the template's unless options say otherwise. */
const defaults: TenantDefaults = {
  admitUnknown: false,
  cap: 0,
  waitingQuota: 100_000,
  priorityCeiling: 'urgent',
  abovePriorityCeiling: 'clamp',
};

const OBJECT_DAYS = 30;

/** @returns one sentence */
export async function verdictOf(ports: Ports, body: string, bucket: string | undefined): Promise<string> {
  const parsed = parseRequest(body.trim());
  if (parsed.kind === 'refused') return trialText(parsed, waitText);
  if (parsed.kind === 'cancel') return 'It would cancel a job.';
  if (parsed.kind === 'group')
    return `It would ${parsed.asked.action === 'group.seal' ? 'seal' : 'cancel'} a group.`;
  const { request } = parsed;
  const { tenant, gate } = await readAccount(ports, request.tenantId);
  const trial = await tryOut(ports, request, {
    policy: policyOf(tenant, defaults),
    waiting: gate === undefined ? 0 : await ports.waiting.count(request.tenantId),
    types: jobTypes,
    bucket: bucket ?? bucketNamedIn(request),
    objectDays: OBJECT_DAYS,
    nowMs: ports.clock.nowMs(),
  });
  return trialText(trial, waitText);
}

/** Without an option the first bucket that the message names is taken for the stack's. */
function bucketNamedIn(request: JobRequest): string {
  return (
    /s3:\/\/([^/"]+)\//.exec(JSON.stringify({ input: request.input, inputRef: request.inputRef }))?.[1] ?? ''
  );
}
