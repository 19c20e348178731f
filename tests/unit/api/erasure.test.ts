/** The erasure of a tenant over HTTP: what is closed at once, and who is refused. */
import { describe, expect, it } from '@jest/globals';
import { intake } from '../../../application/intake/intake.ts';
import { jobIdOf } from '../../../application/job/identity.ts';
import type { AccessKey } from '../../../domain/access/key.ts';
import { doors, OPERATOR_ARN } from '../../support/doors.ts';
import { aRequest } from '../../support/jobs.ts';
import { messageOf } from '../../support/use-cases.ts';

const { jobType, input } = aRequest();
const erase = { method: 'DELETE' };
const keyFor = (keyId: string, tenants: string[]): AccessKey => ({
  keyId,
  publicKey: keyId,
  scopes: ['jobs:read'],
  tenants,
  createdAt: 0,
});

function opened() {
  const door = doors({ tenants: [{ tenantId: 'acme', status: 'active', weight: 2 }] });
  return {
    ...door,
    async withJob() {
      const body = { jobType, input, idempotencyKey: 'report-1' };
      await door.operate('/v1/jobs?tenant=acme', { method: 'POST', body });
      await door.caughtUp();
    },
  };
}

describe('a tenant without jobs', () => {
  it('is closed with the request, and the operation is read like any other', async () => {
    const { operate } = opened();
    const { status, body } = await operate('/v1/tenants/acme', erase);
    expect([status, body.kind, body.state, body.by, body.filter.tenant]).toEqual([
      202,
      'erase',
      'running',
      OPERATOR_ARN,
      'acme',
    ]);
    expect((await operate(`/v1/operations/${body.id}`)).body).toEqual(body);
    const made = { jobType, input, idempotencyKey: 'report-2' };
    const refused = await operate('/v1/jobs?tenant=acme', { method: 'POST', body: made });
    expect([refused.status, refused.body.code]).toEqual([403, 'tenant_suspended']);
  });

  it('has one operation, however often it is asked for', async () => {
    const { operate } = opened();
    const first = await operate('/v1/tenants/acme', erase);
    const again = await operate('/v1/tenants/acme?unfinished=cancel', erase);
    expect([again.status, again.body]).toEqual([202, first.body]);
  });

  it('takes no settings any more', async () => {
    const { operate } = opened();
    await operate('/v1/tenants/acme', erase);
    const body = { status: 'active', caps: {} };
    const put = await operate('/v1/tenants/acme', { method: 'PUT', body });
    expect([put.status, put.body.code]).toEqual([409, 'tenant_leaving']);
  });

  it('cannot be said to be erased by its settings, which would leave it closed for ever', async () => {
    const { operate } = opened();
    const body = { status: 'active', caps: {}, erasedBy: `op_${'a'.repeat(26)}` };
    const put = await operate('/v1/tenants/acme', { method: 'PUT', body });
    expect([put.status, put.body.code]).toEqual([400, 'field_unknown']);
  });

  it('loses its keys, and is taken out of those that others have, too', async () => {
    const { operate, keys } = opened();
    await keys.register(keyFor('own', ['acme']));
    await keys.register(keyFor('shared', ['acme', 'globex']));
    await keys.register(keyFor('every', ['*']));
    await operate('/v1/tenants/acme', erase);
    expect((await keys.list()).map(({ keyId, tenants }) => [keyId, tenants])).toEqual([
      ['shared', ['globex']],
      ['every', ['*']],
    ]);
  });

  it('leaves nothing with a cancel or a word about a group that comes late', async () => {
    const { operate, ports } = opened();
    await operate('/v1/tenants/acme', erase);
    const name = { specVersion: '1', tenantId: 'acme' };
    const late = [
      { ...name, action: 'job.cancel', idempotencyKey: 'late' },
      { ...name, action: 'group.seal', group: 'month' },
    ].map(messageOf);
    expect(await intake(ports)(late)).toEqual(new Set(late.map(({ id }) => id)));
    expect(await ports.jobs.stored(jobIdOf('acme', 'late'))).toEqual({ kind: 'nothing' });
    expect(await ports.groups.get({ tenantId: 'acme', groupId: 'month' })).toBeUndefined();
  });
});

describe('a tenant with a job that is not over', () => {
  it('is refused, and stays open', async () => {
    const { operate, withJob } = opened();
    await withJob();
    const { status, body } = await operate('/v1/tenants/acme', erase);
    expect([status, body.code]).toEqual([409, 'jobs_unfinished']);
    expect((await operate('/v1/tenants/acme')).body.settings).toMatchObject({ status: 'active', weight: 2 });
  });

  it.each(['cancel', 'drain'])('is taken with unfinished=%s', async (unfinished) => {
    const { operate, withJob } = opened();
    await withJob();
    expect(await operate(`/v1/tenants/acme?unfinished=${unfinished}`, erase)).toHaveProperty('status', 202);
  });

  it('is not taken with another word', async () => {
    const { operate } = opened();
    const { status, body } = await operate('/v1/tenants/acme?unfinished=kill', erase);
    expect([status, body.code]).toEqual([400, 'parameter_invalid']);
  });
});

it.each(['unknown', 'not a name'])('the tenant %j is not there', async (name) => {
  const { operate } = opened();
  expect(await operate(`/v1/tenants/${encodeURIComponent(name)}`, erase)).toHaveProperty('status', 404);
});
