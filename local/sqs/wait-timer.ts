/**
 * One timer for all the receives that wait. fauxqs 2.4.1 has one for each queue, every 20 ms: seven queues that are polled
 * took a percent of a core while nothing happened.
 */
import type { SqsQueue } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';

/** How late a delay, or the end of a visibility, may be seen by a receive that waits. */
const LOOK_EVERY_MS = 50;

export interface WaitTimer {
  /** From now on this queue has no timer of its own. */
  share(queue: SqsQueue): void;
}

export function createWaitTimer(): WaitTimer {
  const waitedFor = new Set<SqsQueue>();
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    for (const queue of waitedFor) {
      if (queue['pollWaiters'].length === 0) waitedFor.delete(queue);
      else if (mayChange(queue)) queue.processTimers();
    }
    if (waitedFor.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  return {
    share(queue) {
      const startPollTimerIfNeeded = () => {
        waitedFor.add(queue);
        timer ??= setInterval(look, LOOK_EVERY_MS);
      };
      // Private to TypeScript alone. The end of a wait is seen at the next look.
      Object.assign(queue, { startPollTimerIfNeeded, stopPollTimerIfEmpty: () => undefined });
    },
  };
}

/** Nothing becomes visible by itself in a queue that neither delays nor hides a message. */
function mayChange(queue: SqsQueue): boolean {
  return queue.delayedMessages.length > 0 || queue.inflightMessages.size > 0 || queue['fifoDelayed'].size > 0;
}
