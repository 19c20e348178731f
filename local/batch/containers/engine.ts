/**
 * A container of Docker or Podman: the command line that runs it. Its process here is that of the command line, which passes
 * SIGTERM on and ends with the container's exit code.
 */
import { platform } from 'node:os';
import { sizeOf } from '../definitions/resource-requirements.ts';
import type { TaskContainer } from '../jobs/job.ts';
import type { ContainerSpec } from './launch-messages.ts';
import { CONTAINER_PATH } from './task.ts';

export interface EngineParts {
  readonly program: string;
  /** Of the container, unique on this machine. */
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What the command line itself reads: where its programs and its engine are, and who the user is. */
const OWN_VARIABLES = /^(PATH|HOME|XDG_RUNTIME_DIR|DOCKER_\w+|CONTAINER_\w+|CONTAINERS_\w+)$/;

/** The loopback of this machine, by the names that the engines' own virtual machines give to it. */
const HOSTS: Readonly<Record<string, string>> = {
  docker: 'host.docker.internal',
  podman: 'host.containers.internal',
};

export function engineSpec(container: TaskContainer, parts: EngineParts, system = platform()): ContainerSpec {
  const { program, name, command } = parts;
  const inHostNetwork = system === 'linux';
  const environment = inHostNetwork ? parts.environment : withHost(parts.environment, program);
  const given = Object.entries(environment).filter(
    ([name, value]) => name !== 'PATH' || value !== CONTAINER_PATH,
  );
  // By name, as a list of processes would show the values; but what the command line reads itself must not reach it.
  const byName = given.filter(([name]) => !OWN_VARIABLES.test(name));
  const byValue = given.filter(([name]) => OWN_VARIABLES.test(name));
  const { vcpus, memoryMiB } = sizeOf(container);
  const { user, readonlyRootFilesystem, linuxParameters, ulimits = [] } = container;
  const flags = [
    ...['--name', name],
    // The cloud listens on the loopback address alone.
    ...(inHostNetwork ? ['--network', 'host'] : []),
    ...['--memory', `${memoryMiB}m`, ...withoutSwap(program, memoryMiB), '--cpus', String(vcpus)],
    ...(user === undefined ? [] : ['--user', user]),
    ...(readonlyRootFilesystem === true ? readOnly(program) : []),
    ...(linuxParameters?.initProcessEnabled === true ? ['--init'] : []),
    ...ulimits.flatMap((limit) => ['--ulimit', `${limit.name}=${limit.softLimit}:${limit.hardLimit}`]),
    ...byName.flatMap(([name]) => ['--env', name]),
    ...byValue.flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  ];
  const own = Object.entries(process.env).flatMap(([variable, value = '']): [string, string][] =>
    OWN_VARIABLES.test(variable) ? [[variable, value]] : [],
  );
  return {
    command: [program, 'run', ...flags, container.image, ...command],
    image: undefined,
    readOnly: false,
    environment: Object.fromEntries([...own, ...byName]),
    memoryBytes: Number.POSITIVE_INFINITY,
    engine: { program, name },
  };
}

const isPodman = (program: string): boolean => program.split('/').at(-1) === 'podman';

/**
 * Both engines give a container as much swap again as it has memory, where instances of AWS Batch have none: a program over its limit
 * would be slow here, and killed there. Podman's documents want more swap than memory, so there it stays.
 *
 * @see https://docs.docker.com/engine/containers/resource_constraints/
 */
const withoutSwap = (program: string, memoryMiB: number): string[] =>
  isPodman(program) ? [] : ['--memory-swap', `${memoryMiB}m`];

/** Podman would make /tmp, /run and /var/tmp writable. @see https://docs.podman.io/en/latest/markdown/podman-run.1.html */
const readOnly = (program: string): string[] =>
  isPodman(program) ? ['--read-only', '--read-only-tmpfs=false'] : ['--read-only'];

function withHost(environment: Readonly<Record<string, string>>, program: string): Record<string, string> {
  const host = HOSTS[program.split('/').at(-1) ?? ''] ?? 'host.docker.internal';
  const moved = Object.entries(environment).map(([name, value]) => [
    name,
    value.replace(/^http:\/\/127\.0\.0\.1:/, `http://${host}:`),
  ]);
  return Object.fromEntries(moved);
}
