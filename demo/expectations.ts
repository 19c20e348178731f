/** The score of a run: the expected end of each message, and what is still missing. */
import { isFinal } from '../domain/job/job.ts';
import type { LifecycleEvent } from '../domain/webhook/notification.ts';
import type { Received } from './inbox.ts';
import type { SampleMessage } from './sample.ts';

export interface Expectations {
  event(event: LifecycleEvent): void;
  webhook(received: Received): void;
  refusal(body: string, code: string): void;
  /** One sentence for each expectation that is not met yet. */
  missing(): readonly string[];
  /** One sentence for each expectation that was broken: waiting does not help. */
  wrong(): readonly string[];
}

interface Score {
  readonly message: SampleMessage;
  ended?: string;
  notified: boolean;
}

export function expectations(messages: readonly SampleMessage[]): Expectations {
  const scores = new Map<string, Score>(
    messages.map((message) => [keyOf(message.body), { message, notified: false }]),
  );
  const wrong: string[] = [];

  const end = (score: Score | undefined, found: string) => {
    if (score === undefined) return;
    score.ended = found;
    const wanted = endOf(score.message);
    if (found !== wanted) wrong.push(`${keyOf(score.message.body)} ended as ${found}, expected ${wanted}`);
  };

  return {
    event({ data }) {
      if (isFinal(data.status)) end(scores.get(keyOf(data)), data.status);
    },
    webhook({ verified, event, webhookId, tenantId }) {
      if (!verified) wrong.push(`webhook ${webhookId} to ${tenantId} does not verify`);
      const score = event && scores.get(keyOf(event.data));
      if (score !== undefined && event !== undefined && isFinal(event.data.status)) score.notified = true;
    },
    refusal(body, code) {
      end(
        [...scores.values()].find((score) => JSON.stringify(score.message.body) === body),
        code,
      );
    },
    missing: () => [...scores.entries()].flatMap(([key, score]) => lacking(key, score)),
    wrong: () => wrong,
  };
}

function keyOf({
  tenantId,
  idempotencyKey,
}: {
  readonly tenantId: string;
  readonly idempotencyKey: string;
}): string {
  return `${tenantId}/${idempotencyKey}`;
}

function endOf({ expected }: SampleMessage): string {
  return 'state' in expected ? expected.state : expected.refused;
}

function lacking(key: string, { message, ended, notified }: Score): string[] {
  if (ended === undefined) return [`${key} has not reached ${endOf(message)}`];
  return 'state' in message.expected && !notified ? [`no verified webhook for ${key}`] : [];
}
