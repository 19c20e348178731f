/** What AWS Batch is told to do by itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { JobDefinition, JobQueue, resources, root } from '../support/template.ts';

const jobQueues = new Map(resources('AWS::Batch::JobQueue', JobQueue));
const dockerfile = readFileSync(join(root, 'worker/Dockerfile'), 'utf8');

describe.each(resources('AWS::Batch::JobDefinition', JobDefinition))('%s', (_id, definition) => {
  const { ContainerProperties: container, RetryStrategy: retry } = definition;

  it('runs on Fargate without a public address', () => {
    expect(definition.PlatformCapabilities).toEqual(['FARGATE']);
    expect(container.NetworkConfiguration.AssignPublicIp).toBe('DISABLED');
  });

  it('runs as a user without rights, on a file system it cannot change', () => {
    expect(container).toMatchObject({ User: '1000', ReadonlyRootFilesystem: true, Privileged: false });
  });

  it('is given ids as whole arguments, never as part of a shell line', () => {
    expect(container.Command.filter((each) => /^(sh|bash|.*\/sh|-c)$/.test(each))).toEqual([]);
    for (const argument of container.Command.filter((each) => each.includes('Ref::'))) {
      expect(argument).toMatch(/^Ref::[a-zA-Z]+$/);
    }
  });

  it.each([
    ['Your Spot Task was interrupted', 'OnStatusReason'],
    ['Host EC2', 'OnStatusReason'],
    ['CannotPullContainerError', 'OnReason'],
  ])('is tried again by Batch after "%s"', (text, on) => {
    expect(retry.EvaluateOnExit).toContainEqual({ Action: 'RETRY', [on]: `${text}*` });
    expect(retry.Attempts).toBeGreaterThan(1);
  });

  // What matches no rule is retried (API reference, "EvaluateOnExit"), so a job that fails by its own fault would be.
  it('is not tried again by Batch after anything else', () => {
    const rules = retry.EvaluateOnExit;
    expect(rules.at(-1)).toEqual({ Action: 'EXIT', OnReason: '*' });
    expect(rules.filter((rule) => rule.Action === 'EXIT')).toHaveLength(1);
    expect(rules.length).toBeLessThanOrEqual(5);
  });

  it('ends some day even when it is submitted by hand', () => {
    expect(definition.Timeout.AttemptDurationSeconds).toBeGreaterThanOrEqual(60);
  });

  it('stays usable in its former revision while a deployment replaces it', () => {
    expect(definition.ResourceRetentionPolicy.SkipDeregisterOnUpdate).toBe(true);
  });

  it('runs on the processor its image is built for', () => {
    const platforms = [...dockerfile.matchAll(/^FROM --platform=linux\/(\w+) .*$/gm)].map(
      (match) => match[1],
    );
    expect(new Set(platforms)).toEqual(new Set([container.RuntimePlatform.CpuArchitecture.toLowerCase()]));
  });
});

it('an economy job may use Spot, and falls back to Fargate; others never see Spot', () => {
  const environments = (id: string) =>
    jobQueues.get(id)?.ComputeEnvironmentOrder.map((each) => each.ComputeEnvironment);
  expect(environments('StandardJobQueue')).toEqual(['FargateComputeEnvironment']);
  expect(environments('EconomyJobQueue')).toEqual([
    'FargateSpotComputeEnvironment',
    'FargateComputeEnvironment',
  ]);
});

it('tenants share both job queues', () => {
  for (const [, queue] of jobQueues) expect(queue.SchedulingPolicyArn).toBe('TenantShareSchedulingPolicy');
});

it('the image has the Node version of package.json, and the user the job definitions name', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const images = [...dockerfile.matchAll(/^FROM .*\bnode:(\S+?)-\S+/gm)].map((match) => match[1]);
  expect(new Set(images)).toEqual(new Set([devDependencies.node]));
  expect(dockerfile).toMatch(/^USER 1000$/m);
});
