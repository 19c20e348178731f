/** What happened to a job, the newest first, with the webhooks of its present state. */
import type { TimelineEntry } from '../api/schema.ts';
import { clockText, exactText } from '../parts/words.ts';

export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  return (
    <section aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      <ol class="timeline">
        {entries.toReversed().map((entry) => (
          <li
            key={`${entry.at} ${entry.kind} ${entry.attempt ?? ''} ${entry.endpointId ?? ''}`}
            class={toneOf(entry)}
          >
            <time dateTime={entry.at} title={exactText(entry.at)}>
              {clockText(entry.at)}
            </time>
            <bdi>{entry.text}</bdi>
          </li>
        ))}
      </ol>
    </section>
  );
}

function toneOf({ kind, failure, text }: TimelineEntry): string {
  if (failure !== undefined || kind === 'state.failed' || kind === 'state.expired') return 'bad';
  if (kind === 'delivery') return /: (?:exhausted|abandoned)/.test(text) ? 'bad' : 'plain';
  return kind === 'state.succeeded' ? 'good' : 'plain';
}
