/** The figures of the first screen: what waits, what runs, what ended today and what it cost. */
import type { ComponentChildren } from 'preact';
import { usdText } from '../cost/usage.ts';
import type { Failures } from '../failures/queries.ts';
import { useNow } from '../parts/now.ts';
import { countText, durationText, plural } from '../parts/words.ts';
import type { TenantRow } from '../tenants/tenants.tsx';
import { longestWaitMs, type Pace, paceText } from './longest.ts';
import { type Activity, useActivity } from './queries.ts';
import { Sparkline } from './sparkline.tsx';

export function Figures({ rows, failed }: { rows: readonly TenantRow[]; failed: Failures | undefined }) {
  const nowMs = useNow();
  const { data: activity, error } = useActivity();
  const known = rows.flatMap(({ tenant }) => tenant ?? []);
  const sum = (of: 'waiting' | 'inBatch') => known.reduce((all, tenant) => all + tenant[of], 0);
  const counted = (of: 'waiting' | 'inBatch') => (known.length < rows.length ? '…' : countText(sum(of)));
  const waitMs = longestWaitMs(known, nowMs);
  const open = failed?.groups.reduce((all, { count }) => all + count, 0);
  return (
    <section class="figures" aria-label="Figures">
      <Figure name="Waiting" value={counted('waiting')}>
        {waitMs === undefined
          ? `of ${plural(rows.length, 'tenant')}`
          : `the first in line for ${durationText(waitMs)}`}
      </Figure>
      <Figure name="In AWS Batch" value={counted('inBatch')}>
        {activity === undefined ? 'attempts with a slot' : paceOf(activity.pace)}
      </Figure>
      <Figure name="Failed, not run again" value={open === undefined ? '…' : orMore(open, failed?.goesOn)}>
        of the last 24 hours
      </Figure>
      {activity !== undefined ? (
        <Today activity={activity} />
      ) : (
        <Figure name="Attempts ended today" value={error === null ? '…' : '–'}>
          {error === null ? '' : 'could not be counted'}
        </Figure>
      )}
    </section>
  );
}

function Today({ activity: { minutes, today } }: { activity: Activity }) {
  const lastHour = minutes.reduce((sum, { attempts }) => sum + attempts, 0);
  return (
    <>
      <Figure name="Attempts ended today" value={orMore(today.attempts, today.more)}>
        of {plural(today.jobs, 'job')}, since midnight UTC
      </Figure>
      <Figure name="In the last hour" value={countText(lastHour)}>
        <Sparkline values={minutes.map(({ attempts }) => attempts)} />
        {countText(Math.max(...minutes.map(({ attempts }) => attempts)))} in its busiest minute
      </Figure>
      <Figure name="Spent today" value={`${usdText(today.usd)}${today.more ? ' or more' : ''}`}>
        <a href="/console/cost">an estimate at list prices</a>
      </Figure>
    </>
  );
}

const orMore = (count: number, more = false): string => `${countText(count)}${more ? ' or more' : ''}`;

function paceOf(pace: Pace) {
  const { text, isTaken } = paceText(pace);
  return isTaken ? <span class="held">△ {text}</span> : text;
}

function Figure({ name, value, children }: { name: string; value: string; children: ComponentChildren }) {
  return (
    <div>
      <span class="quiet">{name}</span>
      <strong>{value}</strong>
      <small class="quiet">{children}</small>
    </div>
  );
}
