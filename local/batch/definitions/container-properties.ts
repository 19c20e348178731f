/**
 * What a registration may say about a container: each member with the values that it takes on every platform. What a
 * platform takes beyond or short of that lies in platform-rules.ts.
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerProperties.html
 */
import * as z from 'zod';
import { Int32 } from '../request.ts';
import { EcsName, Environment, ResourceRequirement, Secret } from './fields.ts';

const ULIMITS =
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
    ' ',
  );
const FAMILIES = ['LINUX', '2019_CORE', '2019_FULL', '2022_CORE', '2022_FULL'].map((name) =>
  name === 'LINUX' ? name : `WINDOWS_SERVER_${name}`,
);

const LinuxParameters = z.strictObject({
  devices: z
    .array(
      z.strictObject({
        hostPath: z.string(),
        containerPath: z.string().optional(),
        permissions: z.array(z.enum(['READ', 'WRITE', 'MKNOD'])).optional(),
      }),
    )
    .optional(),
  initProcessEnabled: z.boolean().optional(),
  sharedMemorySize: Int32.min(1).optional(),
  tmpfs: z
    .array(
      z.strictObject({
        containerPath: z.string().startsWith('/', 'takes an absolute path'),
        size: Int32.min(1),
        mountOptions: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  maxSwap: Int32.min(0).optional(),
  swappiness: Int32.min(0).max(100).optional(),
});

export const LogConfiguration = z.strictObject({
  logDriver: z.enum([
    'json-file',
    'syslog',
    'journald',
    'gelf',
    'fluentd',
    'awslogs',
    'splunk',
    'awsfirelens',
  ]),
  options: z.record(z.string(), z.string()).optional(),
  secretOptions: z.array(Secret).optional(),
});

const Volume = z.strictObject({
  name: EcsName,
  host: z.strictObject({ sourcePath: z.string().optional() }).optional(),
  efsVolumeConfiguration: z
    .looseObject({ fileSystemId: z.string(), rootDirectory: z.string().max(4096).optional() })
    .optional(),
  s3filesVolumeConfiguration: z.looseObject({ fileSystemArn: z.string() }).optional(),
});

const Ulimit = z.strictObject({ name: z.enum(ULIMITS), hardLimit: Int32, softLimit: Int32 });

/** Members that the only container of a job and each one of several have alike. */
export const containerMembers = {
  image: z.string().regex(/^[\w:./#@-]{1,255}$/, 'takes up to 255 letters, digits and - _ : . / # @'),
  command: z.array(z.string()).optional(),
  environment: Environment.optional(),
  linuxParameters: LinuxParameters.optional(),
  logConfiguration: LogConfiguration.optional(),
  mountPoints: z
    .array(
      z.strictObject({
        containerPath: z.string().optional(),
        readOnly: z.boolean().optional(),
        sourceVolume: z.string().optional(),
      }),
    )
    .optional(),
  privileged: z.boolean().optional(),
  readonlyRootFilesystem: z.boolean().optional(),
  repositoryCredentials: z.strictObject({ credentialsParameter: z.string() }).optional(),
  resourceRequirements: z.array(ResourceRequirement).optional(),
  secrets: z.array(Secret).optional(),
  ulimits: z.array(Ulimit).optional(),
  user: z.string().optional(),
};

/** Members that belong to the task, whatever number of containers it has. */
export const taskMembers = {
  executionRoleArn: z.string().optional(),
  volumes: z.array(Volume).optional(),
  networkConfiguration: z
    .strictObject({ assignPublicIp: z.enum(['ENABLED', 'DISABLED']).optional() })
    .optional(),
  ephemeralStorage: z.strictObject({ sizeInGiB: Int32.min(21).max(200) }).optional(),
  runtimePlatform: z
    .strictObject({
      operatingSystemFamily: z.enum(FAMILIES).optional(),
      cpuArchitecture: z.enum(['X86_64', 'ARM64']).optional(),
    })
    .optional(),
  enableExecuteCommand: z.boolean().optional(),
};

export const PlatformVersion = z.enum(['1.3.0', '1.4.0', 'LATEST']);

export const ContainerProperties = z.strictObject({
  ...containerMembers,
  ...taskMembers,
  vcpus: Int32.min(1).optional(),
  memory: Int32.min(4).optional(),
  jobRoleArn: z.string().optional(),
  instanceType: z.string().optional(),
  fargatePlatformConfiguration: z.strictObject({ platformVersion: PlatformVersion.optional() }).optional(),
});
export type ContainerProperties = z.infer<typeof ContainerProperties>;
