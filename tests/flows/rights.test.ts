/**
 * The rights that are read from the sources (tests/wiring/rights.ts) against what the functions are seen to call: what
 * happens here and is not foreseen there would be refused by IAM, and the roles would be held to the wrong list.
 */
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemRandom } from '../../io/process/random.ts';
import { gateStore } from '../../io/table/gates.ts';
import { table } from '../../io/table/table.ts';
import type { ApiCall } from '../../local/gateway.ts';
import { closedAfterAll } from '../support/closing.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { rightsOf } from '../wiring/rights.ts';

jest.setTimeout(240_000);

const NAMES = ['intake', 'submit', 'track', 'notify', 'deliver', 'tick'];
let stack: Stack;
const calls: ApiCall[] = [];
const message = (idempotencyKey: string, seconds: number, more: object = {}) => ({
  specVersion: '1',
  tenantId: 'acme',
  jobType: 'demo.sleep',
  idempotencyKey,
  input: { seconds },
  ...more,
});

const opened = closedAfterAll();
beforeAll(async () => {
  stack = opened(await startStack({ onCall: (call) => calls.push(call) }));
  await stack.addTenant('acme');
  // Its inbox answers 400 there, so a later try is made.
  await stack.addTenant('astray');
  await stack.endpoints.change({ tenantId: 'astray', endpointId: 'whe_test' }, (endpoint) => ({
    ...endpoint,
    url: `${endpoint.url}/elsewhere`,
  }));
  const items = table(stack.clients.dynamo, stack.cloud.physicalId('JobsTable'), systemRandom);
  await gateStore(items).set('acme', undefined, { cap: 2 }, Date.now());
});

/** As IAM calls it; a batch of statements has a right for each kind of them. */
function rightFor({ service, action }: ApiCall): RegExp {
  if (action === 'BatchExecuteStatement') return /^dynamodb:PartiQL/;
  return new RegExp(`^${service}:${action.replace(/Batch$/, '')}$`, 'i');
}

describe('after jobs that ran, waited, were cancelled, refused and redone', () => {
  beforeAll(async () => {
    const keys = Array.from({ length: 8 }, (_, i) => `job-${i}`);
    await stack.send(...keys.map((key) => message(key, 0)), message('long', 600), '{"not": "a job"}');
    await stack.send(message('later', 0, { delaySeconds: 1 }), message('job-0', 0));
    await stack.send(message('astray', 0, { tenantId: 'astray' }));
    await until('the long job in Batch', async () => (await stack.job('acme', 'long'))?.runId);
    await stack.send({ specVersion: '1', action: 'job.cancel', tenantId: 'acme', idempotencyKey: 'long' });
    for (const key of [...keys, 'long', 'later']) {
      const { jobId } = await stack.ended('acme', key);
      await stack.webhookFor(jobId);
    }
    await stack.ended('astray', 'astray');
    stack.cloud.clock.advance(61_000);
    for (const name of ['tick', 'deliver'])
      await until(`a run of ${name}`, async () =>
        calls.find(({ accessKeyId }) => accessKeyId.endsWith(`-${name}`)),
      );
  });

  it.each(NAMES)('%s has called nothing unforeseen', (name) => {
    const made = calls.filter(({ accessKeyId }) => accessKeyId.endsWith(`-${name}`));
    expect(made.length).toBeGreaterThan(0);
    const { actions } = rightsOf(`functions/${name}.ts`);
    const unforeseen = made.filter((call) => !actions.some((action) => rightFor(call).test(action)));
    expect([...new Set(unforeseen.map(({ service, action }) => `${service} ${action}`))]).toEqual([]);
  });
});
