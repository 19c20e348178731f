/** What the template has for each job type whose executor is Lambda: its function, and what Lambda does with events that it cannot run. */
import { functionOf } from '../domain/batch/definitions.ts';
import { functionSeconds } from '../domain/executor/executor.ts';
import type { JobType, JobTypes } from '../domain/job/job-type.ts';
import { arnOf, type Part, pascalCase, ref } from './registry.ts';

const onLambda = (types: JobTypes): JobType[] =>
  [...types.values()].filter(({ executor }) => executor === 'lambda');

/** The framework makes `RunCsvPeekLambdaFunction` of `runCsvPeek`. */
const keyOf = ({ id }: JobType) => `run${pascalCase(id)}`;
const logicalId = ({ id }: JobType) => `Run${pascalCase(id)}LambdaFunction`;

/** The longest that the framework takes; a stage with `FunctionMinutes` 30 gets more below. */
const USUAL_SECONDS = 900;

/** Functions in the words of the framework, which bundles their code. */
export function runFunctionsOf(types: JobTypes, stage: string): Record<string, object> {
  return Object.fromEntries(
    onLambda(types).map((type) => [
      keyOf(type),
      {
        handler: 'functions/run.handler',
        // The right to start runs is given for the names of a stage (resources/roles.yml).
        name: functionOf({ prefix: `headgate-${stage}_` }, type.id),
        role: 'RunRole',
        timeout: Math.min(USUAL_SECONDS, functionSeconds(type)),
        memorySize: type.container.size.memoryMiB,
        architecture: type.container.image.architecture,
        // It logs where containers do.
        disableLogs: true,
      },
    ]),
  );
}

/** What the framework has no words for. */
export function runTemplateOf(types: JobTypes): Part {
  const all = onLambda(types);
  return {
    Resources: Object.fromEntries(
      all.map((type): [string, Part] => [`Run${pascalCase(type.id)}Events`, eventHandling(type)]),
    ),
    extensions: Object.fromEntries(
      all.map((type): [string, Part] => [logicalId(type), { Properties: more(type) }]),
    ),
  };
}

function eventHandling(type: JobType): Part {
  return {
    Type: 'AWS::Lambda::EventInvokeConfig',
    Properties: {
      FunctionName: ref(logicalId(type)),
      Qualifier: '$LATEST',
      // Attempts are ours to count. An event that waits longer than this would find that nobody may claim its attempt any more.
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 120,
      DestinationConfig: { OnFailure: { Destination: arnOf('RunsFailedQueue') } },
    },
  };
}

function more(type: JobType): Part {
  const seconds = functionSeconds(type);
  return {
    Environment: {
      Variables: {
        ...type.container.environment,
        HEADGATE_API: ref('WorkerApiLambdaFunction'),
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the packager's variable
        LOG_LEVEL: '${param:logLevel}',
      },
    },
    // No sandbox serves two tenants: what a program leaves in memory or in /tmp stays its tenant's.
    TenancyConfig: { TenantIsolationMode: 'PER_TENANT' },
    LoggingConfig: { LogGroup: ref('WorkerLogGroup'), LogFormat: 'JSON' },
    // The network of the containers, which has no way out but to worker-api and to signed objects.
    VpcConfig: {
      SubnetIds: {
        'Fn::If': ['OwnNetwork', [ref('WorkerSubnetA'), ref('WorkerSubnetB')], ref('SubnetIds')],
      },
      SecurityGroupIds: [{ 'Fn::GetAtt': ['WorkerSecurityGroup', 'GroupId'] }],
    },
    ...(seconds > USUAL_SECONDS ? { Timeout: { 'Fn::If': ['LongFunctions', seconds, USUAL_SECONDS] } } : {}),
  };
}
