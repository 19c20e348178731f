/** What runs in place of an image: a folder, a program of this machine, or a container of Docker or Podman. */
import { RegisterJobDefinitionCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { describe, expect, test } from '@jest/globals';
import { engineSpec } from '../../../../local/batch/containers/engine.ts';
import type { ImageSource } from '../../../../local/batch/containers/image.ts';
import { startWithQueue } from '../service.ts';
import { engineProgram } from './engine-program.ts';

async function start(source: ImageSource, image: string, container: object = {}) {
  const service = await startWithQueue({ imageSource: () => source });
  await service.client.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: 'own',
      type: 'container',
      platformCapabilities: ['FARGATE'],
      containerProperties: {
        image,
        executionRoleArn: 'arn:aws:iam::000000000000:role/execution',
        resourceRequirements: [
          { type: 'VCPU', value: '0.5' },
          { type: 'MEMORY', value: '1024' },
        ],
        ...container,
      },
    }),
  );
  return service;
}

const PRINTS = [
  'node',
  '-e',
  'console.log(JSON.stringify(process.argv.slice(1)), process.env.NAME)',
  'a b',
  '$X',
];

describe('an image in place of which a program of this machine runs', () => {
  test('gives the command to it, word for word', async () => {
    const entrypoint = `node -e 'console.log("in place", JSON.stringify(process.argv.slice(1)))'`;
    await using service = await start({ kind: 'command', entrypoint }, 'python:3.11-slim', {
      command: ['python', '-c', 'print("a  b")', '$HOME'],
    });
    const job = await service.reaches(await service.submit({ jobDefinition: 'own' }), 'SUCCEEDED');
    expect(service.printedBy(job)).toBe(
      `in place ${JSON.stringify(['python', '-c', 'print("a  b")', '$HOME'])}\n`,
    );
  });

  test('runs its own command where no program is named, in an empty folder', async () => {
    await using service = await start({ kind: 'command' }, 'python:3.11-slim', {
      command: ['node', '-e', 'console.log(require("fs").readdirSync(".").length)'],
    });
    const job = await service.reaches(await service.submit({ jobDefinition: 'own' }), 'SUCCEEDED');
    expect(service.printedBy(job)).toBe('0\n');
  });
});

describe('an image that Docker runs', () => {
  test('is pulled once, and run with the size, the user and the variables of the definition', async () => {
    const engine = engineProgram();
    await using service = await start({ kind: 'engine', program: engine.program }, 'registry/own:1', {
      command: PRINTS,
      user: '1000',
      readonlyRootFilesystem: true,
      linuxParameters: { initProcessEnabled: true },
      environment: [
        { name: 'NAME', value: 'two\nlines' },
        { name: 'DOCKER_HOST', value: 'tcp://elsewhere' },
      ],
    });
    const job = await service.reaches(await service.submit({ jobDefinition: 'own' }), 'SUCCEEDED');
    expect(service.printedBy(job)).toBe('["a b","$X"] two\nlines\n');
    await service.reaches(await service.submit({ jobDefinition: 'own' }), 'SUCCEEDED');
    expect(engine.verbs()).toEqual(['image', 'pull', 'run', 'inspect', 'rm', 'run', 'inspect', 'rm']);
    const [, , run, , removed] = engine.calls();
    const [name] = run?.args.slice(2, 3) ?? [];
    expect(run?.args.join(' ')).toMatch(
      /^run --name batch-\S+ --network host --memory 1024m --memory-swap 1024m --cpus 0.5 --user 1000 --read-only --init --env/,
    );
    expect(run?.args.slice(-6)).toEqual(['registry/own:1', ...PRINTS]);
    expect(run?.variables).toMatchObject({
      NAME: 'two\nlines',
      AWS_REGION: 'us-east-1',
      AWS_BATCH_JOB_ID: job.jobId,
    });
    // A container must not say where the command line finds its engine, nor take the PATH of this machine.
    expect(run?.args).toContain('DOCKER_HOST=tcp://elsewhere');
    expect(run?.args).not.toContain('PATH');
    expect(removed?.args).toEqual(['rm', '--force', name]);
  });

  test('fails its job with the words of the engine when it cannot be pulled', async () => {
    const { program } = engineProgram();
    await using service = await start({ kind: 'engine', program }, 'registry/missing:1');
    const job = await service.reaches(await service.submit({ jobDefinition: 'own' }), 'FAILED');
    expect(job.attempts?.[0]?.container?.reason).toBe(
      'CannotPullContainerError: pull image manifest failed: Error: manifest unknown',
    );
  });

  test.each([
    ['refused', 'the engine says so'],
    ['without', 'it lacks the command'],
  ])('could not start (%s), when %s', async (image) => {
    const { program } = engineProgram();
    await using service = await start({ kind: 'engine', program }, `registry/${image}:1`);
    const job = await service.reaches(await service.submit({ jobDefinition: 'own' }), 'FAILED');
    expect(job.attempts?.[0]?.container?.reason).toMatch(/^CannotStartContainerError: .*could not start/);
  });

  test('ran out of memory, when the engine says so', async () => {
    const { program } = engineProgram();
    const command = ['node', '-e', 'process.exit(137)'];
    await using service = await start({ kind: 'engine', program }, 'registry/hungry:1', { command });
    const job = await service.reaches(await service.submit({ jobDefinition: 'own' }), 'FAILED');
    expect(job.attempts?.[0]?.container).toMatchObject({
      exitCode: 137,
      reason: expect.stringMatching(/^OutOfMemoryError/),
    });
  });

  test('is stopped by a signal, and removed', async () => {
    const engine = engineProgram();
    const command = ['node', '-e', 'console.log("up"); setTimeout(() => {}, 300_000)'];
    await using service = await start({ kind: 'engine', program: engine.program }, 'registry/own:1', {
      command,
    });
    const jobId = await service.submit({ jobDefinition: 'own' });
    const running = await service.reaches(jobId, 'RUNNING');
    while (service.printedBy(running) === '') await new Promise(setImmediate);
    await service.client.send(new TerminateJobCommand({ jobId, reason: 'enough' }));
    const { attempts } = await service.reaches(jobId, 'FAILED');
    expect(attempts?.[0]?.container?.exitCode).toBe(143);
    expect(engine.verbs()).toEqual(['image', 'pull', 'run', 'inspect', 'rm']);
  });
});

test('Podman is told to leave no folder of a read-only container writable', () => {
  const container = {
    image: 'registry/own:1',
    command: [],
    environment: [],
    resourceRequirements: [{ type: 'MEMORY' as const, value: '64' }],
    name: 'default',
    essential: true,
    dependsOn: [],
    readonlyRootFilesystem: true,
  };
  const lineOf = (program: string) =>
    engineSpec(container, { program, name: 'one', command: [], environment: {} }, 'linux').command.join(' ');
  expect(lineOf('/usr/bin/podman')).toContain('--memory 64m --cpus');
  expect(lineOf('/usr/bin/podman')).toContain('--read-only --read-only-tmpfs=false');
  expect(lineOf('docker')).not.toContain('tmpfs');
});

test.each([
  ['docker', 'host.docker.internal'],
  ['/opt/podman/bin/podman', 'host.containers.internal'],
])('where %s has a machine of its own, containers find the cloud at %s', (program, host) => {
  const container = {
    image: 'registry/own:1',
    command: [],
    environment: [],
    resourceRequirements: [],
    name: 'default',
    essential: true,
    dependsOn: [],
  };
  const environment = { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566', OTHER: 'see http://127.0.0.1:4566' };
  const spec = engineSpec(container, { program, name: 'one', command: [], environment }, 'darwin');
  expect(spec.environment).toMatchObject({
    AWS_ENDPOINT_URL: `http://${host}:4566`,
    OTHER: environment.OTHER,
  });
  expect(spec.command).not.toContain('--network');
});
