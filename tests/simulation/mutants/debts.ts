/** Rules of what a job still owes when it is over, of webhooks, of cancels, and of tick. */
import { jobIdOf } from '../../../application/job/identity.ts';
import { changed, isFinal } from '../../../domain/job/job.ts';
import type { Defect } from '../lambdas.ts';
import { type Expectation, each, reading, writing } from './defects.ts';

const rowless: Defect = ({ failures }) => ({ failures: { ...failures, record: async () => undefined } });

const unpaid: Defect = ({ receipts }) => ({ receipts: { ...receipts, put: async () => undefined } });
/** A minute that a repeat does not have. */
const twice: Defect = ({ receipts, clock }) => ({
  receipts: {
    ...receipts,
    put: ([first, ...rest]) => {
      const now = { endedAt: clock.nowMs() };
      return receipts.put([{ ...first, ...now }, ...rest.map((owed) => ({ ...owed, ...now }))]);
    },
  },
});
/** Those that share a sheet with another. */
const alone: Defect = ({ receipts }) => ({
  receipts: { ...receipts, put: ([first]) => receipts.put([first]) },
});

const forgiving: Defect = ({ receipts, log }) => ({
  receipts: {
    ...receipts,
    put: (owed) =>
      receipts.put(owed).catch((error) => log.error('receipt:put:failed', { why: String(error) })),
  },
});

const silent: Defect = () => ({
  bus: { publish: async () => undefined },
  submitQueue: { send: async () => undefined },
});

export const ofDebts: readonly Expectation[] = [
  {
    rule: 'R5',
    without: 'the dispatch after an event',
    profile: 'race',
    firstSeed: 2,
    mutant: { defects: { track: silent } },
  },
  {
    rule: '2.6',
    without: 'the row of a failed job',
    profile: 'chaos',
    firstSeed: 3,
    mutant: { defects: { submit: rowless, track: rowless, tick: rowless } },
  },
  {
    rule: 'I21',
    without: 'the receipt of an attempt',
    profile: 'chaos',
    firstSeed: 1,
    mutant: { defects: { submit: unpaid, track: unpaid, tick: unpaid } },
  },
  {
    rule: 'I21',
    without: 'one minute for a receipt and its repeat',
    profile: 'chaos',
    firstSeed: 2,
    mutant: { defects: { submit: twice, track: twice, tick: twice } },
  },
  {
    rule: 'I21',
    without: 'the receipts that share a sheet with another',
    profile: 'chaos',
    firstSeed: 108,
    mutant: { defects: { submit: alone, track: alone, tick: alone } },
  },
  {
    rule: 'I21',
    without: 'the wait of what follows for the receipt',
    profile: 'chaos',
    firstSeed: 346,
    mutant: { defects: { submit: forgiving, track: forgiving, tick: forgiving } },
  },
  {
    rule: 'R5',
    without: 'delivery rows before the job is settled',
    profile: 'race',
    firstSeed: 1,
    mutant: {
      defects: { notify: ({ endpoints }) => ({ endpoints: { ...endpoints, list: async () => [] } }) },
    },
  },
  {
    rule: 'I19',
    without: 'reconcile for deliveries whose message was lost',
    profile: 'chaos',
    firstSeed: 71,
    mutant: {
      defects: { tick: ({ deliveries }) => ({ deliveries: { ...deliveries, putOff: async () => 'lost' } }) },
    },
  },
  {
    rule: 'I19',
    without: 'a message for a first try that failed',
    profile: 'race',
    firstSeed: 3,
    mutant: { defects: { notify: () => ({ deliveryQueue: { send: async () => undefined } }) } },
  },
  {
    rule: 'I10',
    without: 'a body that is made of the event alone',
    profile: 'chaos',
    firstSeed: 2,
    mutant: {
      message: (step, message) =>
        step === 'notify'
          ? { ...message, body: message.body.replace(/("createdAt":")[^"]+/, `$1${message.id}`) }
          : message,
    },
  },
  {
    rule: 'R10',
    without: 'a dueAt on the final record',
    profile: 'chaos',
    firstSeed: 1,
    mutant: {
      defects: {
        track: writing((jobs, seen, { dueAt, ...next }) =>
          jobs.replace(seen, isFinal(next.state) || dueAt === undefined ? next : { ...next, dueAt }),
        ),
      },
    },
  },
  {
    rule: 'R10',
    without: 'an end of the wait for a turn, after which a message is sent',
    profile: 'chaos',
    firstSeed: 67,
    mutant: {
      defects: {
        tick: reading((job) =>
          job.turnUntil === undefined ? job : { ...job, turnUntil: Number.MAX_SAFE_INTEGER },
        ),
      },
    },
  },
  {
    rule: 'R12',
    without: 'the roll before the records of its jobs',
    profile: 'chaos',
    firstSeed: 52,
    mutant: {
      defects: {
        intake: ({ rolls }) => ({
          rolls: { ...rolls, put: async (roll) => void rolls.put(roll).catch(() => undefined) },
        }),
      },
    },
  },
  {
    rule: 'R12',
    without: 'keeping a roll until a record that is on its way must have come',
    profile: 'chaos',
    firstSeed: 226,
    mutant: {
      defects: {
        tick: ({ rolls }) => ({ rolls: { ...rolls, postpone: (roll) => rolls.removeAll([roll]) } }),
      },
    },
  },
  {
    rule: 'R12',
    without: 'keeping a roll while the look at one of its jobs has failed',
    profile: 'chaos',
    firstSeed: 76,
    mutant: {
      defects: { tick: ({ due }) => ({ due: { ...due, postponeFailed: async () => undefined } }) },
    },
  },
  {
    rule: '2.9',
    without: 'reconcile',
    profile: 'chaos',
    firstSeed: 2,
    mutant: { defects: { tick: ({ due }) => ({ due: { ...due, due: async () => ({ due: [] }) } }) } },
  },
  {
    rule: '2.10',
    without: "waiting for Batch's report after a cancel",
    profile: 'chaos',
    firstSeed: 17,
    mutant: {
      defects: {
        intake: writing((jobs, seen, next) =>
          jobs.replace(
            seen,
            next.state === 'cancelling'
              ? changed(seen, { state: 'cancelled', dueAt: next.dueAt }, next.stateAt)
              : next,
          ),
        ),
      },
    },
  },
  {
    rule: '2.10',
    without: 'the tombstone of a cancel that came first',
    profile: 'chaos',
    firstSeed: 2,
    mutant: {
      defects: {
        intake: ({ jobs }) => ({
          jobs: {
            ...jobs,
            createOver: (tombstone, job) =>
              jobs.createOver(
                tombstone,
                job.state === 'cancelled' ? changed(job, { state: 'waiting' }, job.stateAt) : job,
              ),
          },
        }),
      },
    },
  },
  {
    rule: '2.10',
    without: 'one name for the child of a failed job',
    profile: 'chaos',
    firstSeed: 2,
    mutant: {
      defects: {
        intake: ({ jobs, random }) => ({
          jobs: {
            ...jobs,
            create: (job) =>
              jobs.create(
                job.parent === undefined ? job : { ...job, jobId: jobIdOf(job.jobId, random.token()) },
              ),
          },
        }),
      },
    },
  },
  {
    rule: 'I11',
    without: "the endpoint's own key",
    profile: 'chaos',
    firstSeed: 1,
    mutant: {
      defects: each(['notify'], ({ keys }) => ({
        keys: { open: ({ tenantId }, sealed) => keys.open({ tenantId, endpointId: 'whe_another' }, sealed) },
      })),
    },
  },
  {
    rule: 'I13',
    without: 'asking for the endpoints of this tenant alone',
    profile: 'chaos',
    firstSeed: 1,
    mutant: {
      defects: each(['notify'], ({ endpoints }) => ({
        endpoints: {
          ...endpoints,
          list: async () => [...(await endpoints.list('acme')), ...(await endpoints.list('globex'))],
        },
      })),
    },
  },
  {
    rule: 'I1',
    without: 'the condition that the job is not recorded yet',
    profile: 'race',
    firstSeed: 2,
    mutant: {
      defects: {
        intake: ({ jobs }) => ({
          jobs: {
            ...jobs,
            create: async (job) => {
              const created = await jobs.create(job);
              if (created.kind !== 'exists') return created;
              await jobs.replace(created.job, { ...job, version: created.job.version + 1 });
              return { kind: 'created' };
            },
          },
        }),
      },
    },
  },
  {
    rule: '2.8',
    without: 'waiting for the next try of a delivery when its message comes early',
    profile: 'race',
    firstSeed: 10,
    mutant: {
      defects: {
        deliver: ({ deliveries }) => ({
          deliveries: {
            ...deliveries,
            get: async (name) => {
              const row = await deliveries.get(name);
              return row?.nextTryAt === undefined ? row : { ...row, nextTryAt: 0 };
            },
          },
        }),
      },
    },
  },
  {
    rule: 'R10',
    without: 'asking the record, and not the index, whether a job is due',
    profile: 'chaos',
    firstSeed: 6,
    mutant: {
      defects: { tick: reading((job) => (job.dueAt === undefined ? job : { ...job, dueAt: 0 })) },
    },
  },
  {
    rule: '2.9',
    without: 'each due item alone: one that cannot be read stops those around it',
    profile: 'chaos',
    firstSeed: 1,
    mutant: {
      defects: {
        tick: ({ jobs }) => ({
          jobs: {
            ...jobs,
            load: async (jobIds) => {
              const found = await jobs.load(jobIds);
              for (const jobId of jobIds) found.get(jobId);
              return found;
            },
          },
        }),
      },
    },
  },
  {
    rule: 'I11',
    without: 'signing with both keys while one is being rotated',
    profile: 'chaos',
    firstSeed: 16,
    mutant: {
      defects: each(['notify'], ({ endpoints }) => ({
        endpoints: {
          ...endpoints,
          list: async (tenantId) =>
            (await endpoints.list(tenantId)).map(({ endpoint, health }) => ({
              endpoint: { ...endpoint, keys: endpoint.keys.slice(0, 1) },
              health,
            })),
        },
      })),
    },
  },
];
