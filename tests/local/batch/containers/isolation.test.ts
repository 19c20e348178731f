import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegisterJobDefinitionCommand } from '@aws-sdk/client-batch';
import { describe, expect, test } from '@jest/globals';
import { createWorkspaces } from '../../../../local/batch/containers/workspace.ts';
import { register, type Service, startWithQueue } from '../service.ts';

const node = (script: string) => ['node', '-e', script];

async function printedOnce(service: Service, command: string[]): Promise<string> {
  await register(service.client, 'once', { command });
  return service.printedBy(
    await service.reaches(await service.submit({ jobDefinition: 'once' }), 'SUCCEEDED'),
  );
}

describe('the file system of a container', () => {
  const LOOK = 'console.log(fs.readdirSync("."), fs.readFileSync("greeting.txt", "utf8").trim())';
  const AS_IN_THE_IMAGE = "[ 'greeting.txt' ] as it is in the image\n";

  test.each([
    ['adds', 'fs.writeFileSync("left.txt", "x")'],
    ['changes', 'fs.appendFileSync("greeting.txt", "changed")'],
    ['deletes', 'fs.rmSync("greeting.txt")'],
  ])('is its own: what one job %s, no later job sees', async (_, change) => {
    await using service = await startWithQueue();
    expect(await printedOnce(service, node(change))).toBe('');
    expect(await printedOnce(service, node(LOOK))).toBe(AS_IN_THE_IMAGE);
  });

  test('is new for each try of a job', async () => {
    await using service = await startWithQueue();
    const script = `${LOOK}; fs.writeFileSync("left.txt", "x"); process.exit(process.env.AWS_BATCH_JOB_ATTEMPT === "1" ? 1 : 0)`;
    await register(service.client, 'twice', { command: node(script) });
    const jobId = await service.submit({ jobDefinition: 'twice', retryStrategy: { attempts: 2 } });
    expect(service.printedBy(await service.reaches(jobId, 'SUCCEEDED'))).toBe(AS_IN_THE_IMAGE);
  });

  test('has a folder for temporary files, and is gone after the end of the try', async () => {
    await using service = await startWithQueue();
    const script =
      'console.log(process.cwd()); console.log(os.tmpdir()); fs.writeFileSync(os.tmpdir() + "/x", "")';
    const [directory = '', temporary = ''] = (await printedOnce(service, node(script))).split('\n');
    const look = `console.log(fs.existsSync(${JSON.stringify(directory)}), fs.existsSync(${JSON.stringify(temporary)}))`;
    expect(await printedOnce(service, node(look))).toBe('false false\n');
  });

  test('that is read-only is its own all the same', async () => {
    await using service = await startWithQueue();
    const readOnly = (name: string, script: string) =>
      service.client.send(
        new RegisterJobDefinitionCommand({
          jobDefinitionName: name,
          type: 'container',
          platformCapabilities: ['FARGATE'],
          containerProperties: {
            image: 'image',
            command: node(script),
            readonlyRootFilesystem: true,
            executionRoleArn: 'arn:aws:iam::000000000000:role/execution',
            resourceRequirements: [
              { type: 'VCPU', value: '0.25' },
              { type: 'MEMORY', value: '512' },
            ],
          },
        }),
      );
    await readOnly('litter', 'fs.writeFileSync("left.txt", "x"); console.log(process.cwd())');
    await readOnly('look', LOOK);
    const litter = await service.reaches(await service.submit({ jobDefinition: 'litter' }), 'SUCCEEDED');
    const look = await service.reaches(await service.submit({ jobDefinition: 'look' }), 'SUCCEEDED');
    expect(service.printedBy(look)).toBe(AS_IN_THE_IMAGE);
    expect(existsSync(service.printedBy(litter).trim())).toBe(false);
  });

  test.each([
    ['changes a file', 'fs.appendFileSync("greeting.txt", "changed")'],
    ['adds to a folder', 'fs.writeFileSync("words/left.txt", "x")'],
    ['deletes in a folder', 'fs.rmSync("words/hello.txt")'],
  ])('that is read-only stays as it is when a container %s', async (_, script) => {
    const image = mkdtempSync(join(tmpdir(), 'headgate-image-'));
    mkdirSync(join(image, 'words'));
    writeFileSync(join(image, 'greeting.txt'), 'as it is\n');
    writeFileSync(join(image, 'words/hello.txt'), 'hello\n');
    const workspaces = createWorkspaces();
    const printed = async (id: number, program: string) => {
      const { directory, remove } = await workspaces.open(id, { image, readOnly: true });
      const { stdout } = spawnSync(process.execPath, ['-e', program], { cwd: directory, encoding: 'utf8' });
      await remove();
      return stdout;
    };
    const look =
      'console.log(fs.readFileSync("greeting.txt", "utf8").trim(), fs.readdirSync("words"), fs.readdirSync(".").sort())';
    // The superuser may write nevertheless, and to its own container alone.
    await printed(1, script);
    const seen = await printed(2, look);
    expect(seen).toBe("as it is [ 'hello.txt' ] [ 'greeting.txt', 'words' ]\n");
    expect(readFileSync(join(image, 'greeting.txt'), 'utf8')).toBe('as it is\n');
    expect(readdirSync(join(image, 'words'))).toEqual(['hello.txt']);
    writeFileSync(join(image, 'greeting.txt'), 'rebuilt\n');
    expect(await printed(3, look)).toMatch(/^rebuilt /);
    workspaces.removeAll();
    rmSync(image, { recursive: true });
  });

  test('finds the packages that are found from the folder of the image', async () => {
    await using service = await startWithQueue();
    const script = 'import("zod").then((zod) => console.log(typeof zod.object))';
    expect(await printedOnce(service, node(script))).toBe('function\n');
  });
});

describe('a container over its memory limit', () => {
  const GROW = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(64 << 20, 1)), 20)';

  test.each([
    ['in its first process', GROW],
    [
      'in a process that it started',
      `child_process.spawn("node", ["-e", ${JSON.stringify(GROW)}]); setInterval(() => {}, 1000)`,
    ],
  ])(
    '%s is killed, and its job shows that it was out of memory',
    async (_, script) => {
      await using service = await startWithQueue();
      await register(service.client, 'hungry', { command: node(script) });
      const job = await service.reaches(await service.submit({ jobDefinition: 'hungry' }), 'FAILED');
      expect(job).toMatchObject({
        statusReason: 'Essential container in task exited',
        container: { exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' },
      });
    },
    30_000,
  );

  test('is tried again by a rule for that', async () => {
    await using service = await startWithQueue();
    const script = `if (process.env.AWS_BATCH_JOB_ATTEMPT === "1") { ${GROW} }`;
    await register(service.client, 'hungry', { command: node(script) });
    const evaluateOnExit = [
      { onReason: 'OutOfMemoryError*', action: 'RETRY' as const },
      { onReason: '*', action: 'EXIT' as const },
    ];
    const jobId = await service.submit({
      jobDefinition: 'hungry',
      retryStrategy: { attempts: 2, evaluateOnExit },
    });
    expect((await service.reaches(jobId, 'SUCCEEDED')).attempts).toHaveLength(2);
  }, 30_000);

  test('is not one that stays under it', async () => {
    await using service = await startWithQueue();
    const script = 'const kept = Buffer.alloc(200 << 20, 1); setTimeout(() => console.log(kept.length), 300)';
    expect(await printedOnce(service, node(script))).toBe(`${200 << 20}\n`);
  });
});

describe('the secrets of a definition', () => {
  const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:key-AbCdEf';
  const others = { platformCapabilities: ['FARGATE' as const] };
  const guarded = (valueFrom: string) => ({
    ...others,
    containerProperties: {
      image: 'image',
      command: node('console.log(process.env.KEY)'),
      executionRoleArn: 'arn:aws:iam::000000000000:role/execution',
      secrets: [{ name: 'KEY', valueFrom }],
      resourceRequirements: [
        { type: 'VCPU' as const, value: '0.25' },
        { type: 'MEMORY' as const, value: '512' },
      ],
    },
  });

  test('are variables of the container', async () => {
    await using service = await startWithQueue({
      secret: async (valueFrom) => (valueFrom === ARN ? 'open sesame' : undefined),
    });
    await register(service.client, 'guarded', { command: [] }, guarded(ARN));
    const job = await service.reaches(await service.submit({ jobDefinition: 'guarded' }), 'SUCCEEDED');
    expect(service.printedBy(job)).toBe('open sesame\n');
    expect(job.container).toMatchObject({ secrets: [{ name: 'KEY', valueFrom: ARN }] });
    expect(JSON.stringify([job, service.events, service.reports])).not.toContain('sesame');
  });

  test.each([
    ['a secret', ARN, /^ResourceInitializationError: .*secrets manager.*ResourceNotFoundException/],
    ['a parameter', 'no-such-parameter', /^ResourceInitializationError: .*ssm.*ParameterNotFound/],
  ])('fail the try when %s is not there', async (_, valueFrom, reason) => {
    await using service = await startWithQueue();
    await register(service.client, 'guarded', { command: [] }, guarded(valueFrom));
    const job = await service.reaches(await service.submit({ jobDefinition: 'guarded' }), 'FAILED');
    expect(job.statusReason).toMatch(reason);
    expect(job.attempts).toHaveLength(1);
    expect(job.attempts?.[0]?.container).not.toHaveProperty('exitCode');
    expect(job).not.toHaveProperty('startedAt');
  });
});

test('a container can ask who it is, and of what task it is a part', async () => {
  await using service = await startWithQueue();
  const script = `
    const ask = async (path) => (await fetch(process.env.ECS_CONTAINER_METADATA_URI_V4 + path)).text();
    Promise.all([ask(""), ask("/task"), ask("/stats")]).then((answers) => console.log(answers.join("\\n")))`;
  await register(service.client, 'curious', { command: node(script) });
  const job = await service.reaches(await service.submit({ jobDefinition: 'curious' }), 'SUCCEEDED');
  const [own = '', task = '', stats = ''] = service.printedBy(job).split('\n');
  expect(JSON.parse(own)).toMatchObject({
    Name: 'default',
    Image: 'image',
    Limits: { CPU: 256, Memory: 512 },
    Labels: { 'com.amazonaws.ecs.task-arn': job.container?.taskArn },
    LogDriver: 'awslogs',
    LogOptions: { 'awslogs-group': '/aws/batch/job', 'awslogs-stream': job.container?.logStreamName },
  });
  expect(JSON.parse(task)).toMatchObject({
    TaskARN: job.container?.taskArn,
    Family: 'curious',
    Revision: '1',
    LaunchType: 'FARGATE',
    Limits: { CPU: 0.25, Memory: 512 },
    Containers: [{ Name: 'default' }],
  });
  expect(JSON.parse(stats)).toMatch(/^not implemented here/);
});
