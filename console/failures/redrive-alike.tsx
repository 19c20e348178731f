/** Runs all jobs again that failed alike, also those that this page has not counted. */
import type { FailureGroup } from '../api/schema.ts';
import { OnAll } from '../operations/on-all.tsx';
import { redriveAlikeOf } from '../operations/start.ts';
import { plural } from '../parts/words.ts';

/** @param tenant of this one alone @param backMs how far back the screen looks */
export function RedriveAlike({
  group,
  tenant,
  backMs,
}: {
  group: FailureGroup;
  tenant: string | undefined;
  backMs: number;
}) {
  const { code, jobType, tenants, newest } = group;
  const only = tenant ?? (tenants === 1 ? newest.tenantId : undefined);
  return (
    <OnAll
      start={redriveAlikeOf(group, only, Date.now() - backMs)}
      label="Redrive all…"
      title="Run all of them again"
      will={`They failed as ${code} in ${jobType}. Of ${only ?? plural(tenants, 'tenant')}, in the last seven days. For each a new job is recorded with the same input, and the failed one names it. One that was run again before is not run twice.`}
      did="run again"
    />
  );
}
