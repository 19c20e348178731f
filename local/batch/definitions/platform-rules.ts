/**
 * What a member of a container means on each platform, as one table: EC2 and Fargate as the API reference has them,
 * and this machine, where containers are processes.
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerProperties.html
 * @see https://docs.aws.amazon.com/batch/latest/userguide/fargate-job-definitions.html
 */
export type Platform = 'EC2' | 'FARGATE';

/** Absent: the platform takes the member. */
type Rule = 'refused' | 'required' | { readonly oneOf: readonly unknown[] };
/** Absent: what the member says is done. `shown`: it is kept and described, and nothing follows from it here. */
type Here = 'shown' | 'refused';

interface Row {
  readonly EC2?: Rule;
  readonly FARGATE?: Rule;
  readonly here?: Here;
}

/** By path; `[]` stands for each item of a list. */
export const MEMBERS: Readonly<Record<string, Row>> = {
  vcpus: { FARGATE: 'refused' },
  memory: { FARGATE: 'refused' },
  executionRoleArn: { FARGATE: 'required', here: 'shown' },
  jobRoleArn: { here: 'shown' },
  taskRoleArn: { here: 'shown' },
  // Of multi-node jobs, which are not here.
  instanceType: { EC2: 'refused', FARGATE: 'refused' },
  privileged: { FARGATE: { oneOf: [false] }, here: 'shown' },
  readonlyRootFilesystem: { here: 'shown' },
  user: { here: 'shown' },
  ulimits: { FARGATE: 'refused', here: 'shown' },
  repositoryCredentials: { here: 'shown' },
  mountPoints: { here: 'refused' },
  'volumes[].host': { FARGATE: 'refused', here: 'refused' },
  'volumes[].efsVolumeConfiguration': { here: 'refused' },
  'volumes[].s3filesVolumeConfiguration': { here: 'refused' },
  'linuxParameters.devices': { FARGATE: 'refused', here: 'refused' },
  'linuxParameters.tmpfs': { FARGATE: 'refused', here: 'refused' },
  'linuxParameters.sharedMemorySize': { FARGATE: 'refused', here: 'shown' },
  'linuxParameters.maxSwap': { FARGATE: 'refused', here: 'shown' },
  'linuxParameters.swappiness': { FARGATE: 'refused', here: 'shown' },
  'linuxParameters.initProcessEnabled': { here: 'shown' },
  'logConfiguration.logDriver': { FARGATE: { oneOf: ['awslogs', 'splunk'] } },
  'logConfiguration.secretOptions': { here: 'shown' },
  firelensConfiguration: { here: 'refused' },
  networkConfiguration: { EC2: 'refused', here: 'shown' },
  fargatePlatformConfiguration: { EC2: 'refused', here: 'shown' },
  platformVersion: { EC2: 'refused', here: 'shown' },
  ephemeralStorage: { here: 'shown' },
  runtimePlatform: { here: 'shown' },
  enableExecuteCommand: { here: 'shown' },
  ipcMode: { FARGATE: 'refused', here: 'shown' },
  pidMode: { FARGATE: { oneOf: ['task'] }, here: 'shown' },
  networkMode: { EC2: 'refused', FARGATE: 'refused' },
  startTimeout: { here: 'shown' },
};

/** With the member that holds the path: SubmitJob asks for two of them, thousands of times a second. */
const ROWS = Object.entries(MEMBERS).map(([path, row]) => ({
  path,
  row,
  member: path.split(/[.[]/)[0] ?? '',
}));

const NAMES: Readonly<Record<Platform, string>> = { EC2: 'EC2', FARGATE: 'Fargate' };

/**
 * @param members the members that this object may have at all; a rule for another one says nothing about it
 * @returns the first thing that the platform, or this machine, does not take
 */
export function platformFault(
  value: object,
  { platform, members }: { readonly platform: Platform; readonly members: readonly string[] },
): string | undefined {
  const rows = ROWS.filter(({ member }) => members.includes(member)).map(
    ({ path, row }) => [path, row] as const,
  );
  for (const [path, row] of rows) {
    const given = valuesAt(value, path);
    const fault = ruleFault(path, row[platform], given, NAMES[platform]);
    if (fault !== undefined) return fault;
  }
  const missing = rows.find(([path, { here }]) => here === 'refused' && valuesAt(value, path).length > 0);
  return missing && `not implemented here: ${missing[0]} (a container is a process of this machine)`;
}

/** "The following parameters can't be set for Windows containers" (API reference, RuntimePlatform). */
const NOT_FOR_WINDOWS = [
  'linuxParameters',
  'privileged',
  'user',
  'ulimits',
  'readonlyRootFilesystem',
  'volumes[].efsVolumeConfiguration',
];

/**
 * @param parts the task and its containers
 * @returns the first thing that Windows does not take; undefined for Linux
 */
export function windowsFault(
  { operatingSystemFamily = 'LINUX', cpuArchitecture }: RuntimePlatform,
  parts: readonly object[],
): string | undefined {
  if (operatingSystemFamily === 'LINUX') return undefined;
  if (cpuArchitecture !== 'X86_64') return 'cpuArchitecture must be X86_64 for Windows containers.';
  const given = NOT_FOR_WINDOWS.find((path) => parts.some((part) => valuesAt(part, path).length > 0));
  return given && `${given} cannot be set for Windows containers.`;
}

interface RuntimePlatform {
  readonly operatingSystemFamily?: string | undefined;
  readonly cpuArchitecture?: string | undefined;
}

/** The members that are given and from which nothing follows here. */
export function onlyShown(value: object): string[] {
  const shown = Object.entries(MEMBERS).filter(([, { here }]) => here === 'shown');
  return shown.map(([path]) => path).filter((path) => valuesAt(value, path).some((given) => given !== false));
}

function ruleFault(
  path: string,
  rule: Rule | undefined,
  given: readonly unknown[],
  platform: string,
): string | undefined {
  if (rule === undefined) return undefined;
  if (rule === 'required') return given.length > 0 ? undefined : `${path} is required for ${platform}.`;
  if (given.length === 0) return undefined;
  if (rule === 'refused') return `${path} is not applicable for ${platform}.`;
  return given.every((value) => rule.oneOf.includes(value))
    ? undefined
    : `${path} takes ${rule.oneOf.join(' or ')} for ${platform}.`;
}

/** What lies at a path. A text, a list or a structure with nothing in it says nothing: some clients always send them. */
function valuesAt(value: unknown, path: string): unknown[] {
  const [, name = '', list, rest = ''] = /^([^.[]+)(\[\])?\.?(.*)$/.exec(path) ?? [];
  const member = memberOf(value, name);
  if (list) return Array.isArray(member) ? member.flatMap((item) => valuesAt(item, rest)) : [];
  if (rest !== '') return valuesAt(member, rest);
  return isEmpty(member) ? [] : [member];
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === '') return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
