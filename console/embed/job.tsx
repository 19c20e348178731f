/** One job: what goes on with it and why, what happened, and what came out. */
import type { Job as JobView, Wait } from '../api/schema.ts';
import { sentenceOf } from '../jobs/sentence.ts';
import { Timeline } from '../jobs/timeline.tsx';
import { useNow } from '../parts/now.ts';
import { toneOf } from '../parts/state.tsx';
import { Json, Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { bytesText, countText } from '../parts/words.ts';
import { useReading } from './reading.ts';
import { Heading, Lead, Shown } from './shown.tsx';

export function Job({ jobId }: { jobId: string }) {
  const path = { jobId };
  const reading = useReading(`job ${jobId}`, async (door) => {
    const [job, wait, timeline] = await Promise.all([
      door.get('get /v1/jobs/{jobId}', { path }),
      door.get('get /v1/jobs/{jobId}/why', { path }),
      door.get('get /v1/jobs/{jobId}/timeline', { path }),
    ]);
    return { job, wait, entries: timeline.items };
  });
  return (
    <section part="job">
      <Shown reading={reading}>
        {({ job, wait, entries }) => (
          <>
            <Heading above={<Lead to={{ kind: 'jobs' }}>Jobs</Lead>}>
              <Name text={job.idempotencyKey} />
            </Heading>
            <Why job={job} wait={wait} />
            <Facts job={job} />
            <Timeline entries={entries} />
            {job.result !== undefined && <Result result={job.result} />}
          </>
        )}
      </Shown>
    </section>
  );
}

function Why({ job, wait }: { job: JobView; wait: Wait }) {
  const { lead, rest } = sentenceOf(job, wait, useNow());
  return (
    <p class="why" part="sentence" role="status">
      <strong class={toneOf(job.state)}>{lead}</strong>
      <bdi>{rest}</bdi>
    </p>
  );
}

function Facts({ job: { jobType, priority, createdAt, progress, tags = {} } }: { job: JobView }) {
  return (
    <dl>
      <dt>Type</dt>
      <dd>{jobType}</dd>
      <dt>Priority</dt>
      <dd>{priority}</dd>
      <dt>Accepted</dt>
      <dd>
        <Ago at={createdAt} />
      </dd>
      {progress !== undefined && (
        <>
          <dt>Progress</dt>
          <dd>
            {countText(progress.done)}
            {progress.total !== undefined && ` of ${countText(progress.total)}`}
          </dd>
        </>
      )}
      {Object.entries(tags).map(([name, value]) => [
        <dt key={name}>
          <bdi>{name}</bdi>
        </dt>,
        <dd key={`${name} value`}>
          <bdi>{value}</bdi>
        </dd>,
      ])}
    </dl>
  );
}

function Result({ result: { inline, object, bytes } }: { result: NonNullable<JobView['result']> }) {
  return (
    <section>
      <h3>Result</h3>
      {object === undefined ? (
        <Json value={inline} />
      ) : (
        <p>
          <code>{object}</code> {bytes !== undefined && <small class="quiet">{bytesText(bytes)}</small>}
        </p>
      )}
    </section>
  );
}
