/** The screen of failures: what failed alike is one line, and can be run again at once. */
import { useSearch } from 'wouter';
import type { FailureGroup } from '../api/schema.ts';
import { Head } from '../parts/head.tsx';
import { Empty, Loaded } from '../parts/loaded.tsx';
import { Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { countText, plural } from '../parts/words.ts';
import { DiscardAlike } from './discard-alike.tsx';
import { Lines } from './lines.tsx';
import { useFailures } from './queries.ts';
import { RedriveAlike } from './redrive-alike.tsx';

const LOOKED_BACK_MS = 7 * 86_400_000;

export function Failures() {
  const tenant = new URLSearchParams(useSearch()).get('tenant') ?? undefined;
  const read = useFailures(tenant, LOOKED_BACK_MS);
  return (
    <>
      <Head title="Failures" />
      {tenant !== undefined && (
        <p>
          Of <Name text={tenant} /> alone. <a href="/console/failures">Of all tenants</a>
        </p>
      )}
      <Loaded read={read} what="failures">
        {({ groups, examined, goesOn }) => (
          <>
            {groups.length === 0 ? (
              <Empty>
                <span class="good" aria-hidden="true">
                  ✓
                </span>{' '}
                Nothing failed in the last seven days that was not run again or discarded.
              </Empty>
            ) : (
              <ul class="cards">
                {groups.map((group) => (
                  <Group key={group.fingerprint} group={group} tenant={tenant} />
                ))}
              </ul>
            )}
            <p class="foot quiet">
              {plural(total(groups), 'job')} of {plural(examined, 'failure')} looked at, of the last seven
              days.{' '}
              {goesOn && (
                <button type="button" disabled={read.isFetchingNextPage} onClick={() => read.fetchNextPage()}>
                  {read.isFetchingNextPage ? 'Looking…' : 'Look further back'}
                </button>
              )}
            </p>
          </>
        )}
      </Loaded>
    </>
  );
}

const total = (groups: readonly FailureGroup[]): number => groups.reduce((sum, { count }) => sum + count, 0);

function Group({ group, tenant }: { group: FailureGroup; tenant: string | undefined }) {
  const { jobType, class: cls, code, count, firstAt, lastAt, newest } = group;
  return (
    <li class="card">
      <div class="card-head">
        <h2>
          <span class="mark bad" aria-hidden="true">
            ✕
          </span>{' '}
          {plural(count, 'job')} of <Whose group={group} />
        </h2>
        <div class="acts">
          <a class="button" href={`/console/jobs/${newest.jobId}`}>
            Newest
          </a>
          <a class="button" href={jobsOf(group)}>
            Jobs
          </a>
          <RedriveAlike group={group} tenant={tenant} backMs={LOOKED_BACK_MS} />
          <DiscardAlike group={group} tenant={tenant} backMs={LOOKED_BACK_MS} />
        </div>
      </div>
      <p>
        <bdi>{newest.message}</bdi>
      </p>
      <Lines lines={newest.tail ?? []} />
      <p class="quiet">
        <code>
          {cls}: {code}
        </code>{' '}
        in <Name text={jobType} />, last <Ago at={lastAt} />
        {firstAt !== lastAt && (
          <>
            , first <Ago at={firstAt} />
          </>
        )}
      </p>
    </li>
  );
}

function Whose({ group: { tenants, newest } }: { group: FailureGroup }) {
  if (tenants === 1)
    return (
      <a href={`/console/failures?${new URLSearchParams({ tenant: newest.tenantId })}`}>
        <Name text={newest.tenantId} />
      </a>
    );
  return <>{countText(tenants)} tenants</>;
}

/** A list of jobs is of one tenant, or of the first twelve; the newest failure has one. */
function jobsOf({ tenants, jobType, newest }: FailureGroup): string {
  const whose = tenants === 1 ? { tenant: newest.tenantId } : {};
  return `/console/jobs?${new URLSearchParams({ ...whose, state: 'failed', type: jobType })}`;
}
