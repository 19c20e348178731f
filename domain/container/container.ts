/** The container of a job type: its image, its command, its size, and what it finds in its environment. */
import type { Instances } from './instances.ts';

export interface Image {
  /** With a tag or a digest. Absent: the stack's own repository, at the tag that a deployment names. */
  readonly uri?: string;
  readonly architecture: 'arm64' | 'x86_64';
  /** A numeric user without rights on the host; 1000 if absent. */
  readonly user?: string;
  /** The folder, from the root of the repository, that takes the image's place on a laptop: the command starts in it. */
  readonly folder: string;
}

export interface Size {
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** After an attempt that ran out of memory the next one has twice as much, up to this. Absent: always the same. */
  readonly growsToMiB?: number;
  /** On instances that have some; none if absent. */
  readonly gpus?: number;
}

export interface Container {
  readonly image: Image;
  /**
   * Each entry is one argument. `Ref::name` is a placeholder that a submission fills; it is a whole argument, so that a value
   * stays one argument whatever is in it.
   */
  readonly command: readonly string[];
  readonly size: Size;
  /** Instances of EC2 that run it, for what Fargate does not have. Absent: Fargate. */
  readonly instances?: Instances;
  /** Every principal that may describe jobs reads these in clear text. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * By variable: the ARN of a secret in Secrets Manager or of a parameter in Systems Manager. It may contain pseudo parameters
   * such as `${AWS::Region}`, and `${param:name}` for what differs between stages.
   */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Whether the program may write to its own file system; false if absent. */
  readonly writable?: boolean;
}

/** What every submission fills in. */
export const PLACEHOLDERS = ['batchType', 'jobId', 'attempt'] as const;

/** Repository and tag of a registry with a host name, or a digest instead of the tag. */
const IMAGE_URI = /^[a-z0-9.-]+(?::\d+)?\/[a-z0-9._/-]+(?::[\w][\w.-]{0,127}|@sha256:[a-f0-9]{64})$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Set by Headgate or by AWS in each container. */
const RESERVED = /^(?:AWS_|ECS_|HEADGATE_)/;
const SECRET_ARN = /^(?:arn:[^\s:]+:(?:secretsmanager|ssm):\S+|\$\{param:\w+\})$/;
const PLACEHOLDER = /Ref::([A-Za-z0-9_-]*)/;
/** The packager replaces it, and a shell's own `$NAME` says the same. */
const PACKAGERS_VARIABLE = '${';

/**
 * @param given whether the job type fills placeholders of its own
 * @returns the first thing that no container could have, as a sentence; undefined when there is none
 */
export function wrongContainer(container: Container, given: boolean): string | undefined {
  return wrongImage(container.image) ?? wrongCommand(container.command, given) ?? wrongVariables(container);
}

function wrongImage({ uri, folder, user }: Image): string | undefined {
  if (uri !== undefined && !IMAGE_URI.test(uri))
    return `expected an image with its registry and a tag or digest, such as public.ecr.aws/docker/library/python:3.13, found ${uri}`;
  if (folder === '' || folder.startsWith('/') || folder.split('/').includes('..'))
    return `expected a folder of this repository as image.folder, found "${folder}"`;
  if (user !== undefined && !/^[1-9]\d*(?::[1-9]\d*)?$/.test(user))
    return `expected a numeric user other than root as image.user, found ${user}`;
  return undefined;
}

function wrongCommand(command: readonly string[], given: boolean): string | undefined {
  if (command.length === 0) return 'expected a command, found none';
  for (const argument of command) {
    if (argument.includes(PACKAGERS_VARIABLE))
      return `the argument "${argument}" contains \${, which the packager would replace; a shell knows $NAME, too`;
    const name = PLACEHOLDER.exec(argument)?.[1];
    if (name === undefined) continue;
    if (argument !== `Ref::${name}`)
      return `the placeholder in "${argument}" is part of an argument: expected it to be a whole one, so that a value cannot become several`;
    const known: readonly string[] = PLACEHOLDERS;
    if (!given && !known.includes(name))
      return `nothing fills the placeholder Ref::${name}: expected one of ${known.join(', ')}, or parameters that give it`;
  }
  return undefined;
}

function wrongVariables({ environment = {}, secrets = {} }: Container): string | undefined {
  for (const name of [...Object.keys(environment), ...Object.keys(secrets)]) {
    if (!VARIABLE.test(name)) return `expected a variable of letters, digits and _, found "${name}"`;
    if (RESERVED.test(name)) return `the variable ${name} is set by AWS or by Headgate`;
    if (name in environment && name in secrets)
      return `the variable ${name} is in environment and in secrets`;
  }
  for (const [name, value] of Object.entries(environment))
    if (value.includes(PACKAGERS_VARIABLE))
      return `the variable ${name} contains \${, which the packager would replace`;
  for (const [name, arn] of Object.entries(secrets))
    if (!SECRET_ARN.test(arn))
      return `expected the ARN of a secret or parameter as ${name}, or \${param:name}, found something else`;
  return undefined;
}
