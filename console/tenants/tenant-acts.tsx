/** What an operator can do with a tenant. */
import { ready } from '../api/call.ts';
import type { TaggedTenant } from '../api/queries.ts';
import type { TenantUpdate } from '../api/schema.ts';
import { Act, then, type Written } from '../parts/act.tsx';
import { plural } from '../parts/words.ts';

export function TenantActs({ tenant }: { tenant: TaggedTenant }) {
  return (
    <>
      {tenant.settings !== undefined && <SetCap tenant={tenant} />}
      <EndTokens tenant={tenant} />
      {tenant.paused === undefined ? <Pause tenant={tenant} /> : <Resume tenant={tenant} />}
    </>
  );
}

function Pause({ tenant: { tenantId, inBatch, waiting } }: { tenant: TaggedTenant }) {
  const pause = ({ reason }: Written) =>
    ready('post /v1/tenants/{tenantId}/pause', { path: { tenantId }, body: { reason } });
  return (
    <Act
      label="Pause…"
      title={`Pause ${tenantId}`}
      will={`No further attempt of it begins: ${plural(waiting, 'job')} that wait go on waiting, and new ones are accepted and wait. ${plural(inBatch, 'attempt')} in AWS Batch go on.`}
      confirm="Pause it"
      reason="Why, for other operators"
      calls={(written) => [pause(written)]}
      run={(given) => then(pause(given).send(), 'It is paused.')}
    />
  );
}

function EndTokens({ tenant: { tenantId } }: { tenant: TaggedTenant }) {
  const revoke = ready('post /v1/tenants/{tenantId}/revoke-tokens', { path: { tenantId } });
  return (
    <Act
      label="End tokens…"
      title={`End all tokens of ${tenantId}`}
      will="Tokens that were signed for it until now end within 60 seconds, whichever keys have signed them. Its keys go on, and tokens that they sign from now on are taken."
      confirm="End them"
      calls={() => [revoke]}
      run={() => then(revoke.send(), 'Its tokens end within 60 seconds.')}
    />
  );
}

function Resume({ tenant: { tenantId, waiting } }: { tenant: TaggedTenant }) {
  const resume = ready('post /v1/tenants/{tenantId}/resume', { path: { tenantId } });
  return (
    <Act
      label="Resume…"
      title={`Resume ${tenantId}`}
      will={`Its attempts begin again, within its cap: ${plural(waiting, 'job waits', 'jobs wait')}.`}
      confirm="Resume it"
      calls={() => [resume]}
      run={() => then(resume.send(), 'Its attempts begin again.')}
    />
  );
}

const MAX_CAP = 1000;
const capIn = (form: FormData): string => String(form.get('cap') ?? '').trim();

function SetCap({ tenant }: { tenant: TaggedTenant }) {
  const { tenantId, settings, etag } = tenant;
  const cap = settings?.caps?.cap;
  const put = ({ form }: Written) => {
    const text = capIn(form);
    const { cap: _, ...others } = settings?.caps ?? {};
    const caps = { ...others, ...(text === '' ? {} : { cap: Number(text) }) };
    // What the API told of its settings may be said to it again.
    const body = { status: 'active', ...settings, caps } as TenantUpdate;
    // Only if it is as it was read: all settings are replaced.
    return ready('put /v1/tenants/{tenantId}', { path: { tenantId }, body, ifMatch: etag });
  };
  return (
    <Act
      label="Set cap…"
      title={`The cap of ${tenantId}`}
      will={`How many of its attempts may be in AWS Batch at once. It is ${cap === undefined ? 'that of the stage' : cap} now. A lower cap ends no attempt: fewer new ones begin.`}
      confirm="Set it"
      calls={(written) => [put(written)]}
      run={async (given) => {
        await put(given).send();
        const text = capIn(given.form);
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
