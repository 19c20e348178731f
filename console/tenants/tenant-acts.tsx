/** What an operator can do with a tenant. */
import { call } from '../api/call.ts';
import type { TaggedTenant } from '../api/queries.ts';
import type { TenantUpdate } from '../api/schema.ts';
import { Act } from '../parts/act.tsx';
import { plural } from '../parts/words.ts';

export function TenantActs({ tenant }: { tenant: TaggedTenant }) {
  return (
    <>
      {tenant.settings !== undefined && <SetCap tenant={tenant} />}
      {tenant.paused === undefined ? <Pause tenant={tenant} /> : <Resume tenant={tenant} />}
    </>
  );
}

function Pause({ tenant: { tenantId, inBatch, waiting } }: { tenant: TaggedTenant }) {
  return (
    <Act
      label="Pause…"
      title={`Pause ${tenantId}`}
      will={`No further attempt of it begins: ${plural(waiting, 'job')} that wait go on waiting, and new ones are accepted and wait. ${plural(inBatch, 'attempt')} in AWS Batch go on.`}
      confirm="Pause it"
      reason="Why, for other operators"
      run={async ({ reason }) => {
        await call('post /v1/tenants/{tenantId}/pause', { path: { tenantId }, body: { reason } });
        return 'It is paused.';
      }}
    />
  );
}

function Resume({ tenant: { tenantId, waiting } }: { tenant: TaggedTenant }) {
  return (
    <Act
      label="Resume…"
      title={`Resume ${tenantId}`}
      will={`Its attempts begin again, within its cap: ${plural(waiting, 'job waits', 'jobs wait')}.`}
      confirm="Resume it"
      run={async () => {
        await call('post /v1/tenants/{tenantId}/resume', { path: { tenantId } });
        return 'Its attempts begin again.';
      }}
    />
  );
}

const MAX_CAP = 1000;

function SetCap({ tenant }: { tenant: TaggedTenant }) {
  const { tenantId, settings, etag } = tenant;
  const cap = settings?.caps?.cap;
  return (
    <Act
      label="Set cap…"
      title={`The cap of ${tenantId}`}
      will={`How many of its attempts may be in AWS Batch at once. It is ${cap === undefined ? 'that of the stage' : cap} now. A lower cap ends no attempt: fewer new ones begin.`}
      confirm="Set it"
      run={async ({ form }) => {
        const text = String(form.get('cap') ?? '').trim();
        const { cap: _, ...others } = settings?.caps ?? {};
        const caps = { ...others, ...(text === '' ? {} : { cap: Number(text) }) };
        // What the API told of its settings may be said to it again.
        const body = { status: 'active', ...settings, caps } as TenantUpdate;
        // Only if it is as it was read: all settings are replaced.
        await call('put /v1/tenants/{tenantId}', { path: { tenantId }, body, ifMatch: etag });
        return text === '' ? 'It has the cap of the stage.' : `Its cap is ${text}.`;
      }}
    >
      <label>
        Cap, from 1 to {MAX_CAP}; empty for that of the stage
        <input
          name="cap"
          type="number"
          min={1}
          max={MAX_CAP}
          step={1}
          defaultValue={cap === undefined ? '' : String(cap)}
        />
      </label>
    </Act>
  );
}
