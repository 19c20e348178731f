/** Requests for jobs: one, several, and one that is only to be judged. */
import type * as z from 'zod';
import { circumstancesOf } from '../../application/intake/admission.ts';
import { type TrialPorts, tryOut } from '../../application/intake/trial.ts';
import type { Refused } from '../../application/resources/refused.ts';
import {
  knownOfTenant,
  type SubmitJobsPorts,
  type SubmittedOfBatch,
  submitJob,
  submitJobs,
} from '../../application/resources/submit-job.ts';
import { creationProblem, type Narrowing } from '../../domain/access/narrowing.ts';
import { problem, statusOf } from '../../domain/errors.ts';
import { type JobRecord, priorityOf } from '../../domain/job/job.ts';
import type { Audience } from '../../domain/reading/job-view.ts';
import { waitTextFor, waitView } from '../../domain/reading/wait-view.ts';
import { parseBatch } from '../../domain/request/batch.ts';
import { type ParsedSubmission, parseSubmission } from '../../domain/request/request.ts';
import { type Trial, trialText } from '../../domain/request/trial.ts';
import { jobSpanIdOf, traceContextIn, traceOf, traceparentOf } from '../../domain/trace/context.ts';
import type { BatchResult, Verdict } from '../contract/jobs.ts';
import { type Handlers, ok } from '../handler.ts';
import { failureOf, refusalBody } from '../refusals.ts';
import { tenantMissing } from './parameters.ts';

export type SubmissionPorts = SubmitJobsPorts & TrialPorts;

export function submissionHandlers(
  ports: SubmissionPorts,
): Handlers<'submitJob' | 'submitJobs' | 'checkJob'> {
  const submitted = submitJob(ports);
  const submittedTogether = submitJobs(ports);
  const known = knownOfTenant(ports);
  return {
    async submitJob({ caller, headers, body, requestId }) {
      if (caller.tenantId === undefined) return tenantMissing;
      const sender = { tenantId: caller.tenantId, idempotencyKey: headers['Idempotency-Key'] };
      const parsed = within(caller.narrowing, withTrace(parseSubmission(body, sender), headers.traceparent));
      const outcome = await submitted(requestId, parsed, caller.signedBy);
      if (outcome.kind === 'refused') return outcome;
      const { jobId: id, state } = outcome.job;
      const told = tracedBack(outcome.job);
      if (outcome.kind === 'created')
        return { kind: 'answer', status: 201, body: { id, state }, headers: told };
      return { ...ok({ id, state }), headers: { 'Idempotent-Replayed': 'true', ...told } };
    },

    async submitJobs({ caller, body, requestId }) {
      if (caller.tenantId === undefined) return tenantMissing;
      // One job is all that it may start.
      if (caller.narrowing.onlyKey !== undefined) return forOneJob;
      const batch = parseBatch(body, caller.tenantId);
      if (batch.kind === 'refused') return batch;
      const requests = batch.requests.map((parsed) => within(caller.narrowing, parsed));
      const outcomes = await submittedTogether(requestId, caller.tenantId, requests, caller.signedBy);
      return ok({ results: outcomes.map((outcome) => resultOf(outcome, requestId)) });
    },

    async checkJob({ caller, headers, body, requestId }) {
      if (caller.tenantId === undefined) return tenantMissing;
      const sender = { tenantId: caller.tenantId, idempotencyKey: headers['Idempotency-Key'] };
      const parsed = within(caller.narrowing, parseSubmission(body, sender));
      const trial =
        parsed.kind === 'refused'
          ? parsed
          : await tryOut(
              ports,
              parsed.request,
              circumstancesOf(ports, await known(caller.tenantId), caller.tenantId),
            );
      return ok(verdictOf(trial, caller.audience, requestId));
    },
  };
}

/** The header is the sender's word unless the body has one. Like the attribute of a message it changes no fingerprint. */
function withTrace(parsed: ParsedSubmission, header: string | undefined): ParsedSubmission {
  const given = traceContextIn(header);
  if (given === undefined || parsed.kind !== 'submit' || parsed.request.traceparent !== undefined)
    return parsed;
  return { ...parsed, request: { ...parsed.request, traceparent: traceparentOf(given) } };
}

/** A job outside of what the credential was narrowed to is refused. */
function within(narrowing: Narrowing, parsed: ParsedSubmission): ParsedSubmission {
  const outside = parsed.kind === 'submit' ? creationProblem(narrowing, parsed.request) : undefined;
  return outside === undefined ? parsed : { kind: 'refused', problem: outside };
}

const forOneJob: Refused = {
  kind: 'refused',
  problem: problem('scope_missing', '', 'Expected a credential that may start more than one job.'),
};

function resultOf(outcome: SubmittedOfBatch, requestId: string): z.infer<typeof BatchResult> {
  switch (outcome.kind) {
    case 'created':
    case 'replayed': {
      const { jobId: id, state } = outcome.job;
      return { status: outcome.kind === 'created' ? 201 : 200, id, state };
    }
    case 'refused':
    case 'unknown': {
      const why = outcome.kind === 'refused' ? outcome.problem : failureOf(outcome.error);
      return { status: statusOf(why.code), problem: refusalBody(why, requestId) };
    }
  }
}

function verdictOf(trial: Trial, audience: Audience, requestId: string): z.infer<typeof Verdict> {
  const verdict = trial.kind;
  const text = trialText(trial, (wait) => waitTextFor(wait, audience));
  if (trial.kind === 'refused') return { verdict, text, problem: refusalBody(trial.problem, requestId) };
  const { jobId: id, state } = trial.job;
  if (trial.kind === 'known') return { verdict, text, id, state };
  const wait = waitView(trial.job, trial.wait, audience);
  return { verdict, text, id, state, priority: priorityOf(trial.job), wait };
}

/** The span of the job, for a sender that traces. */
function tracedBack(job: JobRecord): Record<string, string> {
  const trace = traceOf(job);
  return trace === undefined ? {} : { traceparent: traceparentOf({ ...trace, spanId: jobSpanIdOf(job) }) };
}
