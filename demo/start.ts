/**
 * `npm start`: builds, starts the embedded cloud, sets up three tenants, sends a few jobs on real data and shows
 * every step until Ctrl-C. `npm start -- --once` ends by itself, with exit code 0 only if everything came out right.
 * `--demo NAME` shows something else (`demos.ts`).
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { LifecycleEvent } from '../domain/webhook/notification.ts';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { build, built } from '../tools/build.ts';
import { awsClients, type Clients } from './clients.ts';
import { demos } from './demos.ts';
import { expectations } from './expectations.ts';
import { openInbox, type Received } from './inbox.ts';
import { readRefusals } from './refusals.ts';
import { imageFolders, sampleMessages, tenants } from './sample.ts';
import { describe, type Screen, screen, short } from './screen.ts';
import { missingObjects, outputOf, seedTenants, sendMessages, uploadInputs } from './seed.ts';
import { watchJobs } from './watch.ts';

/** `--once` gives up here; a run takes a few seconds. */
const ONCE_LIMIT_MS = 50_000;
const LOOK_EVERY_MS = 100;

/** A laptop has few cores; a job that waits for capacity belongs to the sample. The screen shows every step. */
const LAPTOP_PARAMETERS = { MaxvCpus: '2', SubmitSettleSeconds: '3', PublishEvents: 'all' };

interface Options {
  readonly once: boolean;
  readonly data: string | undefined;
  readonly port: number;
  readonly demo: string | undefined;
}

async function main(): Promise<number> {
  const options = readOptions();
  const show = screen((text) => process.stdout.write(text));
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());

  await build();
  const demo = demos[options.demo ?? ''];
  if (demo !== undefined) return demo(show, ending.signal);
  const startedAtMs = performance.now();
  const secrets = new Map<string, string>(
    tenants.map((id) => [id, `whsec_${randomBytes(32).toString('base64')}`]),
  );
  const listeners: ((webhook: Received) => void)[] = [];
  const inbox = await openInbox(secrets, (webhook) => {
    for (const listen of listeners) listen(webhook);
  });
  try {
    const cloud = await startLocalCloud(options, inbox.origin, show);
    const clients = awsClients(cloud.environment);
    try {
      await seedTenants(clients, cloud.outputs, secrets, inbox);
      greet(show, cloud, inbox.origin, { readyMs: performance.now() - startedAtMs, data: options.data });
      return await runSample({ show, cloud, clients, listeners, options, signal: ending.signal });
    } finally {
      ending.abort();
      clients.close();
      await cloud.close();
    }
  } finally {
    await inbox.close();
  }
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      data: { type: 'string' },
      port: { type: 'string', default: '0' },
      demo: { type: 'string' },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port: expected 0 to 65535, found ${values.port}`);
  if (values.demo !== undefined && !Object.hasOwn(demos, values.demo))
    throw new Error(`--demo: expected ${Object.keys(demos).join(' or ')}, found ${values.demo}`);
  return { once: values.once, data: values.data, port, demo: values.demo };
}

function startLocalCloud({ data, port }: Options, inboxOrigin: string, show: Screen): Promise<Cloud> {
  return startCloud({
    template: built.template,
    bundles: built.functions,
    images: imageFolders,
    parameters: LAPTOP_PARAMETERS,
    functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: inboxOrigin },
    port,
    // Resources without effect on a laptop are not listed: the list would hide the jobs.
    report: (line) => (line.startsWith('without effect') ? undefined : show.text(line)),
    output: (functionName, line) => {
      if (line.includes('"level":"ERROR"')) show.text(`${functionName}: ${line}`);
    },
    ...(data === undefined ? {} : { dataDirectory: data }),
  });
}

function greet(
  show: Screen,
  cloud: Cloud,
  inbox: string,
  { readyMs, data }: { readyMs: number; data: string | undefined },
) {
  show.text();
  show.text(`Ready in ${(readyMs / 1000).toFixed(1)} s. No AWS account, no Docker.`);
  show.text();
  show.text(`AWS        ${cloud.endpoint}    aws --endpoint-url ${cloud.endpoint} sqs list-queues`);
  show.text(`Front      ${outputOf(cloud.outputs, 'FrontQueueUrl')}`);
  show.text(`Batch      runs worker/ as child processes, ${LAPTOP_PARAMETERS.MaxvCpus} vCPUs at a time`);
  show.text(`Inbox      ${inbox}    signed webhooks land here and are verified`);
  show.text(`Data       ${data ?? 'memory    --data DIR keeps it'}`);
  show.text(`Tenants    ${tenants.join(', ')}`);
  show.text();
}

interface Run {
  readonly show: Screen;
  readonly cloud: Cloud;
  readonly clients: Clients;
  readonly listeners: ((webhook: Received) => void)[];
  readonly options: Options;
  readonly signal: AbortSignal;
}

async function runSample(run: Run): Promise<number> {
  const { show, cloud, clients, options, signal } = run;
  const bucket = outputOf(cloud.outputs, 'JobsBucketName');
  // A kept stack has the jobs of earlier runs, and the same keys would name those.
  const suffix = options.data === undefined ? '' : `-${Date.now().toString(36)}`;
  const messages = sampleMessages(bucket, suffix);
  const score = expectations(messages);
  const results: Promise<string[]>[] = [];

  run.listeners.push((webhook) => {
    score.webhook(webhook);
    const outcome = webhook.verified
      ? `${webhook.payload?.type ?? ''}, signature verified`
      : 'signature does NOT verify';
    show.line(webhook.tenantId, short(webhook.webhookId), 'webhook', outcome);
  });
  const onEvent = (event: LifecycleEvent) => {
    score.event(event);
    show.line(event.data.tenantId, short(event.data.jobId), event.type.slice('job.'.length), describe(event));
    if (event.type === 'job.succeeded') results.push(missingObjects(clients, event.data.result));
  };
  await watchJobs(clients, outputOf(cloud.outputs, 'LifecycleBusName'), onEvent, signal);
  await uploadInputs(clients, bucket);
  await sendMessages(clients, outputOf(cloud.outputs, 'FrontQueueUrl'), messages);

  const refusals = followRefusals(run, (body, code) => score.refusal(body, code));
  const limit = options.once ? AbortSignal.any([signal, AbortSignal.timeout(ONCE_LIMIT_MS)]) : signal;
  while (score.missing().length > 0 && score.wrong().length === 0 && !limit.aborted) {
    await refusals();
    await pause(LOOK_EVERY_MS);
  }
  const absent = (await Promise.all(results)).flat().map((uri) => `the result ${uri} is not in S3`);
  return conclude(run, messages.length, [...score.wrong(), ...absent, ...score.missing()]);
}

/** Shows each dead letter once and leaves it in its queue. */
function followRefusals({ show, cloud, clients }: Run, onRefusal: (body: string, code: string) => void) {
  const shown = new Set<string>();
  return async () => {
    for (const refusal of await readRefusals(clients, outputOf(cloud.outputs, 'FrontDeadLetterQueueUrl'))) {
      if (shown.has(refusal.messageId)) continue;
      shown.add(refusal.messageId);
      const { code = '', pointer = '', reason = '', deadLetterOf } = refusal.attributes;
      if (deadLetterOf !== undefined) {
        show.line('-', short(deadLetterOf), 'dead letter', `${code}: ${reason}`);
        continue;
      }
      show.line('-', 'message', 'dead letter', `${code} at ${pointer}: ${reason}`);
      onRefusal(refusal.body, code);
    }
  };
}

async function conclude(
  { show, options, signal }: Run,
  sent: number,
  faults: readonly string[],
): Promise<number> {
  show.text();
  if (!signal.aborted) {
    if (faults.length === 0) show.text(`All ${sent} messages came to their expected end.`);
    for (const fault of faults) show.text(`Not as expected: ${fault}.`);
  }
  if (!options.once && !signal.aborted) {
    show.text('Still up. Ctrl-C ends it.');
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  return options.once && (faults.length > 0 || signal.aborted) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`\n  ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
