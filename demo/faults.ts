/**
 * Faults of AWS, one after the other: each is switched on over HTTP, counted, explained and rung for, and every job still ends right.
 * The alarms are those of the template, evaluated over what the functions printed.
 */
import { randomBytes } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { jobIdOf } from '../application/job/identity.ts';
import { tenantFolder } from '../domain/job/identity.ts';
import { systemRandom } from '../io/process/random.ts';
import { jobStore } from '../io/table/jobs.ts';
import { table } from '../io/table/table.ts';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { alarmsOf } from '../local/control.ts';
import { type FaultName, faultTexts } from '../local/faults.ts';
import { built } from '../tools/build.ts';
import { awsClients, type Clients } from './clients.ts';
import { type FaultStage, type Played, play } from './faults/play.ts';
import { scenarios } from './faults/scenarios.ts';
import { bodyOf, endsTold, whyLines } from './faults/stage.ts';
import { openInbox, type Received } from './inbox.ts';
import { imageFolders } from './sample.ts';
import type { Screen } from './screen.ts';
import { EVERY_END, outputOf, type Receiver, tenantMaker } from './seed.ts';

const TENANT = 'acme';

/** @param only the faults to play; none means all */
export async function faultsDemo(
  show: Screen,
  signal: AbortSignal,
  only: readonly FaultName[] = [],
): Promise<number> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const received: Received[] = [];
  const inbox = await openInbox(new Map([[TENANT, secret]]), (webhook) => received.push(webhook));
  const cloud = await startCloud({
    template: built.template,
    bundles: built.functions,
    images: imageFolders,
    parameters: { MaxvCpus: '4', SubmitSettleSeconds: '3' },
    functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: inbox.origin },
  });
  const clients = awsClients(cloud.environment);
  try {
    const receiver = {
      url: inbox.urlOf(TENANT),
      origin: inbox.origin,
      endpointId: 'whe_faults',
      secret,
      events: EVERY_END,
    };
    const stage = await setUp(cloud, clients, receiver, received);
    show.text();
    show.text(
      `Switches: curl -H 'x-cloud-control: 1' ${cloud.endpoint}/_cloud/faults    alarms: …/_cloud/alarms`,
    );
    const played: Played[] = [];
    for (const scenario of scenarios.filter(({ fault }) => only.length === 0 || only.includes(fault))) {
      if (signal.aborted) return 1;
      show.text();
      show.text(`${scenario.fault}: ${faultTexts[scenario.fault]}.`);
      const one = await play(stage, scenario, signal);
      show.text(`  why: ${one.why}`);
      played.push(one);
    }
    return conclude(show, played);
  } finally {
    clients.close();
    await cloud.close();
    await inbox.close();
  }
}

async function setUp(
  cloud: Cloud,
  clients: Clients,
  receiver: Receiver,
  received: readonly Received[],
): Promise<FaultStage> {
  const items = table(clients.dynamo, outputOf(cloud.outputs, 'JobsTableName'), systemRandom);
  await tenantMaker(clients, cloud.outputs)(TENANT, receiver);
  const Bucket = outputOf(cloud.outputs, 'JobsBucketName');
  const Key = `${tenantFolder(TENANT)}inputs/n.csv`;
  await clients.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'n\n1\n2\n' }));
  const jobs = jobStore(items);
  return {
    endpoint: cloud.endpoint,
    clock: cloud.clock,
    alarms: alarmsOf,
    job: (key) => jobs.get(jobIdOf(TENANT, key)),
    why: whyLines(items),
    told: (jobId) => endsTold(received, jobId),
    async send(all, how) {
      const bodies = all.map((key, i) => bodyOf(TENANT, key, i, how, `s3://${Bucket}/${Key}`));
      for (let from = 0; from < bodies.length; from += 10) {
        const Entries = bodies
          .slice(from, from + 10)
          .map((body, i) => ({ Id: String(i), MessageBody: JSON.stringify(body) }));
        const QueueUrl = outputOf(cloud.outputs, 'FrontQueueUrl');
        await clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      }
    },
  };
}

function conclude(show: Screen, played: readonly Played[]): number {
  const wrong = played.flatMap((one) => one.wrong);
  show.text();
  show.text(`${'fault'.padEnd(18)}${'metric'.padEnd(26)}${'alarm that rang'.padEnd(20)}jobs`);
  for (const { fault, metric, alarm, jobs } of played)
    show.text(`${fault.padEnd(18)}${metric.padEnd(26)}${alarm.padEnd(20)}${jobs}`);
  show.text();
  for (const each of wrong) show.text(`Not as expected: ${each}.`);
  if (wrong.length === 0)
    show.text('Each fault was counted, explained and rung for, and every job ended right.');
  return wrong.length === 0 ? 0 : 1;
}
