/** The screen of schedules: when each runs next, and what became of its last occurrences. */
import { useSchedules } from '../api/queries.ts';
import type { Schedule } from '../api/schema.ts';
import { Empty, Loaded } from '../parts/loaded.tsx';
import { Partly } from '../parts/partly.tsx';
import { Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { exactText } from '../parts/words.ts';
import { OfTenants } from '../tenants/of-tenants.tsx';
import { ScheduleActs } from './schedule-acts.tsx';
import { zonedText } from './zoned.ts';

const MAX_TENANTS = 60;

export const Schedules = () => (
  <OfTenants title="Schedules">{(ids) => <Of tenants={ids.slice(0, MAX_TENANTS)} />}</OfTenants>
);

function Of({ tenants }: { tenants: readonly string[] }) {
  const reads = useSchedules(tenants);
  const schedules = reads.flatMap(({ data }) => data ?? []);
  const failed = reads.find(({ error }) => error !== null);
  const isFirst = reads.some(({ data, error }) => data === undefined && error === null);
  if (schedules.length === 0 && failed !== undefined)
    return (
      <Loaded read={failed} what="schedules">
        {() => null}
      </Loaded>
    );
  if (schedules.length === 0)
    return isFirst ? (
      <p class="waiting-for quiet">Reading schedules…</p>
    ) : (
      <Empty>
        No schedules. <code>npx headgate schedule set</code> makes one.
      </Empty>
    );
  return (
    <>
      <Partly reads={reads} what="schedules" />
      <ul class="cards">
        {schedules.map((schedule) => (
          <One key={`${schedule.tenantId} ${schedule.scheduleId}`} schedule={schedule} />
        ))}
      </ul>
    </>
  );
}

function One({ schedule }: { schedule: Schedule }) {
  const { scheduleId, tenantId, paused, next, recent, cron, timeZone } = schedule;
  return (
    <li class="card">
      <div class="card-head">
        <h2>
          <Name text={scheduleId} />{' '}
          <small class="quiet">
            <a href={`/console/tenants/${encodeURIComponent(tenantId)}`}>
              <Name text={tenantId} />
            </a>
          </small>
        </h2>
        <ScheduleActs schedule={schedule} />
      </div>
      <p>
        <code>{cron}</code> in {timeZone ?? 'UTC'}
        {paused !== undefined && (
          <span class="held">
            {' '}
            ‖ paused <Ago at={paused.at} />: <bdi>{paused.reason ?? ''}</bdi>
          </span>
        )}
      </p>
      <p class="quiet">
        {next.length === 0 ? 'No next run.' : 'Next '}
        {next.slice(0, 5).map((at, i) => (
          <span key={at}>
            {i > 0 && ', '}
            <time dateTime={at} title={exactText(at)}>
              {zonedText(at, timeZone ?? 'UTC')}
            </time>
          </span>
        ))}
      </p>
      <Recent recent={recent} />
    </li>
  );
}

function Recent({ recent }: { recent: Schedule['recent'] }) {
  if (recent.length === 0) return <p class="quiet">It has not run yet.</p>;
  return (
    <p class="recent">
      <span class="quiet">Last </span>
      {recent.map(({ at, jobId, skipped }) =>
        jobId === undefined ? (
          <span key={at} class="held" title={exactText(at)}>
            ⊘ {skipped === 'overlap' ? 'left out: the one before ran' : 'missed'}
          </span>
        ) : (
          <a key={at} href={`/console/jobs/${jobId}`} title={exactText(at)}>
            ● <Ago at={at} />
          </a>
        ),
      )}
    </p>
  );
}
