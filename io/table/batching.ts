/** Batching: requests that are made one by one at one moment become one call. */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Collects the requests of a short time, and those made while an earlier call is under way, and makes one call for
 * them; each caller gets its own answer.
 *
 * @param doAll answers for each of its requests; a request that is absent from the map has no answer
 * @param lingerMs 0 is one turn of the event loop
 */
export function batched<Asked, Answer>(
  doAll: (asked: readonly Asked[]) => Promise<ReadonlyMap<Asked, Answer>>,
  lingerMs = 0,
): (one: Asked) => Promise<Answer | undefined> {
  let gathering:
    | { readonly asked: Asked[]; readonly answers: Promise<ReadonlyMap<Asked, Answer>> }
    | undefined;
  let underWay: Promise<unknown> = Promise.resolve();

  function gather() {
    const asked: Asked[] = [];
    const answers = underWay
      .then(() => (lingerMs === 0 ? endOfTurn() : pause(lingerMs)))
      .then(() => {
        gathering = undefined;
        return doAll(asked);
      });
    underWay = answers.catch(() => undefined);
    return { asked, answers };
  }

  return async (one) => {
    gathering ??= gather();
    const { asked, answers } = gathering;
    asked.push(one);
    return (await answers).get(one);
  };
}

const endOfTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

export type Batched = typeof batched;
