/** `headgate doctor`: looks at everything that a stack needs, and names each fault with what to do about it. */
import { BatchClient } from '@aws-sdk/client-batch';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { ECRClient } from '@aws-sdk/client-ecr';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SQSClient } from '@aws-sdk/client-sqs';
import { instancesOf, queueId } from '../../domain/container/instances.ts';
import { jobTypes } from '../../job-types.ts';
import { Stopped } from '../program/stopped.ts';
import { type Context, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { resourcesOf } from '../stack/resources.ts';
import { type Stack, withStack } from '../stack/stack.ts';
import { fargateQuota, lambdaConcurrency, mappings, roles, visibility } from './account.ts';
import { apiConcurrency, apiHealth } from './api.ts';
import { images, jobDefinitions, jobQueues } from './batch.ts';
import { type Check, type Diagnosis, diagnose, type Patient } from './check.ts';
import { ruleDeadLetters, rulePattern, tickSchedule } from './events.ts';
import { deadLetters, redrivePolicies } from './queues.ts';
import { clockSkew, lateItems, setAside, webhookKey } from './records.ts';

/** In the order of a job's way. */
export const checks: readonly Check[] = [
  clockSkew,
  redrivePolicies,
  visibility,
  mappings,
  roles,
  jobQueues,
  jobDefinitions,
  images,
  fargateQuota,
  lambdaConcurrency,
  rulePattern,
  ruleDeadLetters,
  tickSchedule,
  lateItems,
  setAside,
  webhookKey,
  apiHealth,
  apiConcurrency,
  deadLetters,
];

export const doctor = verb({
  summary: 'look at everything that a stack needs, and say what to do about each fault',
  options: placeOptions,
  details: 'Exit code 1 means that a check found a fault, or could not look. It changes nothing.',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const patient = await patientOf(stack);
      const found: Diagnosis[] = [];
      for (const check of checks) {
        const diagnosis = await diagnose(check, patient);
        show(diagnosis, context);
        found.push(diagnosis);
      }
      const faults = found.filter(({ ok }) => ok === false).length;
      const looked = found.filter(({ ok }) => ok !== undefined).length;
      context.output.note(`${looked} checks, ${faults} ${faults === 1 ? 'fault' : 'faults'}.`);
      return faults === 0 ? 'done' : 'failed';
    }),
});

/** All checks, one after the other, for a reader who waits for the last. */
export async function examine(stack: Stack): Promise<readonly Diagnosis[]> {
  const patient = await patientOf(stack);
  const found: Diagnosis[] = [];
  for (const check of checks) found.push(await diagnose(check, patient));
  return found;
}

const ID_WIDTH = Math.max(...checks.map(({ id }) => id.length));

function show(diagnosis: Diagnosis, { output }: Context): void {
  const { id, ok, says, fix } = diagnosis;
  output.show([diagnosis], (page) => {
    const [mark, tone] =
      ok === undefined
        ? (['-   ', 'dim'] as const)
        : ok
          ? (['ok  ', 'good'] as const)
          : (['BAD ', 'bad'] as const);
    page.hanging(`${mark} ${id.padEnd(ID_WIDTH)}  `, { text: says, tone: ok === true ? undefined : tone });
    if (fix !== undefined) page.hanging(`     ${' '.repeat(ID_WIDTH)}  `, fix);
  });
}

async function patientOf(stack: Stack): Promise<Patient> {
  const { outputs } = stack;
  const resources: ReadonlyMap<string, string> = outputs === undefined ? await resourcesOf(stack) : new Map();
  const ofInstances = instancesOf([...jobTypes.values()].map(({ container }) => container)).map(({ name }) =>
    queueId(name),
  );
  const jobQueues = ['StandardJobQueue', 'EconomyJobQueue', ...ofInstances].map((logicalId) => {
    // CloudFormation's physical id of a job queue is its ARN.
    const arn = outputs === undefined ? resources.get(logicalId) : outputs[`${logicalId}Arn`];
    if (arn === undefined) throw new Stopped('failed', `Expected ${logicalId} in the stack, found none.`);
    return arn;
  });
  return {
    stage: stack.stage,
    isLaptop: outputs !== undefined,
    apiUrl: outputs?.['ApiUrl'],
    jobQueues,
    resources,
    records: await stack.records(),
    sqs: stack.client(SQSClient),
    events: stack.client(EventBridgeClient),
    batch: stack.client(BatchClient),
    ecr: stack.client(ECRClient),
    kms: stack.client(KMSClient),
    lambda: stack.client(LambdaClient),
    iam: stack.client(IAMClient),
    quotas: stack.client(ServiceQuotasClient),
    cloudFormation: stack.client(CloudFormationClient),
  };
}
