/** What would become of a request, if it were sent now. */
import type { Problem } from '../errors.ts';
import type { JobRecord } from '../job/job.ts';
import type { WholeJob } from '../job/parts.ts';
import type { Priority } from '../job/priority.ts';
import type { Wait } from '../tenant/why.ts';

export type Trial =
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** It was sent before, and this is its job. */
  | { readonly kind: 'known'; readonly job: JobRecord }
  | {
      readonly kind: 'accepted';
      /** As it would be recorded. */
      readonly job: WholeJob;
      /** Lower than was asked for. */
      readonly clampedPriority: Priority | undefined;
      readonly wait: Wait;
    };

/** One sentence. @param waitText of a wait for the reader, who may be a tenant or an operator */
export function trialText(trial: Trial, waitText: (wait: Wait) => string): string {
  switch (trial.kind) {
    case 'refused': {
      const { code, pointer, message } = trial.problem;
      return `It would be refused: ${code}${pointer === '' ? '' : ` at ${pointer}`}. ${message}`;
    }
    case 'known':
      return `It is ${trial.job.jobId} already, which is ${trial.job.state}.`;
    case 'accepted': {
      const { wait, clampedPriority } = trial;
      const lowered = clampedPriority === undefined ? '' : ` with priority ${clampedPriority}`;
      return wait.kind === 'turn'
        ? `It would be accepted${lowered}, and go to AWS Batch at once.`
        : `It would be accepted${lowered}, and wait: ${waitText(wait)}.`;
    }
  }
}
