/** Which events reach which queue. A pattern that leaves out too much is a silence that stays unnoticed. */
import { expect, it } from '@jest/globals';
import * as z from 'zod';
import { compilePattern } from '../../local/events/pattern.ts';
import { template } from '../support/template.ts';

/** The rule's pattern as EventBridge has it, with each reference as its logical id, and each text with references as it is. */
function passes(rule: string): (event: object) => boolean {
  const { EventPattern } = z
    .object({ EventPattern: z.looseObject({}) })
    .parse(template.Resources[rule]?.Properties);
  const text = JSON.stringify(EventPattern).replaceAll(/\{"(?:Ref|Fn::Sub)":("[^"]+")\}/g, '$1');
  return compilePattern(JSON.parse(text));
}

const batchEvent = (status: string, jobQueue = 'StandardJobQueue') => ({
  source: 'aws.batch',
  'detail-type': 'Batch Job State Change',
  detail: { jobQueue, status },
});

it.each([
  ['RUNNING', true],
  ['SUCCEEDED', true],
  ['FAILED', true],
  ['a status that AWS adds one day', true],
  ['SUBMITTED', false],
  ['PENDING', false],
  ['RUNNABLE', false],
  ['STARTING', false],
])('track hears of a job that is %s: %s', (status, heard) => {
  expect(passes('BatchEventsRule')(batchEvent(status))).toBe(heard);
});

it('track hears of a queue of ours that is blocked, and of no other', () => {
  const hears = passes('BatchEventsRule');
  const blocked = (jobQueue: string) => ({
    ...batchEvent('RUNNABLE', jobQueue),
    'detail-type': 'Batch Job Queue Blocked',
  });
  expect(hears(blocked('StandardJobQueue'))).toBe(true);
  expect(hears(blocked('arn:of-another-team'))).toBe(false);
});

it('track hears of our job queues and of no other', () => {
  const hears = passes('BatchEventsRule');
  expect(hears(batchEvent('RUNNING', 'EconomyJobQueue'))).toBe(true);
  expect(hears(batchEvent('RUNNING', 'arn:of-another-team'))).toBe(false);
  // Of instances of EC2, whose queues have the names of the stage.
  const ofStage = (stage: string) =>
    `arn:\${AWS::Partition}:batch:\${AWS::Region}:\${AWS::AccountId}:job-queue/headgate-${stage}_gpu`;
  expect(hears(batchEvent('RUNNING', ofStage('dev')))).toBe(true);
  expect(hears(batchEvent('RUNNING', ofStage('dev2')))).toBe(false);
});

it('no rule of ours listens on the bus: functions send to notify themselves', () => {
  const rules = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Events::Rule');
  const own = rules.filter(({ Properties }) => Properties !== undefined && 'EventBusName' in Properties);
  expect(own).toEqual([]);
});
