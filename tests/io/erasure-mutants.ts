/** Rules of the erasure that are taken out, one by one, to see what is left then. */
import type { ErasePorts } from '../../application/operation/erase.ts';

export interface ErasureMutant {
  readonly without: string;
  readonly leaves: RegExp;
  readonly flawed: (sound: ErasePorts) => Partial<ErasePorts>;
}
export const mutants: readonly ErasureMutant[] = [
  {
    without: 'the passes until all has been quiet',
    leaves: /^(?:row|object)/,
    flawed: ({ operations }) => ({
      operations: {
        ...operations,
        replace: (seen, next) =>
          operations.replace(seen, { ...next, cursor: next.cursor?.replace(/"overAt":\d+/, '"overAt":0') }),
      },
    }),
  },
  {
    without: 'the rows that no list names',
    leaves: /^row/,
    flawed: ({ tenantRows: sound }) => ({
      tenantRows: {
        ...sound,
        async page(...asked) {
          const page = await sound.page(...asked);
          return { ...page, rows: page.rows.filter(({ key }) => !key.pk.startsWith('WAITS#')) };
        },
      },
    }),
  },
  {
    without: 'the wait for an end that is not told',
    leaves: /^no process told/,
    flawed: ({ tenantRows: sound }) => ({
      tenantRows: {
        ...sound,
        async page(...asked) {
          const page = await sound.page(...asked);
          return { ...page, rows: page.rows.map(({ openJobId: _, ...row }) => row) };
        },
      },
    }),
  },
  {
    without: 'logs before the rows that name them',
    leaves: /^log/,
    flawed: ({ tenantRows: sound, workerLogs }) => {
      const named: string[] = [];
      return {
        workerLogs: { ...workerLogs, remove: async (stream) => void named.push(stream) },
        tenantRows: {
          ...sound,
          async remove(...asked) {
            await sound.remove(...asked);
            for (const stream of named.splice(0)) await workerLogs.remove(stream);
          },
        },
      };
    },
  },
  {
    without: 'the logs that no row names',
    leaves: /^log a sandbox/,
    flawed: ({ workerLogs }) => ({ workerLogs: { ...workerLogs, streamsOf: async () => [] } }),
  },
  {
    without: 'the versions of objects',
    leaves: /^object/,
    flawed: ({ tenantObjects: sound }) => ({
      tenantObjects: { ...sound, removeSome: async () => ({ removed: 0, hasMore: false }) },
    }),
  },
  {
    without: 'the name of the operation on the record',
    leaves: /^the tenant of today/,
    flawed: ({ tenantRows: sound }) => ({
      tenantRows: {
        ...sound,
        removeRecord: (tenantId) =>
          sound.remove(tenantId, [
            {
              key: { pk: `TENANT#${tenantId}`, sk: 'TENANT' },
              more: [],
              isShared: false,
              logStreams: [],
              runs: [],
            },
          ]),
      },
    }),
  },
];
