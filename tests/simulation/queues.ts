/** SQS: at least once, in no order, five receives and then the dead-letter queue. */
import type { Message, MessageBatch } from '../../io/aws/lambda.ts';
import { MAX_DELAY_SECONDS, type Outgoing, type Queue } from '../../io/aws/queues.ts';
import { failInside, type Run, reach } from './faults.ts';
import type { Process, Role } from './world.ts';

const MAX_RECEIVES = 5;
const MAX_DUPLICATE_LATE_MS = 400_000;

interface Copy {
  readonly message: Message;
  receives: number;
  receipt: number;
  deleted: boolean;
}

export interface Consumer {
  readonly role: Role;
  readonly visibilityMs: number;
  handle(process: Process): MessageBatch;
}

export interface VirtualQueue {
  readonly name: string;
  /** How many messages it holds, visible or not. */
  size(): number;
  accept(outgoing: Outgoing, id?: string): void;
  portFor(process: Process): Queue;
  feeds(consumer: Consumer): void;
}

/** @param bury what becomes of a message that was received too often */
export function virtualQueue(run: Run, name: string, bury: (message: Message) => void): VirtualQueue {
  const { world } = run;
  const luck = world.dice(`queue ${name}`);
  const visible: Copy[] = [];
  let held = 0;
  let ids = 0;
  let consumer: Consumer | undefined;

  const show = (copy: Copy) => {
    if (copy.deleted) return;
    visible.push(copy);
    const slow = run.strikes('messages.slow', luck);
    const waitMs = luck.between(1, slow ? 60_000 : 1500);
    if (copy.message.body.startsWith('{"wake"'))
      run.stalledUntilMs = Math.max(run.stalledUntilMs, world.nowMs() + waitMs);
    world.after(waitMs, poll);
  };
  const remove = (copy: Copy) => {
    if (!copy.deleted) held--;
    copy.deleted = true;
  };

  function poll(): void {
    const batch = luck.shuffled(visible).slice(0, luck.whole(1, 10));
    if (batch.length === 0 || consumer === undefined) return;
    for (const copy of batch) visible.splice(visible.indexOf(copy), 1);
    const alive = batch.filter((copy) => {
      // Without tick a lost message is not repaired, and then none is lost.
      if (++copy.receives <= MAX_RECEIVES || !run.profile.tick) return true;
      remove(copy);
      run.count(`message buried by ${name}`);
      run.note(
        name,
        () => `buries ${copy.message.body}`,
        () => jobOf(copy.message.body),
      );
      bury(copy.message);
      return false;
    });
    if (alive.length > 0) invoke(consumer, alive);
    if (visible.length > 0) world.after(luck.between(1, 500), poll);
  }

  function invoke({ role, visibilityMs, handle }: Consumer, copies: readonly Copy[]): void {
    const process = run.process(role);
    for (const copy of copies) {
      const receipt = ++copy.receipt;
      run.note(
        process.name,
        () => `receives ${copy.message.body.slice(0, 200)}`,
        () => jobOf(copy.message.body),
      );
      // A crash, or an answer that leaves the message out: it is there again when its receipt has expired.
      world.after(visibilityMs, () => {
        if (copy.receipt === receipt) show(copy);
      });
    }
    world.stir(process);
    handle(process)(copies.map(({ message }) => message)).then(
      (done) => {
        for (const copy of copies.filter(({ message }) => done.has(message.id))) {
          if (run.strikes('messages.ackLost', luck)) run.count('acknowledgement lost');
          else remove(copy);
        }
      },
      (error: unknown) => run.note(process.name, () => `throws ${String(error)}`),
    );
  }

  const put = (message: Message, delayMs: number) => {
    held++;
    const copy: Copy = { message, receives: 0, receipt: 0, deleted: false };
    world.after(delayMs, () => show(copy));
  };
  const accept = ({ body, attributes = {}, delaySeconds = 0 }: Outgoing, id = `${name}-${++ids}`) => {
    const message: Message = { id, body, attributes };
    const delayMs = Math.min(Math.max(0, Math.ceil(delaySeconds)), MAX_DELAY_SECONDS) * 1000;
    put(message, delayMs);
    if (!run.strikes('messages.duplicate', luck)) return;
    run.count('message duplicated');
    put(message, delayMs + luck.between(0, MAX_DUPLICATE_LATE_MS));
  };

  return {
    name,
    size: () => held,
    accept,
    feeds(next) {
      consumer = next;
    },
    portFor: (process) => ({
      send(messages) {
        if (messages.length === 0) return Promise.resolve();
        return reach(
          run,
          process,
          { site: `${name}.send`, jobId: () => jobOf(messages[0]?.body ?? '') },
          () => {
            for (const message of messages) {
              failInside(run, name);
              accept(message);
              if (name === 'submit') process.asked.add(attemptOf(message.body));
            }
          },
        );
      },
    }),
  };
}

/** As `holderName` has it. */
function attemptOf(body: string): string {
  const { jobId, attempt } = JSON.parse(body);
  return `${jobId}#${attempt}`;
}

export function jobOf(body: string): string | undefined {
  return /job_[a-z2-7]{26}/.exec(body)?.[0];
}
