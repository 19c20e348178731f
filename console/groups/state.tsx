/** How far a group is: a shape, a word and a colour. */
import type { Group } from '../api/schema.ts';

const STATES: Readonly<Record<string, readonly [mark: string, tone: string]>> = {
  open: ['○', 'held'],
  sealed: ['◌', 'held'],
  running: ['●', 'busy'],
};

export function GroupState({ group: { state, finish } }: { group: Group }) {
  const ended = finish?.status === 'succeeded' ? (['✓', 'good'] as const) : (['✕', 'bad'] as const);
  const [mark, tone] = STATES[state] ?? ended;
  return (
    <span class={`state ${tone}`}>
      <span class="mark" aria-hidden="true">
        {mark}
      </span>
      {state === 'finished' ? (finish?.status ?? state) : state}
    </span>
  );
}
