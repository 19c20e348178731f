/** A container that could never run as its job type says is refused before anything is deployed. */
import { describe, expect, test } from '@jest/globals';
import { type Container, type Image, wrongContainer } from '../../../../domain/container/container.ts';
import { imageFolders } from '../../../../domain/container/images.ts';
import { defineJobTypes } from '../../../../domain/job/registry.ts';
import { checkJobTypes } from '../../../../domain/registry/registry-check.ts';
import { reportType } from '../../../support/jobs.ts';

const container: Container = reportType.container;
const image = (change: Partial<Image>) => ({ image: { ...container.image, ...change } });
/** Before a brace it begins a variable of the packager or of CloudFormation. */
const DOLLAR = '$';
const python = 'public.ecr.aws/docker/library/python:3.13';

describe('a container is refused', () => {
  test.each<[string, Partial<Container>, RegExp]>([
    [
      'when its image has no registry',
      image({ uri: 'python:3.13' }),
      /registry and a tag .* found python:3\.13/,
    ],
    ['when its image has no tag', image({ uri: 'public.ecr.aws/python' }), /a tag or digest/],
    [
      'when its folder is outside of the repository',
      image({ folder: '../elsewhere' }),
      /found "\.\.\/elsewhere"/,
    ],
    ['when its folder is anywhere on this machine', image({ folder: '/srv/image' }), /found "\/srv\/image"/],
    ['when its user is root', image({ user: '0' }), /other than root .* found 0/],
    ['when it has no command', { command: [] }, /expected a command/],
    ['when a value would be part of an argument', { command: ['--in=Ref::jobId'] }, /part of an argument/],
    [
      'when nothing fills a placeholder',
      { command: ['sleep', 'Ref::seconds'] },
      /nothing fills .* Ref::seconds/,
    ],
    [
      'when the packager would change its command',
      { command: ['sh', '-c', `echo ${DOLLAR}{HOME}`] },
      /packager/,
    ],
    [
      'when the packager would change a variable',
      { environment: { A: `${DOLLAR}{self:x}` } },
      /the variable A contains/,
    ],
    ['when a variable is not one', { environment: { 'A B': '1' } }, /found "A B"/],
    ['when a variable belongs to AWS', { environment: { AWS_REGION: 'x' } }, /AWS_REGION is set by AWS/],
    ['when a variable belongs to Headgate', { secrets: { HEADGATE_TICKET: 'x' } }, /HEADGATE_TICKET is set/],
    [
      'when a secret is given in clear text',
      { secrets: { SMTP: 'hunter2' } },
      /^expected the ARN .*(?<!hunter2)$/,
    ],
    [
      'when a variable has two values',
      { environment: { A: '1' }, secrets: { A: 'arn:aws:ssm:eu-west-1:1:parameter/a' } },
      /in environment and in secrets/,
    ],
  ])('%s', (_, change, sentence) => {
    const wrong = { ...container, ...change };
    expect(wrongContainer(wrong, false)).toMatch(sentence);
    expect(() => checkJobTypes(defineJobTypes([{ ...reportType, container: wrong }]))).toThrow(
      /^job-types\.ts: report\.render: /,
    );
  });
});

describe('a container is taken', () => {
  test.each<[string, Partial<Container>]>([
    ['when its image is in another registry', image({ uri: python })],
    ['when its image is named by digest', image({ uri: `ghcr.io/acme/report@sha256:${'a'.repeat(64)}` })],
    ['when its image is in a registry of its own', image({ uri: 'registry.local:5000/report:1' })],
    ['when its user has a group', image({ user: '1000:1000' })],
    ['when it gets ids', { command: ['report', 'Ref::jobId', 'Ref::attempt'] }],
    ['when a shell reads a variable', { command: ['sh', '-c', 'echo $HOME'] }],
    ['when a secret differs between stages', { secrets: { SMTP: `${DOLLAR}{param:smtp}` } }],
    [
      'when a secret is in its own account',
      { secrets: { SMTP: `arn:aws:ssm:${DOLLAR}{AWS::Region}:${DOLLAR}{AWS::AccountId}:parameter/smtp` } },
    ],
  ])('%s', (_, change) => {
    expect(wrongContainer({ ...container, ...change }, false)).toBeUndefined();
  });

  test('when its job type fills the placeholders', () => {
    expect(wrongContainer({ ...container, command: ['sleep', 'Ref::seconds'] }, true)).toBeUndefined();
  });
});

test('each image has one folder, and the images of the stack share theirs', () => {
  const [own, other] = [container, { ...container, ...image({ uri: python, folder: 'images/python' }) }];
  expect(imageFolders([own, other, own])).toEqual({ WorkerRepository: 'worker', [python]: 'images/python' });
  const moved = { ...other, ...image({ uri: python, folder: 'images/other' }) };
  expect(() => imageFolders([other, moved])).toThrow(
    /expected one folder .* images\/python and images\/other/,
  );
});

test('a job type whose id no message could name is refused', () => {
  expect(() => checkJobTypes(defineJobTypes([{ ...reportType, id: 'Report' }]))).toThrow(
    /Report: expected dotted lower-case/,
  );
});
