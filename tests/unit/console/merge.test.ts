/** The list of the console is one list, in order, with nothing twice and nothing that is over. */
import { describe, expect, it } from '@jest/globals';
import type { JobSummary } from '../../../console/api/schema.ts';
import { merged, NOTHING, withFirst, withNext } from '../../../console/jobs/merge.ts';

const job = (id: string, second: number, state = 'running'): JobSummary => ({
  id,
  tenantId: 'acme',
  jobType: 'csv.summarise',
  idempotencyKey: id,
  state,
  version: 1,
  attempt: 1,
  priority: 'normal',
  createdAt: new Date(second * 1000).toISOString(),
  stateAt: new Date(second * 1000).toISOString(),
});
const page = (items: JobSummary[], next?: string) => ({ items, next, examined: items.length });
const idsOf = (jobs: readonly JobSummary[]) => jobs.map(({ id }) => id);

describe('the newest page, read again,', () => {
  it('takes out what is no longer of the filter, and keeps older pages', () => {
    const first = withFirst(NOTHING, page([job('c', 3), job('b', 2)], 'after b'));
    const both = withNext(first, page([job('a', 1)]));
    const again = withFirst(both, page([job('d', 4), job('b', 2)], 'after b'));
    expect(idsOf(merged([again]))).toEqual(['d', 'b', 'a']);
  });

  it('goes on where the older pages ended, not where it ends itself', () => {
    const first = withFirst(NOTHING, page([job('c', 3)], 'after c'));
    const both = withNext(first, page([job('b', 2)], 'after b'));
    expect(withFirst(both, page([job('d', 4)], 'after d')).next).toBe('after b');
  });

  it('is the whole list when it does not go on', () => {
    const before = withFirst(NOTHING, page([job('b', 2), job('a', 1)]));
    expect(idsOf(merged([withFirst(before, page([job('b', 2)]))]))).toEqual(['b']);
  });
});

describe('the lists of several tenants', () => {
  it('are one list, the newest first', () => {
    const acme = withFirst(NOTHING, page([job('d', 4), job('a', 1)]));
    const globex = withFirst(NOTHING, page([job('c', 3), job('b', 2)]));
    expect(idsOf(merged([acme, globex]))).toEqual(['d', 'c', 'b', 'a']);
  });

  it('end where the first of them was not read on, since older jobs of it would be missing between', () => {
    const acme = withFirst(NOTHING, page([job('d', 4), job('c', 3)], 'after c'));
    const globex = withFirst(NOTHING, page([job('e', 5), job('a', 1)]));
    expect(idsOf(merged([acme, globex]))).toEqual(['e', 'd', 'c']);
  });
});
