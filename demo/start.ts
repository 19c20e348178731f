/**
 * `npm start`: builds, starts the embedded cloud, sets up three tenants, sends a few jobs on real data and shows
 * every step until Ctrl-C, which is its normal end. Options change that (`options/`).
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type BusEvent, isAboutJob } from '../domain/webhook/notification.ts';
import { type Cloud, type CloudOptions, startCloud } from '../local/cloud.ts';
import { faultTexts } from '../local/faults.ts';
import { announce, LISTEN_ORIGIN, RUNNING_FOLDER } from '../local/running.ts';
import { build, built } from '../tools/build.ts';
import { awsClients, type Clients } from './clients.ts';
import { laptopConsole } from './console.ts';
import { demos } from './demos.ts';
import { doorVariables, type LaptopDoor, laptopDoor, pastedLines, registerLaptopKey } from './door.ts';
import { expectations } from './expectations.ts';
import { openInbox, type Received } from './inbox.ts';
import { engineFor } from './options/engine.ts';
import { type Options, readCommandLine } from './options/options.ts';
import { readRefusals } from './refusals.ts';
import { imageFolders, inputUri, sampleMessages, tenants } from './sample.ts';
import { describe, type Screen, screen } from './screen.ts';
import { missingObjects, outputOf, seedTenants, sendMessages, uploadInputs } from './seed.ts';
import { waitReasons } from './waits.ts';
import { watchBus } from './watch.ts';
import { watchSources } from './watch-sources.ts';

/** `--once` gives up here; a run takes a few seconds. */
const ONCE_LIMIT_MS = 50_000;
const LOOK_EVERY_MS = 100;
/** Once the sample is over, the dead-letter queue is read for what its user sends: an empty one waits for its first message. */
const IDLE_WAIT_SECONDS = 20;
/** One that is not empty is read again after this. */
const IDLE_LOOK_EVERY_MS = 3000;

/** A laptop has few cores; a job that waits for capacity belongs to the sample. The screen shows every step. */
const LAPTOP_PARAMETERS = {
  MaxvCpus: '2',
  SubmitSettleSeconds: '3',
  PublishEvents: 'all',
  // A page still needs a token.
  PageOrigins: '*',
};

/** A collector on the same machine, named by the variable that OpenTelemetry has for it, is sent every job. */
function tracesTo(endpoint = ''): Record<string, string> {
  return endpoint === '' ? {} : { TracesEndpoint: endpoint, TraceSampling: '1' };
}

/** As shells count an end by SIGINT: what was to end by itself did not come to its end. */
const INTERRUPTED = 130;
const MISUSED = 2;
const root = join(import.meta.dirname, '..');
/** Where commands find this stack with `--local`. */
const runningFolder = join(root, RUNNING_FOLDER);

async function main(): Promise<number> {
  const asked = readCommandLine(process.argv.slice(2), Object.keys(demos));
  if (asked.kind !== 'run') {
    if (asked.kind === 'help') process.stdout.write(asked.text);
    else process.stderr.write(`${asked.sentence}\n`);
    return asked.kind === 'help' ? 0 : MISUSED;
  }
  const { options } = asked;
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  const endsItself = options.once || options.demo !== undefined;
  const interrupted = endsItself ? INTERRUPTED : 0;
  try {
    const code = await run(options, interrupt.signal);
    return interrupt.signal.aborted ? interrupted : code;
  } catch (error) {
    // Ctrl-C reaches the packager as well, which then fails; our own signal is seen one turn later.
    await pause(0);
    if (interrupt.signal.aborted) return interrupted;
    throw error;
  }
}

async function run(options: Options, interrupted: AbortSignal): Promise<number> {
  const show = screen((text) => process.stdout.write(text));
  await build(() => show.text('Packaging the functions and the worker, because a source has changed...'));
  const demo = demos[options.demo ?? ''];
  if (demo !== undefined) return demo(show, interrupted, options.faults);
  const startedAtMs = performance.now();
  const secrets = new Map<string, string>(
    tenants.map((id) => [id, `whsec_${randomBytes(32).toString('base64')}`]),
  );
  const listeners: ((webhook: Received) => void)[] = [];
  const inbox = await openInbox(secrets, (webhook) => {
    for (const listen of listeners) listen(webhook);
  });
  try {
    const engine = await engineFor(options.containers);
    const listenOrigin = `http://127.0.0.1:${await freePort()}`;
    const receivers = [inbox.origin, listenOrigin];
    const door = await laptopDoor(options.data);
    const pages = laptopConsole(built.console);
    const cloud = await startLocalCloud(options, { receivers, engine, door, show, pages });
    pages.point(cloud);
    cloud.faults.turn(Object.fromEntries(options.faults.map((name) => [name, true])));
    const outputs = { ...cloud.outputs, [LISTEN_ORIGIN]: listenOrigin };
    const environment = { ...cloud.environment, ...doorVariables(cloud.outputs, door) };
    const withdraw = await announce(runningFolder, { environment, outputs });
    const clients = awsClients(cloud.environment);
    const unwatch = options.watch ? await watchFor(cloud, show) : undefined;
    const closing = new AbortController();
    const signal = AbortSignal.any([interrupted, closing.signal]);
    try {
      const ownSecret = await seedTenants(clients, cloud.outputs, secrets, inbox, options.webhookUrl);
      await registerLaptopKey(clients, cloud.outputs, door);
      const stack: Stack = { show, cloud, clients, listeners, options, signal };
      const readyMs = performance.now() - startedAtMs;
      greet(stack, { inbox: inbox.origin, engine, door, ownSecret, readyMs });
      return await runSample(stack);
    } finally {
      closing.abort();
      await unwatch?.();
      clients.close();
      await withdraw();
      await cloud.close();
    }
  } finally {
    await inbox.close();
  }
}

async function watchFor(cloud: Cloud, show: Screen): Promise<() => Promise<void>> {
  const { openRebuilder } = await import('../tools/rebuild.ts');
  const opening = openRebuilder();
  // A fault of the sources is said with the first change.
  const opened = opening.catch(() => undefined);
  const unwatch = watchSources({
    root,
    rebuild: async (changed) => (await opening).rebuild(changed),
    renew: cloud.renewFunctions,
    say: show.text,
  });
  return async () => {
    await unwatch();
    await (await opened)?.close();
  };
}

function startLocalCloud(
  { data, port, webhookUrl, images, submitRate, secret }: Options,
  {
    receivers,
    engine,
    door,
    show,
    pages,
  }: {
    receivers: string[];
    engine: string | undefined;
    door: LaptopDoor;
    show: Screen;
    pages: CloudOptions['pages'];
  },
): Promise<Cloud> {
  const origins = webhookUrl === undefined ? receivers : [...receivers, webhookUrl.origin];
  return startCloud({
    template: built.template,
    bundles: built.functions,
    images: imageFolders,
    otherImages: images,
    engine,
    secret,
    parameters: { ...LAPTOP_PARAMETERS, ...tracesTo(process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) },
    functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: origins.join(), STACK_AUDIENCE: door.audience },
    port,
    pages,
    report: show.text,
    output: (functionName, line) => {
      if (line.includes('"level":"ERROR"')) show.text(`${functionName}: ${line}`);
    },
    ...(data !== undefined && { dataDirectory: data }),
    ...(submitRate !== undefined && { submitJobsPerSecond: submitRate }),
  });
}

/** For `headgate webhook listen`: the functions must know the address before it is used. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  server.close();
  return port;
}

interface Stack {
  readonly show: Screen;
  readonly cloud: Cloud;
  readonly clients: Clients;
  readonly listeners: ((webhook: Received) => void)[];
  readonly options: Options;
  readonly signal: AbortSignal;
}

interface Greeting {
  readonly inbox: string;
  /** Docker or Podman. */
  readonly engine: string | undefined;
  readonly door: LaptopDoor;
  /** Of the user's own server. */
  readonly ownSecret: string | undefined;
  readonly readyMs: number;
}

function greet({ show, cloud, options }: Stack, { inbox, engine, door, ownSecret, readyMs }: Greeting) {
  show.text();
  show.text(`Ready in ${(readyMs / 1000).toFixed(1)} s. No AWS account, no Docker.`);
  show.text();
  show.text(`Console    ${cloud.endpoint}/console/`);
  show.text(
    `AWS        export AWS_ENDPOINT_URL=${cloud.endpoint} AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local`,
  );
  // With the option, because AWS CLI 1 does not read the variable for SQS.
  show.text('           aws sqs list-queues --endpoint-url $AWS_ENDPOINT_URL');
  show.text(`Front      ${outputOf(cloud.outputs, 'FrontQueueUrl')}`);
  show.text(`Batch      runs worker/ as child processes, ${LAPTOP_PARAMETERS.MaxvCpus} vCPUs at a time`);
  show.text(`Images     ${imagesText(options, engine)}`);
  show.text(`Inbox      ${inbox}    signed webhooks land here and are verified`);
  if (ownSecret !== undefined)
    show.text(
      `Yours      ${options.webhookUrl?.href}    webhooks of ${tenants[0]}, signed with ${ownSecret}`,
    );
  for (const name of options.faults) show.text(`Fault      ${name}: ${faultTexts[name]}`);
  show.text(`Data       ${options.data ?? 'memory    --data DIR keeps it'}`);
  show.text(`Tenants    ${tenants.join(', ')}`);
  const csv = inputUri(outputOf(cloud.outputs, 'JobsBucketName'), tenants[0], 'airports.csv');
  const [first, ...lines] = pastedLines(cloud.outputs, door, { tenantId: tenants[0], csv });
  show.text(`API        ${first}`);
  for (const line of lines) show.text(`           ${line}`);
  show.text('Commands   npx headgate --help, each with --local, such as npx headgate doctor --local');
  const input = JSON.stringify({ csv });
  show.text(
    `           npx headgate job submit csv.summarise --local --tenant ${tenants[0]} --key by-cli --input '${input}' --wait`,
  );
  show.text();
}

function imagesText({ images }: Options, engine: string | undefined): string {
  const own = Object.keys(images).map((name) => (name === '*' ? 'any' : name));
  const others =
    engine === undefined ? 'others are refused; --image NAME=DIR runs one' : `others by ${engine}`;
  return `${['the worker', ...own].join(', ')}; ${own.includes('any') ? 'all run here' : others}`;
}

async function runSample(stack: Stack): Promise<number> {
  const { show, cloud, clients, options, signal } = stack;
  const bucket = outputOf(cloud.outputs, 'JobsBucketName');
  // A kept stack has the jobs of earlier runs, and the same keys would name those.
  const suffix = options.data === undefined ? '' : `-${Date.now().toString(36)}`;
  const messages = options.sample ? sampleMessages(bucket, suffix) : [];
  const score = expectations(messages);
  const results: Promise<string[]>[] = [];

  stack.listeners.push((webhook) => {
    score.webhook(webhook);
    const outcome = webhook.verified
      ? `${webhook.payload?.type ?? ''}, signature verified`
      : 'signature does NOT verify';
    show.line(webhook.tenantId, webhook.webhookId, 'webhook', outcome);
  });
  const reasonOf = waitReasons(clients.dynamo, outputOf(cloud.outputs, 'JobsTableName'));
  const onEvent = async (event: BusEvent) => {
    await showEvent(show, event, reasonOf);
    if (event.type === 'job.deduplicated' || !isAboutJob(event)) return;
    score.event(event);
    if (event.type === 'job.succeeded') results.push(missingObjects(clients, event.data.result));
  };
  await watchBus(clients, outputOf(cloud.outputs, 'LifecycleBusName'), onEvent, signal);
  await uploadInputs(clients, bucket);
  if (messages.length > 0) await sendMessages(clients, outputOf(cloud.outputs, 'FrontQueueUrl'), messages);

  const refusals = followRefusals(stack, (body, code) => score.refusal(body, code));
  const limit = options.once ? AbortSignal.any([signal, AbortSignal.timeout(ONCE_LIMIT_MS)]) : signal;
  while (score.missing().length > 0 && score.wrong().length === 0 && !limit.aborted) {
    await refusals();
    await pause(LOOK_EVERY_MS);
  }
  const absent = (await Promise.all(results)).flat().map((uri) => `the result ${uri} is not in S3`);
  const faults = [...score.wrong(), ...absent, ...score.missing()];
  conclude(stack, messages.length, faults);
  const untilStopped = (error: unknown) => {
    if (!signal.aborted) throw error;
    return 0;
  };
  while (!options.once && !signal.aborted) {
    const letters = await refusals({ waitSeconds: IDLE_WAIT_SECONDS, signal }).catch(untilStopped);
    if (letters > 0) await pause(IDLE_LOOK_EVERY_MS, undefined, { signal }).catch(untilStopped);
  }
  return options.once && faults.length > 0 ? 1 : 0;
}

/** One line for each event but a ping, which its endpoint receives, and a refusal, whose dead letter is shown. */
async function showEvent(show: Screen, event: BusEvent, reasonOf: (jobId: string) => Promise<string>) {
  if (event.type === 'job.deduplicated') {
    const { tenantId, jobId, idempotencyKey, status } = event.data;
    return show.line(tenantId, jobId, 'deduplicated', `key=${idempotencyKey}, the job is ${status}`);
  }
  if (isAboutJob(event)) {
    const { tenantId, jobId, status } = event.data;
    const waits = status === 'waiting' || status === 'scheduled';
    const detail = [describe(event), waits ? await reasonOf(jobId) : ''].filter(Boolean).join(', ');
    return show.line(tenantId, jobId, event.type.slice('job.'.length), detail);
  }
  if (event.type === 'endpoint.disabled')
    show.line(event.data.tenantId, event.data.endpointId, 'disabled', event.data.reason);
}

/** Shows each dead letter once and leaves it in its queue. @returns a look, which gives how many are there, up to ten */
function followRefusals({ show, cloud, clients }: Stack, onRefusal: (body: string, code: string) => void) {
  const shown = new Set<string>();
  return async (wait?: Parameters<typeof readRefusals>[2]): Promise<number> => {
    const found = await readRefusals(clients, outputOf(cloud.outputs, 'FrontDeadLetterQueueUrl'), wait);
    for (const refusal of found) {
      if (shown.has(refusal.messageId)) continue;
      shown.add(refusal.messageId);
      const { code = '', pointer = '', reason = '', deadLetterOf } = refusal.attributes;
      // The id that `headgate dlq` takes: the job of a failed job, else the message as its service sent it.
      const id = deadLetterOf ?? refusal.attributes['messageId'] ?? refusal.messageId;
      show.line('-', id, 'dead letter', `${pointer === '' ? code : `${code} at ${pointer}`}: ${reason}`);
      if (deadLetterOf === undefined) onRefusal(refusal.body, code);
    }
    return found.length;
  };
}

function conclude({ show, options, signal }: Stack, sent: number, faults: readonly string[]): void {
  if (signal.aborted) return;
  show.text();
  if (faults.length === 0 && sent > 0) show.text(`All ${sent} messages came to their expected end.`);
  for (const fault of faults) show.text(`Not as expected: ${fault}.`);
  if (!options.once) show.text('Still up. Ctrl-C ends it.');
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`\n  ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
