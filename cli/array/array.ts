/** `headgate array`: one message for many jobs, and what has become of each. */
import { randomUUID } from 'node:crypto';
import { cancelGroup } from '../../application/group/seal.ts';
import { previewOperation } from '../../application/operation/matches.ts';
import { startOperation } from '../../application/operation/operations.ts';
import { operationView, workOf } from '../../domain/operation/asked.ts';
import { systemClock } from '../../io/process/clock.ts';
import { deliveryStore } from '../../io/table/deliveries.ts';
import { endpointStore } from '../../io/table/endpoints.ts';
import { jobLists } from '../../io/table/job-lists.ts';
import { operationStore } from '../../io/table/operation/operations.ts';
import { refusedBy } from '../program/stopped.ts';
import { flag, type Noun, verb } from '../program/verb.ts';
import { quietLog, withStack } from '../stack/stack.ts';
import { manifest } from './manifest.ts';
import { found, oneArray, show, waitForEnd } from './read.ts';
import { submit } from './submit.ts';

const get = verb({
  ...oneArray,
  summary: 'how many of its jobs are made, and how they have ended',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      show(context, await found(await stack.records(), values));
      return 'done';
    }),
});

const wait = verb({
  ...oneArray,
  summary: 'wait for its end, an hour at most; exit code 0 if each job succeeded',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      return waitForEnd(records, await found(records, values), context);
    }),
});

const cancel = verb({
  ...oneArray,
  summary: 'ask for the end of all its jobs; it makes no more',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const { groups } = await stack.records();
      const submitQueue = await stack.queue('submit');
      const ports = { groups, submitQueue, clock: systemClock, log: quietLog(context) };
      show(context, await cancelGroup(ports, await found({ groups }, values)));
      return 'done';
    }),
});

/** As many a second as operations may. */
const PER_SECOND = 25;

const redrive = verb({
  ...oneArray,
  summary: 'run the items again that have failed, and no other',
  options: { ...oneArray.options, yes: flag('do it; without it only the count is shown') },
  details: `The next round of the array follows. It is an operation: headgate operation get shows how far it has come.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      const { groupId: group, tenantId: tenant } = await found(records, values);
      const asked = workOf('redrive', { tenant, group }, systemClock.nowMs());
      if (asked.kind === 'refused') throw refusedBy(asked.problem);
      const { items } = records;
      const ports = {
        ...records,
        lists: jobLists(items),
        deliveries: deliveryStore(items),
        endpoints: endpointStore(items),
        operations: operationStore(items),
      };
      if (!values.yes) {
        const preview = await previewOperation(ports, asked.work);
        if (preview.kind === 'refused') throw refusedBy(preview.problem);
        const { matches, examined, more } = preview;
        context.output.show([{ matches, examined, more }], (page) =>
          page.line(
            `${matches} items have failed${more ? `, of the first ${examined} that were looked at` : ''}.`,
          ),
        );
        context.output.note('Nothing was done. With --yes they run again.');
        return 'done';
      }
      const request = { work: asked.work, perSecond: PER_SECOND, operator: 'command line' };
      const done = await startOperation(ports, { ...request, most: undefined, requestKey: randomUUID() });
      if (done.kind === 'refused') throw refusedBy(done.problem);
      context.output.show([operationView(done.operation)], (page) =>
        page.line(`${done.operation.operationId}  redrive  ${done.operation.state}`),
      );
      return 'done';
    }),
});

export const noun: Noun = {
  summary: 'one job for each of many inputs, by one message',
  verbs: { submit, get, wait, cancel, redrive, manifest },
  details: 'An array is a group: headgate group list and members show it too.',
};
