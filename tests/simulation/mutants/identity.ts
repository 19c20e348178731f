/** Rules of the identity of a message: of letters that come back, of cancels and of the tombstones that they leave. */
import { split, type WholeJob } from '../../../domain/job/parts.ts';
import type { JobStore } from '../../../io/table/jobs.ts';
import type { Defect } from '../lambdas.ts';
import { type Expectation, writing } from './defects.ts';

const withJobs =
  (change: (jobs: JobStore) => Partial<JobStore>): Defect =>
  ({ jobs }) => ({ jobs: { ...jobs, ...change(jobs) } });

export const ofIdentity: readonly Expectation[] = [
  {
    rule: 'R11',
    without: 'the parts of a request before its record',
    profile: 'race',
    firstSeed: 36,
    mutant: {
      defects: {
        // A record that marks its parts has none of its own to write.
        intake: withJobs((jobs) => ({ create: (job) => jobs.create(split(job).record as WholeJob) })),
      },
    },
  },
  {
    rule: '2.10',
    without: 'the failed job on the letter of a refused redrive',
    profile: 'chaos',
    firstSeed: 75,
    mutant: {
      defects: {
        intake: ({ deadLetters }) => ({
          deadLetters: {
            send: (letters) =>
              deadLetters.send(
                letters.map(({ body, attributes: { deadLetterOf, ...rest } = {} }) => ({
                  body,
                  attributes:
                    rest['refusedAt'] === undefined && deadLetterOf ? { ...rest, deadLetterOf } : rest,
                })),
              ),
          },
        }),
      },
    },
  },
  {
    rule: '2.10',
    without: 'following a failed job to its newest redrive',
    profile: 'chaos',
    firstSeed: 205,
    mutant: {
      defects: {
        intake: withJobs((jobs) => ({
          stored: async (jobId) => {
            const held = await jobs.stored(jobId);
            return held.kind === 'job' && held.job.parent !== undefined
              ? { kind: 'job', job: { ...held.job, tenantId: 'none' } }
              : held;
          },
        })),
      },
    },
  },
  {
    rule: '2.10',
    without: 'a tombstone for the redrive that is on its way',
    profile: 'chaos',
    firstSeed: 2,
    mutant: {
      defects: {
        intake: withJobs((jobs) => {
          const failed = new Set<string>();
          return {
            stored: async (jobId) => {
              const held = await jobs.stored(jobId);
              if (held.kind === 'job' && held.job.state === 'failed') failed.add(jobId);
              return held;
            },
            leaveTombstone: async (seen, next) =>
              failed.size > 0 ? 'written' : jobs.leaveTombstone(seen, next),
          };
        }),
      },
    },
  },
  {
    rule: '2.10',
    without: 'renewing a tombstone',
    profile: 'chaos',
    firstSeed: 27,
    mutant: {
      defects: {
        intake: withJobs((jobs) => ({
          leaveTombstone: async (seen, next) =>
            seen === undefined ? jobs.leaveTombstone(seen, next) : 'written',
        })),
      },
    },
  },
  {
    rule: '2.10',
    without: "another tenant's part of a tombstone",
    profile: 'chaos',
    firstSeed: 989,
    mutant: {
      defects: {
        intake: withJobs((jobs) => ({
          leaveTombstone: (seen, next) => {
            const [newest] = Object.entries(next.cancels).toSorted(([, a], [, b]) => b - a);
            return jobs.leaveTombstone(seen, {
              ...next,
              cancels: Object.fromEntries(newest ? [newest] : []),
            });
          },
        })),
      },
    },
  },
  {
    rule: '2.10',
    without: 'the end of a tombstone',
    profile: 'chaos',
    firstSeed: 12,
    mutant: {
      defects: {
        intake: withJobs((jobs) => ({
          create: async (job) => {
            const created = await jobs.create(job);
            if (created.kind !== 'tombstone') return created;
            const cancels = Object.keys(created.tombstone.cancels).map((tenantId) => [tenantId, Infinity]);
            return {
              kind: 'tombstone',
              tombstone: { ...created.tombstone, cancels: Object.fromEntries(cancels) },
            };
          },
        })),
      },
    },
  },
  {
    rule: '2.10',
    without: 'the tenant of a cancel',
    profile: 'chaos',
    firstSeed: 18,
    mutant: {
      message: (step, message, job) => {
        if (step !== 'intake') return message;
        const { tenantId, jobId, ...rest } = JSON.parse(message.body);
        const owner = rest.action === 'job.cancel' ? job(jobId)?.tenantId : undefined;
        return { ...message, body: JSON.stringify({ ...rest, jobId, tenantId: owner ?? tenantId }) };
      },
    },
  },
  {
    rule: '2.10',
    without: 'a cancel that wins over the deadline for which its job is being ended',
    profile: 'alldrop',
    firstSeed: 2159,
    mutant: {
      defects: {
        intake: writing(async (jobs, seen, next) =>
          seen.state === 'cancelling' && seen.ending !== next.ending ? 'written' : jobs.replace(seen, next),
        ),
      },
    },
  },
];
