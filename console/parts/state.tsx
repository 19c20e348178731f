/** A state: a shape, a word and a colour, so that none of them is needed alone. */

const MARKS: Readonly<Record<string, string>> = {
  scheduled: '◷',
  blocked: '◫',
  waiting: '◌',
  submitting: '◔',
  submitted: '◑',
  starting: '◕',
  running: '●',
  retrying: '↻',
  cancelling: '⊘',
  succeeded: '✓',
  failed: '✕',
  cancelled: '⊘',
  expired: '⊖',
};

const TONES: Readonly<Record<string, string>> = {
  succeeded: 'good',
  failed: 'bad',
  expired: 'bad',
  running: 'busy',
  starting: 'busy',
  submitted: 'busy',
  submitting: 'busy',
  waiting: 'held',
  blocked: 'held',
  scheduled: 'held',
  retrying: 'held',
};

export const toneOf = (state: string): string => TONES[state] ?? 'quiet';

export function State({ state, word = state }: { state: string; word?: string }) {
  return (
    <span class={`state ${toneOf(state)}`}>
      <span class="mark" aria-hidden="true">
        {MARKS[state] ?? '○'}
      </span>
      {word}
    </span>
  );
}
