/** The rule that brings the words of AWS Batch. */
import {
  DescribeRuleCommand,
  type DescribeRuleCommandOutput,
  ListRuleNamesByTargetCommand,
  ListTargetsByRuleCommand,
  ResourceNotFoundException,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { type Check, ok, onAws, type Patient, wrong } from './check.ts';
import { queueFacts } from './queues.ts';

async function rulesOf(patient: Patient): Promise<DescribeRuleCommandOutput[]> {
  const { events } = patient;
  const { RuleNames = [] } = await events.send(
    new ListRuleNamesByTargetCommand({ TargetArn: await eventsQueueArn(patient) }),
  );
  return Promise.all(RuleNames.map((Name) => events.send(new DescribeRuleCommand({ Name }))));
}

async function eventsQueueArn(patient: Patient): Promise<string> {
  const queue = (await queueFacts(patient)).find(({ name }) => name.endsWith('-events'));
  return queue?.arn ?? '';
}

/** By the reports of a container, and by those of the steps before, each of which costs and changes nothing. */
const WANTED = ['RUNNING', 'SUCCEEDED', 'FAILED'];
const UNWANTED = ['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING'];

export const rulePattern: Check = {
  id: 'rule.pattern',
  fix: 'Deploy the stack again: without these events jobs end when reconcile asks AWS Batch, ten minutes late.',
  async look(patient) {
    const rules = await rulesOf(patient);
    const enabled = rules.filter(({ State }) => State === 'ENABLED');
    if (enabled.length === 0)
      return wrong(
        `expected an enabled rule to the events queue, found ${rules.length === 0 ? 'none' : 'a disabled one'}`,
      );
    const matches = async (status: string, jobQueue: string) => {
      const answers = await Promise.all(
        enabled.map(({ EventPattern }) =>
          patient.events.send(
            new TestEventPatternCommand({
              EventPattern,
              Event: JSON.stringify(stateChange(status, jobQueue)),
            }),
          ),
        ),
      );
      return answers.some(({ Result }) => Result === true);
    };
    for (const jobQueue of patient.jobQueues) {
      for (const status of WANTED)
        if (!(await matches(status, jobQueue)))
          return wrong(
            `expected a pattern that matches detail.status ${status} of each job queue, found one that does not`,
          );
      for (const status of UNWANTED)
        if (await matches(status, jobQueue))
          return wrong(
            `expected a pattern without detail.status ${status}, found one that matches it: each event costs`,
          );
    }
    return ok(
      `the rule to the events queue matches ${WANTED.join(', ')} of both job queues, and no step before`,
    );
  },
};

/** @see AWS Batch user guide, "AWS Batch events": with the fields that TestEventPattern demands */
function stateChange(status: string, jobQueue: string) {
  return {
    id: '00000000-0000-4000-8000-000000000000',
    account: '000000000000',
    source: 'aws.batch',
    'detail-type': 'Batch Job State Change',
    time: '2026-01-01T00:00:00Z',
    region: jobQueue.split(':')[3],
    resources: [],
    detail: { jobName: 'hg-doctor', jobId: 'doctor', jobQueue, status },
  };
}

/** The name that the framework gives to the first schedule of the function `tick`. */
const SCHEDULE = 'TickEventsRuleSchedule1';

export const tickSchedule: Check = onAws({
  id: 'tick.schedule',
  fix: 'aws events enable-rule, or deploy the stack again: while tick is silent nothing that is lost is repaired.',
  async look({ events, resources }) {
    const Name = resources.get(SCHEDULE);
    if (Name === undefined) return wrong('expected the schedule of tick in the stack, found none');
    // One that was deleted by hand is still a resource of the stack.
    const rule = await events.send(new DescribeRuleCommand({ Name })).catch(unlessMissing);
    if (rule === undefined) return wrong('expected the schedule of tick, found that its rule was deleted');
    return rule.State === 'ENABLED'
      ? ok('the schedule of tick is enabled')
      : wrong('expected the schedule of tick to be enabled, found it disabled');
  },
});

function unlessMissing(error: unknown): undefined {
  if (error instanceof ResourceNotFoundException) return undefined;
  throw error;
}

export const ruleDeadLetters: Check = {
  id: 'rule.dead_letters',
  fix: 'Deploy the stack again: an event that cannot be delivered for a day would be lost without a trace.',
  async look(patient) {
    const arn = await eventsQueueArn(patient);
    const targets = await Promise.all(
      (await rulesOf(patient)).map(async ({ Name }) => {
        const { Targets = [] } = await patient.events.send(new ListTargetsByRuleCommand({ Rule: Name }));
        return Targets.filter(({ Arn }) => Arn === arn);
      }),
    );
    const without = targets.flat().filter(({ DeadLetterConfig }) => DeadLetterConfig?.Arn === undefined);
    if (targets.flat().length === 0) return wrong('expected a rule to the events queue, found none');
    return without.length === 0
      ? ok('what the rule cannot deliver goes to a queue')
      : wrong('expected a dead-letter queue of the rule’s target, found none');
  },
};
