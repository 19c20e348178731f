/** Discards the jobs that failed alike, one after the other, while their reader watches. */
import { call } from '../api/call.ts';
import type { FailedJob, FailureGroup } from '../api/schema.ts';
import { discarding } from '../jobs/acts/discarding.ts';
import { Act } from '../parts/act.tsx';
import { doneText, inTurn } from '../parts/in-turn.ts';
import { plural } from '../parts/words.ts';

/** What one question discards; a second one goes on. */
const MAX_DISCARDED = 500;

/** @param tenant of this one alone @param backMs how far back the screen looks */
export function DiscardAlike({
  group: { fingerprint, code, jobType, count, newest },
  tenant,
  backMs,
}: {
  group: FailureGroup;
  tenant: string | undefined;
  backMs: number;
}) {
  return (
    <Act
      label="Discard…"
      title={`Discard ${plural(count, 'failed job')}`}
      will={`Jobs that failed as ${code} in ${jobType}${tenant === undefined ? '' : `, of ${tenant} alone`}, up to ${MAX_DISCARDED} of them. They stay failed, leave this screen, and can never be run again. There is no way back. They go one after the other; the rest is left when this page is.`}
      confirm="Discard them"
      reason="Why"
      calls={({ reason }) => [discarding(newest.jobId, reason)]}
      run={async ({ reason, tell }) => {
        const found = await alike({ fingerprint, tenant, backMs });
        const discard = ({ jobId }: FailedJob) => discarding(jobId, reason).send();
        return doneText(await inTurn(found, discard, tell), 'discarded');
      }}
    />
  );
}

async function alike({
  fingerprint,
  tenant,
  backMs,
}: {
  fingerprint: string;
  tenant: string | undefined;
  backMs: number;
}): Promise<readonly FailedJob[]> {
  const since = new Date(Date.now() - backMs).toISOString();
  const found: FailedJob[] = [];
  let cursor: string | undefined;
  do {
    const query = { fingerprint, tenant, since, cursor, open: 'true', limit: '100' };
    const { body } = await call('get /v1/failures', { query });
    found.push(...body.items);
    cursor = body.next;
  } while (cursor !== undefined && found.length < MAX_DISCARDED);
  return found.slice(0, MAX_DISCARDED);
}
