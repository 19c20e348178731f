/**
 * The identity of a message is decided before the rights of its tenant. Tried on every message, for every standing of its tenant, with
 * every job that may be there.
 */
import { describe, expect, test } from '@jest/globals';
import { type IntakePorts, intake } from '../../../../application/intake/intake.ts';
import { childIdOf, fingerprintOf, jobIdOf } from '../../../../application/job/identity.ts';
import { slots } from '../../../../application/tenant/slots.ts';
import { type DeadLetter, effectiveKeyOf, failedJob } from '../../../../domain/dead-letter/dead-letter.ts';
import { isFinal, type JobChange, JobState } from '../../../../domain/job/job.ts';
import type { WholeJob } from '../../../../domain/job/parts.ts';
import type { Tombstone } from '../../../../domain/job/tombstone.ts';
import type { JobRequest } from '../../../../domain/request/request.ts';
import type { Tenant } from '../../../../domain/tenant/tenant.ts';
import { rowOf } from '../../../../domain/tenant/waiting.ts';
import type { BusEvent } from '../../../../domain/webhook/notification.ts';
import type { Message } from '../../../../io/aws/lambda.ts';
import { batched } from '../../../../io/table/batching.ts';
import { openSimulatedBackend } from '../../../conformance/simulated.ts';
import { aRequest, BUCKET, jobIn, NOW, types } from '../../../support/jobs.ts';

const TENANT = 'acme';
const STRANGER = 'globex';
const KEY = 'report-42';
const MINUTE = 60_000;

const request = aRequest({ idempotencyKey: KEY });
const keyless = aRequest({ input: { title: 'keyless' } });
const ROOT = jobIdOf(TENANT, KEY);
const CHILD = childIdOf(ROOT);
const GRANDCHILD = childIdOf(CHILD);

const tenantIs = {
  active: { tenantId: TENANT, status: 'active' },
  suspended: { tenantId: TENANT, status: 'suspended' },
  unknown: undefined,
  'without the job type': { tenantId: TENANT, status: 'active', jobTypes: ['csv.summarise'] },
  'below the priority': {
    tenantId: TENANT,
    status: 'active',
    priorityCeiling: 'low',
    abovePriorityCeiling: 'refuse',
  },
  full: { tenantId: TENANT, status: 'active', waitingQuota: 1 },
} satisfies Record<string, Tenant | undefined>;

const record = (jobId: string, state: JobState, change: JobChange = {}): WholeJob => ({
  ...jobIn(state, { ...request, specVersion: undefined, ...change } as JobChange), // a change may have no other fields
  jobId,
  idempotencyKey: KEY,
  fingerprint: fingerprintOf(request),
});
const tombstone = (cancels: Tombstone['cancels']): Tombstone => ({
  tombstone: true,
  jobId: ROOT,
  cancels,
  revision: 1,
});
const failedRoot = (change: JobChange = {}) => record(ROOT, 'failed', change);

interface Held {
  readonly jobs?: readonly WholeJob[];
  readonly tombstone?: Tombstone;
}
const tableHas: Readonly<Record<string, Held>> = {
  nothing: {},
  'a cancel that came first': { tombstone: tombstone({ [TENANT]: NOW + MINUTE }) },
  'an old tombstone': { tombstone: tombstone({ [TENANT]: NOW - MINUTE }) },
  "another tenant's tombstone": { tombstone: tombstone({ [STRANGER]: NOW + MINUTE }) },
  ...Object.fromEntries(JobState.options.map((state) => [`a job ${state}`, { jobs: [record(ROOT, state)] }])),
  'a discarded job': { jobs: [failedRoot({ discarded: { reason: 'given up', at: NOW } })] },
  // A handler that died between the two writes.
  'a child that its parent does not name': {
    jobs: [failedRoot(), record(CHILD, 'running', { parent: ROOT })],
  },
  ...Object.fromEntries(
    JobState.options.map((state) => [
      `a redriven job whose child is ${state}`,
      { jobs: [failedRoot({ redrivenAs: CHILD }), record(CHILD, state, { parent: ROOT })] },
    ]),
  ),
  'a job redriven twice': {
    jobs: [
      failedRoot({ redrivenAs: CHILD }),
      record(CHILD, 'failed', { parent: ROOT, redrivenAs: GRANDCHILD }),
      record(GRANDCHILD, 'submitted', { parent: CHILD }),
    ],
  },
};

const letterOf = (jobId: string): DeadLetter => failedJob(record(jobId, 'failed'));
const sent = (body: object | string, attributes: Record<string, string> = {}): Message => ({
  id: 'message-1',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  attributes,
});
const edited = (change: object, jobId = ROOT): Message => {
  const { body, attributes } = letterOf(jobId);
  return sent({ ...JSON.parse(body), ...change }, { ...attributes });
};
const submits: Readonly<Record<string, Message>> = {
  'its request': sent(request),
  'another request under its key': sent({ ...request, input: { title: 'other' } }),
  'a request without a key': sent(keyless),
  'a refused request that came back': sent(keyless, { effectiveKey: 'first-id', code: 'tenant_suspended' }),
};
const letters: Readonly<Record<string, { readonly message: Message; readonly of: string }>> = {
  'its letter': { message: edited({}), of: ROOT },
  "its child's letter": { message: edited({}, CHILD), of: CHILD },
  'its letter, edited': { message: edited({ input: { title: 'edited' } }), of: ROOT },
  'its letter with a field that is no longer known': { message: edited({ colour: 'red' }), of: ROOT },
  'its letter, named for another tenant': { message: edited({ tenantId: STRANGER }), of: ROOT },
  'its letter, cut short': { message: sent('{"specVersion":', { ...letterOf(ROOT).attributes }), of: ROOT },
};
const cancelling = (fields: object) => sent({ specVersion: '1', action: 'job.cancel', ...fields });
const cancels: Readonly<Record<string, Message>> = {
  'a cancel by key': cancelling({ tenantId: TENANT, idempotencyKey: KEY }),
  'a cancel by id': cancelling({ tenantId: TENANT, jobId: ROOT }),
};
const foreign: Readonly<Record<string, Message>> = {
  "another tenant's cancel of its id": cancelling({ tenantId: STRANGER, jobId: ROOT }),
  "another tenant's cancel of its child": cancelling({ tenantId: STRANGER, jobId: CHILD }),
  "another tenant's cancel of the same key": cancelling({ tenantId: STRANGER, idempotencyKey: KEY }),
};

/** A stack that has only what intake sees. */
async function stackWith(tenant: Tenant | undefined, held: Held) {
  const ports = openSimulatedBackend({}).process();
  const stored = new Map<string, Tenant>([[STRANGER, { tenantId: STRANGER, status: 'active' }]]);
  if (tenant !== undefined) stored.set(TENANT, tenant);
  if (held.tombstone !== undefined) await ports.jobs.leaveTombstone(undefined, held.tombstone);
  for (const job of held.jobs ?? []) await ports.jobs.create(job);
  if (tenant?.waitingQuota !== undefined) {
    await ports.gates.set(TENANT, undefined, { paused: { reason: 'unpaid', at: NOW } }, NOW);
    await ports.waiting.put([rowOf(record(jobIdOf(TENANT, 'waits'), 'waiting'))], NOW);
  }
  const deadLetters: DeadLetter[] = [];
  const events: BusEvent[] = [];
  const log = { info: () => undefined, error: () => undefined };
  const clock = { nowMs: () => NOW };
  const shared = {
    ...ports,
    submitQueue: ports.queue,
    clock,
    log,
    random: { fraction: () => 0, token: () => 'token' },
    batched,
    defaultCap: 0,
  };
  const all: IntakePorts = {
    ...shared,
    tenants: { load: async () => stored },
    slots: slots(shared),
    deadLetters: {
      send: async (sending) => {
        for (const { body, attributes = {} } of sending) deadLetters.push({ body, attributes });
      },
    },
    bus: { publish: async (published) => void events.push(...published) },
    random: { fraction: () => 0, token: () => 'token' },
    types,
    bucket: BUCKET,
    objectDays: 30,
    defaults: {
      admitUnknown: false,
      cap: 0,
      waitingQuota: 1000,
      priorityCeiling: 'urgent',
      abovePriorityCeiling: 'clamp',
    },
  };
  const jobsOf = (...ids: readonly string[]) => ports.jobs.load(ids);
  return {
    /** Without the letters of jobs that had failed before. */
    refusals: () => deadLetters.filter(({ attributes }) => 'refusedAt' in attributes),
    events,
    jobsOf,
    handle: (message: Message) => intake(all)([message]),
    admit: (next: Tenant) => stored.set(next.tenantId, next),
  };
}

const everyCase = <M>(messages: Readonly<Record<string, M>>) =>
  Object.entries(messages).flatMap(([what, message]) =>
    Object.entries(tenantIs).flatMap(([standing, tenant]) =>
      Object.entries(tableHas).map(([has, held]) => ({
        name: `${what}, a tenant ${standing}, the table has ${has}`,
        message,
        tenant: tenant as Tenant | undefined, // one of the table above
        held,
      })),
    ),
  );
const found = (job: Pick<WholeJob, 'jobId'> | undefined) => job?.jobId;

describe('a message that has been handled', () => {
  test('is a job, or a letter that leads to the same job again', async () => {
    const lost: string[] = [];
    for (const { name, message, tenant, held } of everyCase(submits)) {
      const stack = await stackWith(tenant, held);
      const before = await stack.jobsOf(ROOT, CHILD, GRANDCHILD);
      expect(await stack.handle(message)).toEqual(new Set([message.id]));
      const asked: JobRequest = JSON.parse(message.body);
      const jobId = jobIdOf(TENANT, asked.idempotencyKey ?? effectiveKeyOf(message));
      const job = (await stack.jobsOf(jobId)).get(jobId);
      const [letter] = stack.refusals();
      const leadsBack =
        letter !== undefined &&
        jobIdOf(TENANT, asked.idempotencyKey ?? effectiveKeyOf({ id: 'another', ...letter })) === jobId;
      if (job?.fingerprint !== fingerprintOf(asked) && !leadsBack) lost.push(name);
      // A job that was there is neither refused nor changed by its own message.
      if (before.get(jobId)?.fingerprint === fingerprintOf(asked) && letter !== undefined)
        lost.push(`refused: ${name}`);
      for (const [id, seen] of before)
        if (JSON.stringify((await stack.jobsOf(id)).get(id)) !== JSON.stringify(seen))
          lost.push(`changed ${id}: ${name}`);
    }
    expect(lost).toEqual([]);
  });

  test('and was the letter of a failed job has its child, or is a letter of that job again (F68)', async () => {
    const lost: string[] = [];
    for (const { name, message, tenant, held } of everyCase(letters)) {
      const stack = await stackWith(tenant, held);
      const parent = (await stack.jobsOf(message.of)).get(message.of);
      await stack.handle(message.message);
      const childId = childIdOf(message.of);
      const child = found((await stack.jobsOf(childId)).get(childId));
      const again = stack.refusals().some(({ attributes }) => attributes['deadLetterOf'] === message.of);
      // Nothing of it has failed, or it was given up by an operator.
      const rests = parent !== undefined && (parent.state !== 'failed' || parent.discarded !== undefined);
      // Its record is gone, so that it is a request like any other.
      const asNew = parent === undefined && (await stack.jobsOf(ROOT, jobIdOf(STRANGER, KEY))).size > 0;
      if (!child && !again && !rests && !asNew) lost.push(name);
      const now = (await stack.jobsOf(message.of)).get(message.of);
      if (child && now?.redrivenAs !== childId && message.message.body === letterOf(ROOT).body)
        lost.push(`its parent does not name the child: ${name}`);
    }
    expect(lost).toEqual([]);
  });

  test('and was refused for its tenant runs as the same job when its letter comes back', async () => {
    const lost: string[] = [];
    for (const { name, message, tenant, held } of everyCase({ letter: edited({}) })) {
      const stack = await stackWith(tenant, held);
      await stack.handle(message);
      const [letter] = stack.refusals();
      if (letter === undefined) continue;
      stack.admit({ tenantId: TENANT, status: 'active' });
      await stack.handle({ id: 'message-2', ...letter });
      const jobs = await stack.jobsOf(ROOT, CHILD);
      if (jobs.get(ROOT)?.state === 'failed' && !jobs.has(CHILD)) lost.push(name);
      if (jobs.size === 0) lost.push(`never recorded: ${name}`);
    }
    expect(lost).toEqual([]);
  });
});

describe('a cancel that has been handled', () => {
  test('has ended the newest job of its name, whatever its tenant may do (F69)', async () => {
    const alive: string[] = [];
    for (const { name, message, tenant, held } of everyCase(cancels)) {
      const stack = await stackWith(tenant, held);
      await stack.handle(message);
      for (const job of (await stack.jobsOf(ROOT, CHILD, GRANDCHILD)).values())
        if (!isFinal(job.state) && job.state !== 'cancelling') alive.push(`${job.jobId}: ${name}`);
      expect(stack.refusals()).toEqual([]);
    }
    expect(alive).toEqual([]);
  });

  test('ends what arrives after it: the job, or the child of a failed one (F66, F69)', async () => {
    const alive: string[] = [];
    const late = Object.entries(cancels).flatMap(([how, cancel]) =>
      Object.entries(tableHas).map(([has, held]) => ({ name: `${how}, the table has ${has}`, cancel, held })),
    );
    for (const { name, cancel, held } of late) {
      const stack = await stackWith(tenantIs.active, held);
      await stack.handle(cancel);
      await stack.handle({ ...sent(request), id: 'message-2' });
      await stack.handle({ ...edited({}), id: 'message-3' });
      await stack.handle({ ...edited({}, CHILD), id: 'message-4' });
      for (const job of (await stack.jobsOf(ROOT, CHILD, GRANDCHILD)).values())
        if (!isFinal(job.state) && job.state !== 'cancelling') alive.push(`${job.jobId}: ${name}`);
    }
    expect(alive).toEqual([]);
  });

  test('of another tenant changes nothing, and shields nothing from the cancel of its own (F67)', async () => {
    const wrong: string[] = [];
    for (const { name, message, tenant, held } of everyCase(foreign)) {
      const stack = await stackWith(tenant, held);
      const before = [...(await stack.jobsOf(ROOT, CHILD, GRANDCHILD)).values()];
      await stack.handle(message);
      const after = [...(await stack.jobsOf(ROOT, CHILD, GRANDCHILD)).values()];
      if (JSON.stringify(after) !== JSON.stringify(before)) wrong.push(name);
      await stack.handle({ ...cancelling({ tenantId: TENANT, idempotencyKey: KEY }), id: 'message-2' });
      await stack.handle({ ...sent(request), id: 'message-3' });
      for (const job of (await stack.jobsOf(ROOT)).values())
        if (!isFinal(job.state) && job.state !== 'cancelling') wrong.push(`not ended: ${name}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('a message that repeats a job', () => {
  test.each(JobState.options)('which is %s is reported on the bus with that state', async (state) => {
    const stack = await stackWith(tenantIs.active, { jobs: [record(ROOT, state, { settled: true })] });
    await stack.handle(sent(request));
    expect(stack.events.filter(({ type }) => type === 'job.deduplicated')).toMatchObject([
      { data: { messageId: 'message-1', jobId: ROOT, tenantId: TENANT, idempotencyKey: KEY, status: state } },
    ]);
  });

  test.each(['suspended', 'full', 'without the job type'] as const)(
    'is answered by it, and by no refusal, when its tenant is %s (F68)',
    async (standing) => {
      const stack = await stackWith(tenantIs[standing], { jobs: [record(ROOT, 'running')] });
      await stack.handle(sent(request));
      expect(stack.events.map(({ type }) => type)).toEqual(['job.deduplicated']);
    },
  );
});
