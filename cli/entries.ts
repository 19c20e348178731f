/** The first words of `headgate`. */
import type { Program } from './program/parse.ts';

export const program: Program = {
  name: 'headgate',
  summary: 'The front door that AWS Batch lacks: jobs, tenants, webhooks and dead letters of a stack.',
  entries: {
    job: { summary: 'jobs of tenants', load: async () => (await import('./job/job.ts')).noun },
    group: {
      summary: 'groups of jobs that end together',
      load: async () => (await import('./group/group.ts')).noun,
    },
    array: {
      summary: 'one job for each of many inputs, by one message',
      load: async () => (await import('./array/array.ts')).noun,
    },
    failure: {
      summary: 'jobs that failed for good, and why',
      load: async () => (await import('./failure/failure.ts')).noun,
    },
    operation: {
      summary: 'redrive, cancel or replay all that match a filter, and how far that has come',
      load: async () => (await import('./operation/operation.ts')).noun,
    },
    tenant: {
      summary: 'what tenants may do: caps, weights, quotas, pauses',
      load: async () => (await import('./tenant/tenant.ts')).noun,
    },
    schedule: {
      summary: 'jobs that run by the clock',
      load: async () => (await import('./schedule/schedule.ts')).noun,
    },
    webhook: {
      summary: 'endpoints of tenants, their deliveries, and replays',
      load: async () => (await import('./webhook/webhook.ts')).noun,
    },
    dlq: {
      summary: 'dead letters: messages and jobs that do not go on by themselves',
      load: async () => (await import('./dlq/dlq.ts')).noun,
    },
    worker: {
      summary: 'the programs of job types: run one here, without a queue',
      load: async () => (await import('./worker/worker.ts')).noun,
    },
    key: {
      summary: 'keys of the API, and tokens that they sign',
      load: async () => (await import('./key/key.ts')).noun,
    },
    cost: {
      summary: 'what the attempts of a month cost, by tenant, job type, job or tag',
      load: async () => (await import('./cost.ts')).cost,
    },
    budget: {
      summary: 'what tenants may spend in a month',
      load: async () => (await import('./budget.ts')).noun,
    },
    slots: { summary: 'the slots of tenants', load: async () => (await import('./slots.ts')).noun },
    reconcile: {
      summary: 'find what was lost and take it its next step, as tick does every minute',
      load: async () => (await import('./reconcile.ts')).reconcile,
    },
    console: {
      summary: 'what jobs, tenants and schedules do, in a browser, and what to do about it',
      load: async () => (await import('./console/console.ts')).console,
    },
    doctor: {
      summary: 'look at everything that a stack needs, and say what to do about each fault',
      load: async () => (await import('./doctor/doctor.ts')).doctor,
    },
    clock: {
      summary: 'the time of the stack of npm start, which can be moved forward',
      load: async () => (await import('./clock.ts')).noun,
    },
    start: {
      summary: 'Headgate and its AWS on this machine; its options are those of npm start',
      load: () => import('./start.ts'),
    },
    completion: {
      summary: 'a completion script for bash, zsh or fish',
      load: async () => (await import('./completion.ts')).completionOf(program.entries),
    },
  },
  details: `headgate NOUN --help lists the verbs of a noun, headgate NOUN VERB --help the options of a verb.
--local takes the stack of npm start on this machine; otherwise the standard AWS variables and files say where to look.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused by a rule, 5 cannot be reached, 130 interrupted.`,
};
