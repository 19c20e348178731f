/** What a job is, beside what happens to it. */
import type { ComponentChildren } from 'preact';
import type { Job } from '../api/schema.ts';
import { usdText } from '../cost/usage.ts';
import { groupPath } from '../groups/words.ts';
import { Json, Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { bytesText, countText, durationText } from '../parts/words.ts';

export function Facts({ job }: { job: Job }) {
  const { progress, result, input, inputRef, metadata, tags = {} } = job;
  return (
    <aside>
      <section aria-labelledby="facts">
        <h2 id="facts">Facts</h2>
        <dl>
          <Fact name="Tenant">
            <a href={`/console/tenants/${encodeURIComponent(job.tenantId)}`}>
              <Name text={job.tenantId} />
            </a>
          </Fact>
          <Fact name="Type">{job.jobType}</Fact>
          {job.group !== undefined && (
            <Fact name="Group">
              <a href={`/console${groupPath(job.tenantId, job.group)}`}>
                <Name text={job.group} />
              </a>
            </Fact>
          )}
          <Fact name="Priority">{job.priority}</Fact>
          <Fact name="Attempt">{job.attempt}</Fact>
          <Fact name="Accepted">
            <Ago at={job.createdAt} />
          </Fact>
          <Moments job={job} />
          {progress !== undefined && (
            <Fact name="Progress">
              <Progress progress={progress} />
            </Fact>
          )}
          <Cost job={job} />
          {job.concurrencyKey !== undefined && <Fact name="Concurrency key">{job.concurrencyKey}</Fact>}
          {job.runId !== undefined && (
            <Fact name="Run">
              <code>{job.runId}</code>
            </Fact>
          )}
          <Related name="Runs again" jobId={job.parent} />
          <Related name="Run again as" jobId={job.redrivenAs} />
          {Object.entries(tags).map(([name, value]) => (
            <Fact key={name} name={`tag ${name}`}>
              <a
                href={`/console/jobs?${new URLSearchParams({ tenant: job.tenantId, [`tag.${name}`]: value })}`}
              >
                <Name text={value} />
              </a>
            </Fact>
          ))}
        </dl>
      </section>
      {result !== undefined && (
        <Shown title="Result">
          {result.object === undefined ? (
            <Json value={result.inline} />
          ) : (
            <p>
              <code class="breaks">{result.object}</code>
              {result.bytes !== undefined && <small class="quiet"> {bytesText(result.bytes)}</small>}
            </p>
          )}
        </Shown>
      )}
      <Shown title="Input">
        {inputRef === undefined ? <Json value={input ?? {}} /> : <code class="breaks">{inputRef}</code>}
      </Shown>
      {metadata !== undefined && (
        <Shown title="Metadata">
          <Json value={metadata} />
        </Shown>
      )}
    </aside>
  );
}

/** A shorter name takes less room than its value: both are kept apart by a list of definitions. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>
        <bdi>{name}</bdi>
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

function Moments({ job }: { job: Job }) {
  const named = { 'Not before': job.eligibleAt, 'Begins by': job.startBy, Deadline: job.deadlineAt };
  return (
    <>
      {Object.entries(named).map(
        ([name, at]) =>
          at !== undefined && (
            <Fact key={name} name={name}>
              <Ago at={at} />
            </Fact>
          ),
      )}
    </>
  );
}

/** Of the attempts that have ended; one that never ran cost nothing. */
function Cost({ job: { attempts } }: { job: Job }) {
  const known = attempts.filter(({ usd }) => usd !== undefined);
  if (known.length === 0) return null;
  const usd = known.reduce((sum, each) => sum + (each.usd ?? 0), 0);
  const seconds = known.reduce((sum, each) => sum + (each.billedSeconds ?? 0), 0);
  return (
    <Fact name="Cost">
      {usdText(usd)}{' '}
      <span class="quiet">for {durationText(seconds * 1000)} billed, an estimate at list prices</span>
    </Fact>
  );
}

function Related({ name, jobId }: { name: string; jobId: string | undefined }) {
  if (jobId === undefined) return null;
  return (
    <Fact name={name}>
      <a href={`/console/jobs/${jobId}`}>
        <code>{jobId}</code>
      </a>
    </Fact>
  );
}

function Progress({ progress: { done, total, note } }: { progress: NonNullable<Job['progress']> }) {
  return (
    <>
      {countText(done)}
      {total !== undefined && ` of ${countText(total)}`}
      {total !== undefined && total > 0 && (
        <progress max={total} value={Math.min(done, total)} aria-label="Progress" />
      )}
      {note !== undefined && <bdi class="quiet"> {note}</bdi>}
    </>
  );
}

function Shown({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
