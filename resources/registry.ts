/**
 * What the template has for each job type: its job definition, the right to pull its image and to fetch its secrets, and the
 * way to these in a closed network.
 */
import { definitionName } from '../domain/batch/definitions.ts';
import type { Container, Image } from '../domain/container/container.ts';
import type { JobType, JobTypes } from '../domain/job/job-type.ts';

export type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };
export type Part = { readonly [name: string]: Json };

export const ref = (name: string): Part => ({ Ref: name });
export const sub = (text: string): Part => ({ 'Fn::Sub': text });
export const arnOf = (name: string): Part => ({ 'Fn::GetAtt': [name, 'Arn'] });

/** The resources of a registry, as a template that is merged into the stack's. */
export function templateOf(types: JobTypes): Part {
  const all = [...types.values()];
  const definitions = all.map((type): [string, Part] => [logicalId(type.id), jobDefinition(type)]);
  const byId = Object.fromEntries(definitions);
  if (Object.keys(byId).length !== all.length)
    throw new Error(
      'job-types.ts: two job types have ids that differ only in points and dashes; rename one of them',
    );
  return {
    Resources: { ...byId, WorkerExecutionRole: executionRole(all), ...secretEndpoints(all) },
  };
}

/** The variable JOB_DEFINITIONS of the function that submits: until a deployment reaches it, it submits the revisions before. */
export function deployedDefinitionsOf(types: JobTypes): Part {
  const ids = [...types.keys()];
  const entries = ids.map((id) => `"${id}":\${${logicalId(id)}Revision}`);
  const json = `{"prefix":"${PREFIX}","revisions":{${entries.join()}}}`;
  const revisions = ids.map((id): [string, Part] => [`${logicalId(id)}Revision`, revisionOf(logicalId(id))]);
  return { 'Fn::Sub': [json, Object.fromEntries(revisions)] };
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: the packager's variable
export const PREFIX = 'headgate-${sls:stage}_';

/** `csv.summarise` to `CsvSummariseJobDefinition`. */
const logicalId = (jobType: string): string => `${pascalCase(jobType)}JobDefinition`;

/** `csv.summarise` to `CsvSummarise`. */
export function pascalCase(jobType: string): string {
  return jobType
    .split(/[.-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** A definition's ARN ends with `:revision`, its seventh part. */
function revisionOf(definition: string): Part {
  return { 'Fn::Select': [6, { 'Fn::Split': [':', ref(definition)] }] };
}

function jobDefinition({ id, container }: JobType): Part {
  return {
    Type: 'AWS::Batch::JobDefinition',
    Properties: {
      // Fixed, because the right to submit is given for the names of a stage (resources/roles.yml).
      JobDefinitionName: PREFIX + definitionName(id),
      Type: 'container',
      PlatformCapabilities: [container.instances === undefined ? 'FARGATE' : 'EC2'],
      ResourceRetentionPolicy: { SkipDeregisterOnUpdate: true },
      // Required on a fair-share queue. Headgate overrides it by the job's priority.
      SchedulingPriority: 100,
      PropagateTags: true,
      // Only for jobs submitted by hand: Headgate always passes the timeout of the job type. The default of AWS Batch is none.
      Timeout: { AttemptDurationSeconds: 3600 },
      RetryStrategy: retryByBatch,
      ContainerProperties: containerProperties(id, container),
    },
  };
}

/**
 * AWS Batch retries at once and without backoff, so only failures that the container did not cause. Every other failure ends
 * the Batch job, and the retry policy of the job type decides. Rules are tried in order, five at most, and an end that matches
 * none is retried: hence the last one.
 * @see AWS Batch user guide, "Automated job retries"
 */
const retryByBatch: Part = {
  Attempts: 3,
  EvaluateOnExit: [
    // A reclaimed Spot task, with Fargate's text as it appears in real accounts; the user guide has only that of EC2, below.
    { Action: 'RETRY', OnStatusReason: 'Your Spot Task was interrupted*' },
    { Action: 'RETRY', OnStatusReason: 'Host EC2*' },
    // Fargate could not attach a network interface in time: rare, passing, and nothing has run yet.
    { Action: 'RETRY', OnStatusReason: 'Timeout waiting for network interface provisioning*' },
    { Action: 'RETRY', OnReason: 'CannotPullContainerError*' },
    { Action: 'EXIT', OnReason: '*' },
  ],
};

function containerProperties(jobType: string, container: Container): Part {
  const { image, command, size, instances, environment = {}, secrets = {}, writable = false } = container;
  return {
    Image: imageUri(image),
    Command: command,
    Environment: [
      { Name: 'HEADGATE_API', Value: ref('WorkerApiLambdaFunction') },
      { Name: 'AWS_REGION', Value: ref('AWS::Region') },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the packager's variable
      { Name: 'LOG_LEVEL', Value: '${param:logLevel}' },
      ...Object.entries(environment).map(([Name, Value]) => ({ Name, Value })),
    ],
    // By reference: a principal that may describe jobs, or reads their events, sees the environment in clear text.
    Secrets: Object.entries(secrets).map(([Name, arn]) => ({ Name, ValueFrom: sub(arn) })),
    ResourceRequirements: [
      { Type: 'VCPU', Value: String(size.vcpus) },
      { Type: 'MEMORY', Value: String(size.memoryMiB) },
      ...(size.gpus === undefined || size.gpus === 0 ? [] : [{ Type: 'GPU', Value: String(size.gpus) }]),
    ],
    // On EC2 the instance decides. AWS Batch API reference, "RuntimePlatform".
    ...(instances === undefined
      ? {
          RuntimePlatform: {
            OperatingSystemFamily: 'LINUX',
            CpuArchitecture: image.architecture.toUpperCase(),
          },
        }
      : {}),
    JobRoleArn: arnOf('WorkerJobRole'),
    ExecutionRoleArn: arnOf('WorkerExecutionRole'),
    User: image.user ?? '1000',
    ReadonlyRootFilesystem: !writable,
    // An init process as PID 1 passes SIGTERM on and reaps children; Node does not do the latter.
    LinuxParameters: { InitProcessEnabled: true },
    LogConfiguration: {
      LogDriver: 'awslogs',
      Options: { 'awslogs-group': ref('WorkerLogGroup'), 'awslogs-stream-prefix': jobType },
    },
  };
}

function imageUri({ uri }: Image): Json {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: for Fn::Sub
  return uri ?? sub('${WorkerRepository.RepositoryUri}:${WorkerImageTag}');
}

/** What Fargate does before a container runs: pull the image, open the log, fetch the secrets. No container has this role. */
function executionRole(types: readonly JobType[]): Part {
  const secrets = secretsOf(types);
  const repositories = foreignRepositories(types);
  const allow = (Sid: string, Action: Json, Resource: Json): Part => ({
    Sid,
    Effect: 'Allow',
    Action,
    Resource,
  });
  const fetched = (service: Secret['service'], Sid: string, Action: string) => {
    const arns = secrets.filter((secret) => secret.service === service).map(({ arn }) => sub(arn));
    return arns.length === 0 ? [] : [allow(Sid, Action, arns)];
  };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'ecs-tasks.amazonaws.com' },
            Action: 'sts:AssumeRole',
            // Against a confused deputy. ECS developer guide, "Amazon ECS task IAM role".
            Condition: { StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') } },
          },
        ],
      },
      Policies: [
        {
          PolicyName: 'start',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              // ECR has no resource level for the login. Service Authorization Reference, "Amazon ECR".
              allow('LogInToRegistry', 'ecr:GetAuthorizationToken', '*'),
              allow(
                'PullImage',
                ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
                [arnOf('WorkerRepository'), ...repositories],
              ),
              allow('Log', ['logs:CreateLogStream', 'logs:PutLogEvents'], arnOf('WorkerLogGroup')),
              ...fetched('secretsmanager', 'FetchSecrets', 'secretsmanager:GetSecretValue'),
              ...fetched('ssm', 'FetchParameters', 'ssm:GetParameters'),
            ],
          },
        },
      ],
    },
  };
}

/** ARNs of private repositories of ECR that are not the stack's; every other registry needs no right of AWS's. */
function foreignRepositories(types: readonly JobType[]): string[] {
  const uris = types.flatMap(({ container }) => container.image.uri ?? []);
  const arns = uris.flatMap((uri) => {
    const [, account, region, name] =
      /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)/.exec(uri) ?? [];
    return name === undefined ? [] : [`arn:\${AWS::Partition}:ecr:${region}:${account}:repository/${name}`];
  });
  return [...new Set(arns)];
}

interface Secret {
  readonly service: 'secretsmanager' | 'ssm';
  /** Without the field of the secret that is meant. */
  readonly arn: string;
}

function secretsOf(types: readonly JobType[]): Secret[] {
  const named = types.flatMap(({ container }) => Object.values(container.secrets ?? {}));
  return [...new Set(named.map(withoutField))].map((arn) => ({
    service: arn.split(':')[2] === 'ssm' ? 'ssm' : 'secretsmanager',
    arn,
  }));
}

/** `arn:…:secret:name-AbCdEf:field::` names a field of a secret, which is no resource of its own. */
const withoutField = (arn: string) => arn.split(':').slice(0, 7).join(':');

/** Fargate fetches secrets from inside the subnet before a container starts. */
function secretEndpoints(types: readonly JobType[]): Part {
  const services = new Set(secretsOf(types).map(({ service }) => service));
  const endpoints = [...services].map((service): [string, Part] => [
    service === 'ssm' ? 'ParametersEndpoint' : 'SecretsEndpoint',
    interfaceEndpoint(service, {
      Sid: 'OwnSecrets',
      Effect: 'Allow',
      Principal: '*',
      Action: service === 'ssm' ? 'ssm:GetParameters' : 'secretsmanager:GetSecretValue',
      Resource: secretsOf(types)
        .filter((secret) => secret.service === service)
        .map(({ arn }) => sub(arn)),
      Condition: { StringEquals: { 'aws:PrincipalAccount': ref('AWS::AccountId') } },
    }),
  ]);
  return Object.fromEntries(endpoints);
}

/** A way to a service in the stack's own network, for what the statement allows. */
export function interfaceEndpoint(service: string, statement: Part): Part {
  return {
    Type: 'AWS::EC2::VPCEndpoint',
    Condition: 'OwnNetwork',
    Properties: {
      VpcEndpointType: 'Interface',
      ServiceName: sub(`com.amazonaws.\${AWS::Region}.${service}`),
      VpcId: ref('WorkerNetwork'),
      SubnetIds: {
        'Fn::If': [
          'EndpointsInTwoZones',
          [ref('WorkerSubnetA'), ref('WorkerSubnetB')],
          [ref('WorkerSubnetA')],
        ],
      },
      SecurityGroupIds: [{ 'Fn::GetAtt': ['EndpointSecurityGroup', 'GroupId'] }],
      PrivateDnsEnabled: true,
      PolicyDocument: { Version: '2012-10-17', Statement: [statement] },
    },
  };
}
