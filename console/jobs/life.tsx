/** The life of a job on one line, and the same in words. */
import type { Job, Wait } from '../api/schema.ts';
import { useNow } from '../parts/now.ts';
import { clockText, durationText, exactText } from '../parts/words.ts';
import { lifeOf, type Stretch } from './life.ts';

export function Life({ job, wait }: { job: Job; wait: Wait | undefined }) {
  const nowMs = useNow();
  const stretches = lifeOf(job, wait, nowMs);
  const [first, last] = [stretches[0], stretches.at(-1)];
  if (first === undefined || last === undefined) return null;
  return (
    <section class="life" aria-label="Life">
      <h2>Life</h2>
      <div class="bar" aria-hidden="true">
        {stretches.map((stretch) => (
          <i
            key={`${stretch.fromMs} ${stretch.kind}`}
            class={stretch.kind}
            style={{ flexGrow: weightOf(stretch) }}
            title={`${stretch.text}, ${durationText(stretch.toMs - stretch.fromMs)}`}
          />
        ))}
      </div>
      <div class="scale quiet">
        <time title={exactText(job.createdAt)}>{clockText(job.createdAt)} accepted</time>
        <time>{job.finishedAt === undefined ? 'now' : `${clockText(job.finishedAt)} ${job.state}`}</time>
      </div>
      <ol class="legend">
        {stretches.map((stretch) => (
          <li key={`${stretch.fromMs} ${stretch.kind}`}>
            <i class={stretch.kind} aria-hidden="true" />
            <bdi>{stretch.text}</bdi> <span class="n">{durationText(stretch.toMs - stretch.fromMs)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** By the root of its time: a second beside an hour is still a stretch that can be seen. */
const weightOf = ({ fromMs, toMs }: Stretch): number => Math.max(1, Math.sqrt(toMs - fromMs));
