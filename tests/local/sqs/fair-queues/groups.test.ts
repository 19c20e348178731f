import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Grouped, Groups } from '../../../../local/sqs/fair-queues/groups.ts';

interface Message extends Grouped {
  readonly text: string;
}

/** Groups under a clock that stands until it is turned: while it stands, no message takes any time. */
function setUp() {
  let nowMs = 1_800_000_000_000;
  const groups = new Groups<Message>(() => nowMs);
  const inFlight: { message: Message; startedAtMs: number }[] = [];
  const take = (count = 1): string[] => {
    const taken = Array.from({ length: count }, () => groups.take()).filter(
      (message) => message !== undefined,
    );
    for (const message of taken) inFlight.push({ message, startedAtMs: groups.started(message) });
    return taken.map(({ text }) => text);
  };
  const end = (wanted: (message: Message) => boolean) => {
    // Each is asked about once: a predicate may end the first that fits and no other.
    for (const entry of inFlight.splice(0)) {
      if (wanted(entry.message)) groups.ended(entry.message, entry.startedAtMs);
      else inFlight.push(entry);
    }
  };
  return {
    groups,
    take,
    end,
    advance: (milliseconds: number) => {
      nowMs += milliseconds;
    },
    send: (messageGroupId: string | undefined, ...texts: string[]) => {
      for (const text of texts) groups.add({ messageGroupId, sentTimestamp: nowMs, text });
    },
  };
}

const texts = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('a group is noisy', () => {
  test.each([
    ['with 30 messages in flight of 299', 30, 269, true],
    ['with all of 30', 30, 0, true],
    ['not with all of 29', 29, 0, false],
    ['not with 30 of 300, a tenth', 30, 270, false],
    ['with 31 of 300', 31, 269, true],
  ])('%s', (_, own, others, noisy) => {
    const queue = setUp();
    for (const id of texts('other', others)) queue.send(id, 'x');
    queue.send('loud', ...texts('loud', own));
    queue.take(own + others);
    queue.send('loud', 'loud');
    queue.send('quiet', 'quiet');
    expect(queue.take(2)).toEqual(noisy ? ['quiet', 'loud'] : ['loud', 'quiet']);
  });

  test.each([
    ['when its messages took more than a tenth of the time', 111, 889, true],
    ['not when they took a tenth', 100, 900, false],
    ['not when all together took less than a second', 500, 499, false],
    ['not for what it took more than five minutes ago', 400_000, 400_000, false],
  ])('%s', (_, ownMs, othersMs, noisy) => {
    const queue = setUp();
    const busy = (id: string, milliseconds: number) => {
      queue.send(id, 'x');
      queue.take();
      queue.advance(milliseconds);
      queue.end(() => true);
    };
    busy('slow', ownMs);
    busy('other', othersMs);
    queue.send('slow', 'slow');
    queue.send('quiet', 'quiet');
    expect(queue.take(2)).toEqual(noisy ? ['quiet', 'slow'] : ['slow', 'quiet']);
  });

  test('while its one message is still being worked on', () => {
    const queue = setUp();
    queue.send('slow', 'first', 'second');
    queue.take();
    queue.send('quiet', 'quiet');
    queue.advance(1000);
    expect(queue.take(2)).toEqual(['quiet', 'second']);
  });
});

describe('a noisy group', () => {
  /** `loud` is noisy: it has 50 in flight and 50 waiting. */
  const withNoise = () => {
    const queue = setUp();
    queue.send('loud', ...texts('loud', 100));
    queue.take(50);
    return queue;
  };

  test('is served as before while no quiet group waits', () => {
    expect(withNoise().take(3)).toEqual(['loud50', 'loud51', 'loud52']);
  });

  test('stays behind the quiet ones until its backlog is gone, though nothing of it is in flight', () => {
    const queue = withNoise();
    queue.take();
    queue.end(() => true);
    queue.send('quiet', 'q0');
    expect(queue.take()).toEqual(['q0']);
    expect(queue.take(49)).toEqual(texts('loud', 100).slice(51));
    queue.end(() => true);
    queue.send('loud', 'again');
    queue.send('quiet', 'q1');
    expect(queue.take(2)).toEqual(['again', 'q1']);
  });

  test('is quiet when it has sent nothing for five minutes', () => {
    const queue = withNoise();
    queue.advance(299_000);
    queue.send('quiet', 'q0', 'q1');
    expect(queue.take()).toEqual(['q0']);
    queue.advance(1_000);
    expect(queue.take(2)).toEqual(['loud50', 'loud51']);
  });

  test('stays noisy as long as it sends', () => {
    const queue = withNoise();
    queue.advance(299_000);
    queue.send('loud', 'more');
    queue.send('quiet', 'q0');
    queue.advance(1_000);
    expect(queue.take()).toEqual(['q0']);
  });

  test('goes before another that has more in flight, and in turn with one that has as much', () => {
    const queue = setUp();
    queue.send('a', ...texts('a', 60));
    queue.take(40);
    queue.send('b', ...texts('b', 60));
    queue.take(32);
    expect(queue.take(8).every((text) => text.startsWith('b'))).toBe(true);
    expect(queue.take(4).map((text) => text[0])).toEqual(['a', 'b', 'a', 'b']);
    queue.end(({ text }) => text === 'a0' || text === 'a1');
    expect(queue.take(2).map((text) => text[0])).toEqual(['a', 'a']);
  });
});

test('messages without a group are never noisy, and each counts among those in flight', () => {
  const queue = setUp();
  queue.send(undefined, ...texts('plain', 400));
  queue.send('a', ...texts('a', 31));
  expect(queue.take(431)).toHaveLength(431);
  queue.send(undefined, 'plain');
  queue.send('a', 'a');
  queue.send('b', 'b');
  expect(queue.take(3)).toEqual(['plain', 'a', 'b']);
});

test('what is put back is the next to be taken', () => {
  const queue = setUp();
  queue.send('a', 'a0', 'a1');
  queue.send('b', 'b0');
  const [first, second] = [queue.groups.take(), queue.groups.take()];
  if (second) queue.groups.putBack(second);
  if (first) queue.groups.putBack(first);
  expect([...queue.groups].map(({ text }) => text).toSorted()).toEqual(['a0', 'a1', 'b0']);
  expect(queue.take(3)).toEqual(['a0', 'a1', 'b0']);
});

/** The rules without heaps, sums and halves: every group is looked at for every message. No time passes. */
function plainly() {
  const waiting: { id: string; text: string }[] = [];
  const inFlight: string[] = [];
  const served: string[] = [];
  const noisy = new Set<string>();
  const held = (id: string) => inFlight.filter((other) => other === id).length;
  return {
    send: (id: string, text: string) => void waiting.push({ id, text }),
    end: (id: string) => {
      if (inFlight.includes(id)) inFlight.splice(inFlight.indexOf(id), 1);
    },
    take(): string | undefined {
      for (const { id } of waiting) {
        if (!noisy.has(id) && (held(id) < 30 || held(id) * 10 <= inFlight.length)) break;
        noisy.add(id);
      }
      const ids = [...new Set(waiting.map(({ id }) => id))];
      const loud = ids.toSorted(
        (left, right) => held(left) - held(right) || served.lastIndexOf(left) - served.lastIndexOf(right),
      );
      const id = ids.find((one) => !noisy.has(one)) ?? loud[0];
      if (id === undefined) return undefined;
      const [taken] = waiting.splice(
        waiting.findIndex((message) => message.id === id),
        1,
      );
      inFlight.push(id);
      served.push(id);
      if (waiting.every((message) => message.id !== id)) noisy.delete(id);
      return taken?.text;
    },
  };
}

test('whatever is sent, received and deleted, the order is that of the rules looked up one by one', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    fc.record({ does: fc.constant('send' as const), id, count: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ does: fc.constant('take' as const), count: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ does: fc.constant('end' as const), id, count: fc.integer({ min: 1, max: 40 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const queue = setUp();
      const model = plainly();
      for (const [index, { does, count, ...rest }] of steps.entries()) {
        const name = 'id' in rest ? rest.id : '';
        for (const text of texts(`${index}-`, count)) {
          if (does === 'send') {
            queue.send(name, text);
            model.send(name, text);
          } else if (does === 'take') {
            expect(queue.take()[0]).toBe(model.take());
          } else {
            let ended = false;
            queue.end(({ messageGroupId }) => {
              if (ended || messageGroupId !== name) return false;
              ended = true;
              return true;
            });
            if (ended) model.end(name);
          }
        }
      }
    }),
  );
});
