/**
 * Instances of EC2: what their role allows and who finds it, and what an instance does at its start, run by a shell with the commands of
 * the machine replaced.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { defineJobTypes } from '../../domain/job/registry.ts';
import { ComputeResources, resourcesFault } from '../../local/batch/queues/compute-resources.ts';
import { toApi } from '../../local/template/make-batch.ts';
import { planStack } from '../../local/template/stack.ts';
import { parseTemplate } from '../../local/template/template.ts';
import { instanceTemplateOf, START } from '../../resources/instances.ts';
import { onInstances } from '../support/jobs.ts';
import { Role, Statement, template } from '../support/template.ts';
import { ACTIONS, endpoints, FOREIGN, RESOURCES, roles } from './account.ts';
import { allows, arnOf } from './policies.ts';

const AS_AMAZON_LINUX_HAS_IT =
  '# The max number of open files\nOPTIONS="--default-ulimit nofile=32768:65536"\n';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-instance-'));
  mkdirSync(join(folder, 'etc/sysconfig'), { recursive: true });
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @returns the commands of the machine, in their order */
function start(options: string, failing?: string): string[] {
  writeFileSync(join(folder, 'etc/sysconfig/docker'), options);
  for (const name of ['iptables', 'systemctl'])
    writeFileSync(
      join(folder, 'bin', name),
      `#!/bin/sh\necho "${name} $*" >> ${folder}/said\ncase "$*" in *"${failing ?? 'no such'}"*) exit 1;; esac\n`,
      { mode: 0o755 },
    );
  writeFileSync(join(folder, 'said'), '');
  const script = START.replaceAll('/etc/', `${folder}/etc/`);
  const path = `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`;
  expect(spawnSync('/bin/sh', ['-c', script], { env: { PATH: path }, encoding: 'utf8' }).stderr).toBe('');
  return readFileSync(join(folder, 'said'), 'utf8').trim().split('\n');
}
const fileOf = (path: string) => readFileSync(join(folder, path), 'utf8');

const CLOSED = [
  'iptables -w -I OUTPUT -d 169.254.169.254 -m owner ! --uid-owner 0 -j REJECT',
  'iptables -w -t raw -I PREROUTING -d 169.254.169.254 -j DROP',
];
const NO_AGENT = 'systemctl mask --now ecs';

describe('an instance at its start', () => {
  it('closes its metadata to containers, and lets no program of theirs become more than it is', () => {
    expect(start(AS_AMAZON_LINUX_HAS_IT)).toEqual(CLOSED);
    expect(fileOf('etc/ecs/ecs.config')).toBe('ECS_AWSVPC_BLOCK_IMDS=true\nECS_DISABLE_PRIVILEGED=true\n');
    expect(fileOf('etc/sysconfig/docker')).toContain(
      'OPTIONS="--no-new-privileges --default-ulimit nofile=32768:65536"\n',
    );
  });

  it('does the same when it is started again', () => {
    start(AS_AMAZON_LINUX_HAS_IT);
    expect(start(fileOf('etc/sysconfig/docker'))).toEqual(CLOSED);
    expect(fileOf('etc/sysconfig/docker').match(/--no-new-privileges/g)).toHaveLength(1);
  });

  it.each([
    ['the first rule cannot be set', AS_AMAZON_LINUX_HAS_IT, 'OUTPUT'],
    ['the second rule cannot be set', AS_AMAZON_LINUX_HAS_IT, 'PREROUTING'],
    ['Docker takes its options from somewhere else', 'DAEMON_OPTIONS=""\n', undefined],
    ['a remark alone speaks of the option', '# no-new-privileges\nOPTIONS=""\n', undefined],
  ])('takes no job when %s', (_, options, failing) => {
    expect(start(options, failing).at(-1)).toBe(NO_AGENT);
  });
});

describe('instances of EC2, in a stage that has some', () => {
  const instances = { name: 'gpu', types: ['g6.xlarge'], vcpus: 4, memoryMiB: 15_000, gpus: 1 };
  const type = onInstances(
    { ...instances, maxVcpus: 16, usdPerHour: 1 },
    { vcpus: 4, memoryMiB: 15_000, gpus: 1 },
  );
  const Made = z.object({
    Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.json() })),
  });
  const made = Object.entries(Made.parse(instanceTemplateOf(defineJobTypes([type]))).Resources);
  const ofType = (wanted: string) => made.filter(([, { Type }]) => Type === wanted);
  const rolesOf = ofType('AWS::IAM::Role').map(
    ([id, { Properties }]) => [id, Role.parse(Properties)] as const,
  );
  const Endpoint = z.object({ PolicyDocument: z.object({ Statement: z.array(Statement) }) });
  const ways = ofType('AWS::EC2::VPCEndpoint').map(
    ([id, { Properties }]) => [id, Endpoint.parse(Properties).PolicyDocument.Statement] as const,
  );
  const [agent = []] = rolesOf.map(([, statements]) => statements);
  const AGENT = [
    'ecs:DeregisterContainerInstance',
    'ecs:DiscoverPollEndpoint',
    'ecs:Poll',
    'ecs:RegisterContainerInstance',
    'ecs:StartTelemetrySession',
    'ecs:SubmitAttachmentStateChanges',
    'ecs:SubmitContainerStateChange',
    'ecs:SubmitTaskStateChange',
    'ecs:UpdateContainerInstancesState',
  ];
  const CLUSTERS = ['cluster/any', 'container-instance/any/1'].map(
    (name) => `arn:aws:ecs:eu-west-1:111111111111:${name}`,
  );
  const actions = [...new Set([...ACTIONS, ...AGENT, 'ecs:RunTask', 'ecs:StartTask', 'ecs:ExecuteCommand'])];
  const requests = actions.flatMap((action) =>
    [...RESOURCES, ...CLUSTERS].map((resource) => ({ action, resource })),
  );
  const by = (role: string) => ({ 'aws:PrincipalAccount': '111111111111', 'aws:PrincipalArn': arnOf(role) });

  it('have a role that takes tasks of ECS, and none of all other actions on anything of the account', () => {
    expect(rolesOf.map(([id]) => id)).toEqual(['InstanceRole']);
    const allowed = requests.filter((request) => allows(agent, { ...request, context: by('InstanceRole') }));
    expect([...new Set(allowed.map(({ action }) => action))].toSorted()).toEqual(AGENT);
    expect(allowed.filter(({ action }) => !action.startsWith('ecs:'))).toEqual([]);
  });

  it('give that role to no container: its address is closed, by IPv6 as well, and a token of it goes no further than the instance', () => {
    const [[, template] = []] = ofType('AWS::EC2::LaunchTemplate');
    const data = z
      .object({
        LaunchTemplateData: z.object({
          MetadataOptions: z.json(),
          UserData: z.object({ 'Fn::Base64': z.string() }),
        }),
      })
      .parse(template?.Properties).LaunchTemplateData;
    expect(data.MetadataOptions).toMatchObject({
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      HttpProtocolIpv6: 'disabled',
    });
    const start = data.UserData['Fn::Base64'];
    expect(start).toContain('-d 169.254.169.254 -m owner ! --uid-owner 0 -j REJECT');
    expect(start).toContain('-t raw -I PREROUTING -d 169.254.169.254 -j DROP');
    expect(start).toContain('--no-new-privileges');
    expect(start).toContain('close || systemctl mask --now ecs');
    const environments = ofType('AWS::Batch::ComputeEnvironment');
    expect(environments).toHaveLength(1);
    for (const [, { Properties }] of environments)
      expect(Properties).toMatchObject({
        ComputeResources: { LaunchTemplate: { LaunchTemplateId: { Ref: 'InstanceLaunchTemplate' } } },
      });
  });

  it('take their tasks through endpoints that let no container through, and no other account', () => {
    expect(ways.map(([id]) => id)).toEqual(['EcsEndpoint', 'EcsAgentEndpoint', 'EcsTelemetryEndpoint']);
    const through = (context: Record<string, string>) =>
      ways.flatMap(([, statements]) =>
        requests.filter((request) => allows(statements, { ...request, context })),
      );
    for (const role of [...roles.keys()]) expect([role, through(by(role))]).toEqual([role, []]);
    expect(through(FOREIGN)).toEqual([]);
    expect(new Set(through(by('InstanceRole')).map(({ action }) => action))).toEqual(new Set(AGENT));
  });

  it('are taken by a laptop as they are, which makes their compute environment and their queue', () => {
    const laptop = planStack(
      parseTemplate({ ...template, Resources: { ...template.Resources, ...Object.fromEntries(made) } }),
      { region: 'us-east-1', stackName: 'test', endpoint: 'http://127.0.0.1:1', parameters: {} },
    );
    for (const [id] of made) expect(laptop.resource(id).properties).toBeDefined();
    const { properties } = laptop.resource('GpuComputeEnvironment');
    const asked = ComputeResources.parse(toApi(properties['ComputeResources']));
    expect(resourcesFault(asked)).toBeUndefined();
    expect(asked).toMatchObject({ type: 'EC2', maxvCpus: 16, instanceTypes: ['g6.xlarge'] });
    expect(String(laptop.resource('GpuJobQueue').properties['JobQueueName'])).toMatch(/_gpu$/);
  });

  it('find nothing through the other endpoints', () => {
    const found = endpoints.flatMap(([id, statements]) =>
      requests
        .filter((each) =>
          [statements, agent].every((some) => allows(some, { ...each, context: by('InstanceRole') })),
        )
        .map(({ action }) => [id, action]),
    );
    expect(found).toEqual([]);
  });
});
