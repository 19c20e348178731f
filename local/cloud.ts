/** The embedded cloud: AWS's services on this machine, wired as one packaged CloudFormation template says. */
import { ApiError } from './aws.ts';
import { type Batch, createBatch } from './batch/batch.ts';
import type { ImageSource } from './batch/containers/image.ts';
import { callsTo } from './calls.ts';
import { type Clock, createClock } from './clock.ts';
import { createControl } from './control.ts';
import { createEcr, type Ecr } from './ecr.ts';
import { createEventBridge, type EventBridge, type EventBridgeOptions } from './events/eventbridge.ts';
import { createFaults, type Faults } from './faults.ts';
import { type ApiCall, type Pages, type Service, startGateway } from './gateway.ts';
import { createKms } from './kms.ts';
import { createLambda, type Lambda, type LambdaOptions } from './lambda/lambda.ts';
import { createLogs, type Logs } from './logs/logs.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import type { Fauxqs } from './sqs/fauxqs.ts';
import { queueLengths } from './sqs/lengths.ts';
import { queueAccess } from './sqs/policies.ts';
import { pollerCalls } from './sqs/pollers.ts';
import { handleQueueCall, sendTo } from './sqs/queues.ts';
import { expireHourly, type Keeping, openStores, type Step, type Stores } from './stores.ts';
import { imageDirectories, inertLines, loadStack } from './template/load.ts';
import type { Services } from './template/maker.ts';
import type { Stack } from './template/stack.ts';
import { readTemplate, type Template } from './template/template.ts';

export interface CloudOptions extends Keeping {
  /** Path of the packaged template. */
  readonly template: string;
  /** The folder with `<handler path>.mjs`. */
  readonly bundles: string;
  /**
   * The folder that replaces the working directory of an image; by the logical id of an ECR repository for all of its images, or
   * by the image itself, with its registry and tag.
   */
  readonly images: Readonly<Record<string, string>>;
  /**
   * What runs in place of other images, by their references, with or without a tag; `*` is any other image. They come before
   * `images`.
   */
  readonly otherImages?: Readonly<Record<string, ImageSource>> | undefined;
  /** Docker or Podman, for the images that nothing else runs in place of: the program, `docker` or a path. */
  readonly engine?: string | undefined;
  /** The value of a secret or parameter, as a job definition names it; undefined when there is no such one. */
  readonly secret?: ((valueFrom: string) => Promise<string | undefined>) | undefined;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Variables of the functions besides those of the template, as an operator may add some by hand in AWS. */
  readonly functionEnvironment?: Readonly<Record<string, string>>;
  /** SubmitJob calls that Batch takes in a second; 50 as in AWS when absent, and Infinity for no limit. */
  readonly submitJobsPerSecond?: number;
  /** 0 or absent = a free one. */
  readonly port?: number;
  /** Pages of a program, at the address of this cloud. */
  readonly pages?: Pages | undefined;
  /** One line for the operator, without payloads. */
  report?(line: string): void;
  /** One line that a function wrote. */
  output?(functionName: string, line: string): void;
  /**
   * Each call that reached this cloud. The access key names the caller: a function's key is its name, a container's
   * is `container`, that of the queue pollers and of users of `Cloud.environment` is `local`.
   */
  onCall?(call: ApiCall): void;
}

export interface Cloud {
  /** http://127.0.0.1:port */
  readonly endpoint: string;
  /** The variables that point any AWS client at this cloud. */
  readonly environment: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** What `Ref` gives for a resource of the template. */
  physicalId(logicalId: string): string;
  readonly clock: Clock;
  readonly batch: Batch;
  readonly faults: Faults;
  readonly metrics: Pick<Metrics, 'alarms' | 'numbers'>;
  /** Functions run the bundles with these paths anew, because their files have changed. */
  renewFunctions(bundles: readonly string[]): Promise<void>;
  /** Ends functions and containers, then the services. Idempotent. */
  close(): Promise<void>;
}

const REGION = 'us-east-1';
const STACK_NAME = 'local';
/** Longer than any part takes to give up by itself; a part that hangs must not prevent the next from closing. */
const CLOSE_STEP_MS = 15_000;

/**
 * Starts everything, in the order of dependencies.
 *
 * @throws TemplateRefusal for what the template has and this cloud does not know, and Error with a sentence when the
 * port or the data directory is in use; then nothing is left running
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { report = () => undefined } = options;
  const steps: Step[] = [];
  const closeAll = async () => {
    for (const step of steps.splice(0).reverse()) await bounded(step, report);
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= closeAll();
    return closing;
  };
  try {
    return { ...(await start({ options, report, onClose: (step) => steps.push(step) })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  readonly options: CloudOptions;
  report(line: string): void;
  /** The last step given is the first to run. */
  onClose(step: Step): void;
}

async function start({ options, report, onClose }: Parts): Promise<Omit<Cloud, 'close'>> {
  const template = await readTemplate(options.template);
  const clock = createClock();
  onClose(() => clock.release());
  const stores = await openStores(options, onClose);
  // The gateway serves Batch and EventBridge, but they pass work to parts that start after it.
  const later: Later = { environment: {}, images: new Map() };
  const every = { region: REGION, clock, report };
  const events = createEventBridge({ ...every, database: stores.events, ...targets(stores.fauxqs, later) });
  const logs = createLogs({ region: REGION, store: stores.logs, clock });
  onClose(() => logs.close());
  const imageDirectory = (image: string) => later.images.get(image) ?? later.images.get(withoutTag(image));
  const ecr = createEcr({ region: REGION, imageDirectory });
  const batch = createBatch({
    ...every,
    store: stores.jobs,
    logs,
    emit: (event) => events.publish(event),
    imageSource: (image) => sourceOf(image, imageDirectory(image), options),
    secret: options.secret,
    submitsPerSecond: options.submitJobsPerSecond,
    containerEnvironment: () => ({ ...later.environment, AWS_ACCESS_KEY_ID: 'container' }),
  });
  const metrics = createMetrics(clock.now, () => queueLengths(stores.fauxqs, clock.now()));
  const faults = createFaults(batch.faults, (name) => later.lambda?.kill(name));
  const gateway = await startGateway({
    services: served(stores, { batch, ecr, events, logs, later }),
    control: createControl({ clock, faults, metrics }),
    functionUrl: (request) => lambdaOf(later).serveUrl(request),
    pages: options.pages,
    port: options.port ?? 0,
    report,
    onCall: options.onCall,
  });
  const { endpoint } = gateway;
  onClose(() => gateway.close());
  onClose(expireHourly(stores.tables, clock, report));
  onClose(() => events.close());
  onClose(() => batch.close());
  stores.fauxqs.moveQueues(endpoint);
  later.environment = environmentFor(endpoint);
  const around = aroundLambda(stores, events, options);
  const log = logs.write;
  const lambda = createLambda({ ...every, endpoint, log, ...observed(options, metrics), ...around });
  onClose(() => lambda.close());
  later.lambda = lambda;
  const stack = await madeOf(template, { options, endpoint, events, lambda, metrics });
  later.images = imageDirectories(stack, options.images);
  for (const line of inertLines(stack)) report(line);
  await batch.start();
  events.start();
  lambda.start();
  return {
    endpoint,
    environment: later.environment,
    outputs: stack.outputs(),
    physicalId: (logicalId) => stack.identity(logicalId).ref,
    clock,
    batch,
    faults,
    metrics,
    renewFunctions: lambda.renew,
  };
}

/** The stack of the template, made by calls of the cloud to itself. */
function madeOf(
  template: Template,
  {
    options,
    endpoint,
    ...services
  }: { options: CloudOptions; endpoint: string } & Pick<Services, 'events' | 'lambda' | 'metrics'>,
): Promise<Stack> {
  const { parameters = {}, bundles, functionEnvironment = {} } = options;
  return loadStack(
    template,
    { region: REGION, stackName: STACK_NAME, endpoint, parameters },
    { call: callsTo(endpoint, REGION), bundles, functionEnvironment, ...services },
  );
}

/** What functions print and how their calls end is counted beside what the caller of this cloud does with it. */
function observed({ output }: CloudOptions, metrics: Metrics): Pick<LambdaOptions, 'output' | 'ended'> {
  return {
    output(functionName, line) {
      metrics.printed(line);
      output?.(functionName, line);
    },
    ended: (functionName, { outcome }) => metrics.invoked(functionName, outcome === 'failed'),
  };
}

function sourceOf(
  image: string,
  directory: string | undefined,
  { otherImages = {}, engine }: CloudOptions,
): ImageSource | undefined {
  const named = (name: string) => (Object.hasOwn(otherImages, name) ? otherImages[name] : undefined);
  const given = named(image) ?? named(withoutTag(image));
  if (given !== undefined) return given;
  if (directory !== undefined) return { kind: 'folder', directory };
  return named('*') ?? (engine === undefined ? undefined : { kind: 'engine', program: engine });
}

const withoutTag = (image: string): string => image.replace(/(:[^:/]+|@[^/]+)$/, '');

interface Later {
  environment: Readonly<Record<string, string>>;
  images: ReadonlyMap<string, string>;
  lambda?: Lambda;
}

function lambdaOf({ lambda }: Later): Lambda {
  if (lambda !== undefined) return lambda;
  throw new ApiError('ServiceException', 'Lambda is not there yet: the cloud is starting.', 503);
}

/** What rules deliver to. */
function targets(fauxqs: Fauxqs, later: Later): Pick<EventBridgeOptions, 'access' | 'send' | 'invoke'> {
  const service = 'events.amazonaws.com';
  return {
    access(arn, ruleArn) {
      if (arn.startsWith('arn:aws:lambda:')) return later.lambda?.access(arn, service, ruleArn) ?? 'missing';
      return queueAccess(fauxqs, arn, service, ruleArn);
    },
    send: async (queueArn, body, attributes, groupId) =>
      sendTo(fauxqs, queueArn, { body, attributes, groupId }),
    invoke: async (functionArn, event) => {
      if (later.lambda === undefined) throw new Error(`Function ${functionArn} is not there yet.`);
      later.lambda.accept(functionArn, event);
    },
  };
}

/** The queues that functions are called by, and where the results of asynchronous invocations go. */
function aroundLambda(
  { fauxqs, lambda: database }: Stores,
  { publish }: EventBridge,
  { onCall }: CloudOptions,
): Pick<LambdaOptions, 'database' | 'publish' | 'send' | 'queues'> {
  return {
    database,
    queues: pollerCalls(fauxqs, onCall),
    publish,
    send: async (queueArn, body, attributes) => sendTo(fauxqs, queueArn, { body, attributes }),
  };
}

function served(
  { fauxqs, tables, keys }: Stores,
  {
    batch,
    ecr,
    events,
    logs,
    later,
  }: { batch: Batch; ecr: Ecr; events: EventBridge; logs: Logs; later: Later },
): Record<string, Service> {
  return {
    batch: { protocol: 'rest-json', handle: batch.handle },
    dynamodb: { protocol: 'json', handle: tables.handle },
    ecr: { protocol: 'json', handle: ecr.handle },
    events: { protocol: 'json', handle: events.handle },
    kms: { protocol: 'json', handle: createKms(keys, REGION).handle },
    lambda: {
      protocol: 'rest-payload',
      handle: async (request) => await lambdaOf(later).handle(request),
    },
    logs: { protocol: 'json', handle: logs.handle },
    s3: { protocol: 'raw', serve: fauxqs.serve },
    sqs: { protocol: 'json', handle: (request) => handleQueueCall(fauxqs, request) },
    sts: { protocol: 'raw', serve: fauxqs.serve },
  };
}

function environmentFor(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}

async function bounded(step: Step, report: (line: string) => void): Promise<void> {
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    report(`closing: ${step} took over ${CLOSE_STEP_MS} ms and was left behind`);
    resolve();
  }, CLOSE_STEP_MS);
  try {
    await Promise.race([step(), enough]);
  } catch (error) {
    report(`closing: ${step} failed: ${error}`);
  } finally {
    clearTimeout(timer);
  }
}
