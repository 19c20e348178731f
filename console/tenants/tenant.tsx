/** The screen of one tenant: what it may do, what it does, and how to hold it. */
import { useParams } from 'wouter';
import type { TaggedTenant } from '../api/queries.ts';
import { useTenant } from '../api/queries.ts';
import { usdText } from '../cost/usage.ts';
import { Fact } from '../jobs/facts.tsx';
import { Head } from '../parts/head.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Ago } from '../parts/time.tsx';
import { countText, plural } from '../parts/words.ts';
import { RecentJobs } from './recent.tsx';
import { HeldSlots } from './slots.tsx';
import { TenantActs } from './tenant-acts.tsx';
import { Use } from './use.tsx';

export function Tenant() {
  const { tenantId = '' } = useParams();
  const tenant = useTenant(tenantId);
  return (
    <>
      <Head title={tenantId} above={<a href="/console/tenants">Tenants</a>}>
        {tenant.data !== undefined && <TenantActs tenant={tenant.data} />}
      </Head>
      <Loaded read={tenant} what="this tenant">
        {(known) => (
          <>
            <What tenant={known} />
            <div class="columns">
              <div>
                {known.inBatch > 0 && <HeldSlots tenantId={known.tenantId} />}
                <RecentJobs tenantId={known.tenantId} />
              </div>
              <Settings tenant={known} />
            </div>
          </>
        )}
      </Loaded>
    </>
  );
}

function What({ tenant }: { tenant: TaggedTenant }) {
  const { paused, waiting, inBatch, settings, spend } = tenant;
  const cap = settings?.caps?.cap;
  const work = `${plural(inBatch, 'attempt')} in AWS Batch, ${countText(waiting)} waiting.`;
  if (settings?.status === 'suspended')
    return (
      <p class="why">
        <strong class="held">Suspended</strong>: its messages are refused. {work}
      </p>
    );
  if (paused !== undefined)
    return (
      <p class="why">
        <strong class="held">Paused</strong> <Ago at={paused.at} />: <bdi>{paused.reason}</bdi>. New jobs are
        accepted and wait; running ones go on. {work}
      </p>
    );
  if (spend?.standing === 'used')
    return (
      <p class="why">
        <strong class="held">Its budget of {spend.month} is used</strong>: no attempt of it begins until that
        is over <Ago at={spend.until} />, or the budget is raised. {work}
      </p>
    );
  if (cap !== undefined && inBatch >= cap && waiting > 0)
    return (
      <p class="why">
        <strong class="held">At its cap</strong> of {countText(cap)}:{' '}
        {plural(waiting, 'job waits', 'jobs wait')} for one of its own to end.
      </p>
    );
  return (
    <p class="why">
      <strong class="good">Active</strong>: {work}
    </p>
  );
}

function Settings({ tenant }: { tenant: TaggedTenant }) {
  const { settings, spend } = tenant;
  const { caps, jobTypes, weight, waitingQuota, priorityCeiling, budget } = settings ?? {};
  return (
    <aside>
      <section aria-label="Settings">
        <h2>Settings</h2>
        {settings === undefined && (
          <p class="quiet">It has no record; the stage decides whether it may start jobs.</p>
        )}
        <dl>
          <Fact name="Slots">
            <Use tenant={tenant} />
          </Fact>
          <Fact name="Waiting">
            {countText(tenant.waiting)}
            {waitingQuota !== undefined && ` of ${countText(waitingQuota)}`}
          </Fact>
          <Fact name="Weight">{weight ?? 1}</Fact>
          {caps?.keyCap !== undefined && <Fact name="Key cap">{caps.keyCap}</Fact>}
          {Object.entries(caps?.typeCaps ?? {}).map(([type, cap]) => (
            <Fact key={type} name={`Cap of ${type}`}>
              {cap}
            </Fact>
          ))}
          {priorityCeiling !== undefined && <Fact name="Highest priority">{priorityCeiling}</Fact>}
          {budget !== undefined && (
            <Fact name="Budget">
              {usdText(spend?.usd ?? 0)} of {usdText(budget.usdPerMonth)} a month
              {spend?.standing === 'warned' && <span class="held"> △ nearly used</span>}
              {spend?.standing === 'used' && <span class="held"> △ used</span>}
            </Fact>
          )}
          <Fact name="Keys">
            <a href={`/console/keys?${new URLSearchParams({ tenant: tenant.tenantId })}`}>
              those that act for it
            </a>
          </Fact>
          <Fact name="Job types">{jobTypes === undefined ? 'all' : jobTypes.join(', ')}</Fact>
        </dl>
      </section>
    </aside>
  );
}
