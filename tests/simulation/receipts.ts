/** The receipts of attempts, at the level of their port, and what must hold of them. */

import { monthOf, type Receipt } from '../../domain/cost/receipt.ts';
import { CountedOnce, minuteOf, type Sheet } from '../../domain/cost/sheet.ts';
import { isFunctionRun } from '../../domain/executor/executor.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { ReceiptStore } from '../../io/table/receipts.ts';
import { type Run, reach, read } from './faults.ts';
import type { Process } from './world.ts';

/**
 * By clocks that differ a run may take no time at all, and less than half a micro-dollar is none. The job type on Lambda has 512 MiB here: 0.2
 * micro-dollars for its request, and 6.67 a second. domain/cost/prices has both.
 */
const FREE_ON_LAMBDA_MS = 45;

export interface VirtualReceipts {
  /** I22: a sum that is noted is that of the receipts at the moment at which this process read them. */
  checkSum(process: Process, tenantId: string, usdMicro: number): void;
  portFor(process: Process): ReceiptStore;
  /** I21: once the world is at rest. */
  audit(jobs: readonly JobRecord[]): void;
}

export function virtualReceipts(run: Run): VirtualReceipts {
  const items = new Map<string, Sheet>();
  const sums = new Map<string, number>();
  const sumName = (process: Process, tenantId: string) => `${process.name} ${tenantId}`;
  const keyOf = (sheet: Sheet) => {
    const [{ tenantId, endedAt }] = sheet;
    const names = sheet.map((each) => `${each.jobId} ${each.attempt}`).toSorted();
    const place = String(sheet.length === 1 ? endedAt : minuteOf(endedAt)).padStart(13, '0');
    return `${tenantId} ${monthOf(endedAt)} ${place} ${names.join(' ')}`;
  };
  /** As a reader goes through them. */
  const receiptsIn = (prefix: string): Receipt[] => {
    const counted = new CountedOnce();
    const own = [...items].filter(([key]) => key.startsWith(prefix)).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return own.flatMap(([, sheet]) =>
      sheet.filter((receipt) => {
        const isFirst = counted.isFirst(receipt);
        if (!isFirst) run.count('receipt on two sheets');
        return isFirst;
      }),
    );
  };
  return {
    checkSum(process, tenantId, usdMicro) {
      run.count('budget summed');
      const expected = sums.get(sumName(process, tenantId));
      if (usdMicro !== expected)
        run.violate(
          'I22',
          `the spend of ${tenantId} is noted as ${usdMicro}, its receipts came to ${expected}`,
        );
    },
    portFor: (process) => ({
      put: (sheet) =>
        reach(run, process, { site: 'receipts.put', jobId: sheet[0].jobId }, () => {
          if (items.has(keyOf(sheet))) run.count('receipt put again');
          else items.set(keyOf(sheet), sheet);
          if (sheet.length > 1) run.count('receipts left together');
        }),
      tenants: async (month) => [
        ...new Set(
          [...items.values()]
            .flat()
            .flatMap(({ tenantId, endedAt }) => (monthOf(endedAt) === month ? [tenantId] : [])),
        ),
      ],
      async *of(tenantId, month) {
        yield* receiptsIn(`${tenantId} ${month} `);
      },
      async *between(tenantId, fromMs, untilMs) {
        const own = await read(run, process, undefined, () => receiptsIn(`${tenantId} `));
        sums.set(
          sumName(process, tenantId),
          own.reduce((sum, { usdMicro }) => sum + usdMicro, 0),
        );
        yield* own.filter(({ endedAt }) => endedAt >= fromMs && endedAt < untilMs);
      },
    }),
    audit(jobs) {
      const costs = jobs.flatMap(({ endedAttempts }) => endedAttempts.map(({ usdMicro = 0 }) => usdMicro));
      const total = (amounts: readonly number[]) => amounts.reduce((sum, each) => sum + each, 0);
      const tenantIds = new Set([...items.values()].map(([{ tenantId }]) => tenantId));
      const receipts = [...tenantIds].flatMap((tenantId) => receiptsIn(`${tenantId} `));
      for (const { jobId, endedAttempts } of jobs)
        for (const { attempt, usdMicro = 0, runId, startedAt, endedAt } of endedAttempts) {
          const own = receipts.filter((each) => each.jobId === jobId && each.attempt === attempt);
          if (own.length !== (usdMicro === 0 ? 0 : 1) || (own[0]?.usdMicro ?? 0) !== usdMicro)
            run.violate(
              'I21',
              `attempt ${attempt} of ${jobId} cost ${usdMicro} and has ${JSON.stringify(own)}`,
              jobId,
            );
          if (startedAt === undefined || runId === undefined) continue;
          if (isFunctionRun(runId) && endedAt - startedAt < FREE_ON_LAMBDA_MS) continue;
          if (usdMicro === 0)
            run.violate('I21', `attempt ${attempt} of ${jobId} ran and cost nothing`, jobId);
        }
      const sum = total(receipts.map(({ usdMicro }) => usdMicro));
      if (sum !== total(costs))
        run.violate('I21', `receipts come to ${sum}, ended attempts to ${total(costs)}`);
    },
  };
}
