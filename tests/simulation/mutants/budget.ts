/** Rules of budgets. */
import type { Gate } from '../../../domain/tenant/gate.ts';
import type { Defect } from '../lambdas.ts';
import type { Expectation } from './defects.ts';

const blindToSpend: Defect = ({ gates }) => ({
  gates: {
    ...gates,
    load: async (tenantIds) => {
      const found = await gates.load(tenantIds);
      return new Map([...found].map(([id, gate]): [string, Gate] => [id, { ...gate, spend: undefined }]));
    },
  },
});

const countingTwice: Defect = ({ receipts }) => ({
  receipts: {
    ...receipts,
    async *between(...asked) {
      for await (const receipt of receipts.between(...asked)) yield* [receipt, receipt];
    },
  },
});

export const ofBudgets: readonly Expectation[] = [
  {
    rule: 'R7',
    without: 'the spend at the gate: an attempt begins although the budget is used',
    profile: 'chaos',
    firstSeed: 71,
    mutant: { defects: { submit: blindToSpend } },
  },
  {
    rule: 'I22',
    without: 'one count of each receipt',
    profile: 'chaos',
    firstSeed: 7,
    mutant: { defects: { tick: countingTwice } },
  },
];
