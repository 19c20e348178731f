/** What goes wrong in AWS is counted, explained and rung for, and every job ends right once its cause is gone. */
import { BatchClient, UpdateComputeEnvironmentCommand } from '@aws-sdk/client-batch';
import { beforeAll, expect, it, jest } from '@jest/globals';
import { type FaultStage, play } from '../../demo/faults/play.ts';
import { scenarios } from '../../demo/faults/scenarios.ts';
import { bodyOf, endsTold, whyLines } from '../../demo/faults/stage.ts';
import { systemRandom } from '../../io/process/random.ts';
import { table } from '../../io/table/table.ts';
import { alarmsOf } from '../../local/control.ts';
import { FaultName } from '../../local/faults.ts';
import { closedAfterAll } from '../support/closing.ts';
import { runCommand } from '../support/command.ts';
import type { Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { openFlow } from './flow.ts';
import type { Outside } from './outside.ts';

jest.setTimeout(120_000);

let stack: Stack;
let outside: Outside;
let csv: string;
const opened = closedAfterAll();
beforeAll(async () => {
  ({ stack, outside, csv } = await openFlow(opened));
});

it('a job whose compute environment is disabled says so, and runs when it is enabled again', async () => {
  const { AWS_ENDPOINT_URL: endpoint = '' } = stack.cloud.environment;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const batch = new BatchClient({ endpoint, region: 'us-east-1', credentials });
  opened({ close: () => batch.destroy() });
  const turn = (state: 'ENABLED' | 'DISABLED') =>
    batch.send(
      new UpdateComputeEnvironmentCommand({
        computeEnvironment: stack.cloud.physicalId('FargateComputeEnvironment'),
        state,
      }),
    );
  await outside.schedule('rest');
  await turn('DISABLED');
  await stack.send({
    specVersion: '1',
    tenantId: 'acme',
    jobType: 'demo.sleep',
    idempotencyKey: 'stuck',
    input: { seconds: 0 },
  });
  const { jobId } = await until('it to be in AWS Batch', async () => {
    const job = await stack.job('acme', 'stuck');
    return job?.state === 'submitted' ? job : undefined;
  });
  stack.cloud.clock.advance(31 * 60_000);
  await outside.schedule('run');
  const { stuck } = await outside.turnUntil('the diagnosis', 15_000, async () => {
    const job = await stack.job('acme', 'stuck');
    return job?.stuck === undefined ? undefined : job;
  });
  expect(stuck).toMatchObject({ reason: 'environment_invalid', said: expect.stringContaining('DISABLED') });
  const { out } = await runCommand(stack, 'job', 'why', jobId);
  expect(out).toContain('enable or repair the compute environment');

  await turn('ENABLED');
  const ended = await outside.turnUntilEnded('acme', 'stuck');
  expect({ state: ended.state, stuck: ended.stuck, attempt: ended.attempt }).toEqual({
    state: 'succeeded',
    stuck: undefined,
    attempt: 1,
  });
});

it.each(scenarios.map((scenario) => [scenario.fault, scenario] as const))(
  'while %s is switched on over HTTP it is counted, explained and rung for, and its jobs end right',
  async (_, scenario) => {
    await outside.schedule('run');
    const played = await play(stageOf(stack, csv), scenario, new AbortController().signal);
    expect(played.wrong).toEqual([]);
    expect(played.jobs).toBe(`${scenario.jobs} of ${scenario.jobs} succeeded, each told once`);
  },
);

it('each switch has its story', () => {
  expect(scenarios.map(({ fault }) => fault).toSorted()).toEqual(FaultName.options.toSorted());
});

function stageOf({ cloud, clients, webhooks, job, send }: Stack, input: string): FaultStage {
  return {
    endpoint: cloud.endpoint,
    clock: cloud.clock,
    alarms: alarmsOf,
    job: (key) => job('acme', key),
    why: whyLines(table(clients.dynamo, cloud.physicalId('JobsTable'), systemRandom)),
    told: (jobId) => endsTold(webhooks, jobId),
    send: (keys, how) => send(...keys.map((key, i) => bodyOf('acme', key, i, how, input))),
  };
}
