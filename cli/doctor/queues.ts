/** The queues: each has a place for what cannot be handled, and none of those is full. */
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { lettersCheck } from '../../domain/reading/upkeep-view.ts';
import { deadLetterCounts } from '../../io/aws/dead-letter-counts.ts';
import { queueUrl } from '../stack/find.ts';
import { type Check, judged, ok, type Patient, wrong } from './check.ts';

const NAMES = ['front', 'submit', 'events', 'notify', 'deliver'] as const;
/** As the template sets it. */
const MAX_RECEIVES = 5;
const RedrivePolicy = z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number() });

export interface QueueFacts {
  readonly name: string;
  readonly arn: string;
  readonly visibilitySeconds: number;
  readonly redrive: z.infer<typeof RedrivePolicy> | undefined;
}

export async function queueFacts({ sqs, stage }: Patient): Promise<QueueFacts[]> {
  return Promise.all(
    NAMES.map(async (short) => {
      const name = `headgate-${stage}-${short}`;
      const attributes = await attributesOf(sqs, await queueUrl(sqs, name));
      const { RedrivePolicy: policy } = attributes;
      return {
        name,
        arn: attributes['QueueArn'] ?? '',
        visibilitySeconds: Number(attributes['VisibilityTimeout']),
        redrive: policy === undefined ? undefined : RedrivePolicy.parse(JSON.parse(policy)),
      };
    }),
  );
}

async function attributesOf(sqs: Patient['sqs'], QueueUrl: string): Promise<Record<string, string>> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  );
  return Attributes;
}

export const redrivePolicies: Check = {
  id: 'queues.redrive',
  fix: 'Deploy the stack again: a message that cannot be handled would come back until it expires.',
  async look(patient) {
    const facts = await queueFacts(patient);
    const bad = facts.filter(({ redrive }) => redrive?.maxReceiveCount !== MAX_RECEIVES);
    if (bad.length === 0)
      return ok(`${facts.length} queues hand a message over after ${MAX_RECEIVES} receives`);
    const found = bad.map(
      ({ name, redrive }) => `${name} after ${redrive?.maxReceiveCount ?? 'no number of'}`,
    );
    return wrong(`expected ${MAX_RECEIVES} receives before a dead letter, found ${found.join(', ')}`);
  },
};

export const deadLetters: Check = {
  ...lettersCheck,
  async look(patient) {
    const { sqs } = patient;
    const counted = await Promise.all(
      (await queueFacts(patient)).map(async ({ name, redrive }) => {
        const deadLetterQueue = redrive?.deadLetterTargetArn.split(':').at(-1) ?? '';
        const url = await queueUrl(sqs, deadLetterQueue);
        return deadLetterCounts(sqs, { [name]: url })();
      }),
    );
    return judged(lettersCheck.judge({ deadLetters: counted.flat() }));
  },
};
