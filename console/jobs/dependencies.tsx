/** The jobs and groups that a job waits for, each with what it is doing now, and the one through which it failed. */
import { useJob } from '../api/queries.ts';
import type { Job, Wait } from '../api/schema.ts';
import { useGroup } from '../groups/queries.ts';
import { GroupState } from '../groups/state.tsx';
import { groupPath } from '../groups/words.ts';
import { State } from '../parts/state.tsx';
import { Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { countText } from '../parts/words.ts';

type Other = NonNullable<Job['dependsOn']>[number];

/** Each is a request. */
const MAX_READ = 12;

const CONDITIONS: Readonly<Record<string, string>> = {
  succeeded: 'to succeed',
  finished: 'to end',
  failed: 'to fail',
};

export function Dependencies({ job, wait }: { job: Job; wait: Wait | undefined }) {
  const { dependsOn = [], onDependencyFailure, dependencyTimeoutAt, failure } = job;
  const root = failure?.root;
  if (dependsOn.length === 0 && root === undefined) return null;
  const left = job.state === 'blocked' ? wait?.left : undefined;
  return (
    <section aria-labelledby="dependencies">
      <h2 id="dependencies">Other jobs</h2>
      {root !== undefined && (
        <p>
          It ended because of <a href={`/console/jobs/${root}`}>{root}</a>.
        </p>
      )}
      {dependsOn.length > 0 && (
        <>
          <p class="quiet">
            It begins after{' '}
            {dependsOn.length === 1 ? 'another job' : `${countText(dependsOn.length)} other jobs`}
            {left !== undefined && `, ${countText(left)} of which ${left === 1 ? 'has' : 'have'} yet to come`}
            {onDependencyFailure === 'hold' && '; it is held when one fails'}
            {job.state === 'blocked' && dependencyTimeoutAt !== undefined && (
              <>
                ; it fails if they have not come <Ago at={dependencyTimeoutAt} />
              </>
            )}
            .
          </p>
          <ul class="holders">
            {dependsOn
              .slice(0, MAX_READ)
              .map((other) =>
                other.group === undefined ? (
                  <Awaited key={other.jobId} other={other} />
                ) : (
                  <AwaitedGroup
                    key={`group ${other.group}`}
                    tenantId={job.tenantId}
                    group={other.group}
                    condition={other.condition}
                  />
                ),
              )}
          </ul>
          {dependsOn.length > MAX_READ && (
            <p class="foot quiet">
              and {countText(dependsOn.length - MAX_READ)} more, which are in its <code>dependsOn</code>
            </p>
          )}
        </>
      )}
    </section>
  );
}

function Awaited({ other: { jobId = '', idempotencyKey, condition = 'succeeded' } }: { other: Other }) {
  const { data, error } = useJob(jobId);
  return (
    <li>
      {data === undefined ? (
        <span class="quiet">{error === null ? '…' : 'not there yet'}</span>
      ) : (
        <State state={data.state} />
      )}
      <a href={`/console/jobs/${jobId}`}>
        <Name text={data?.idempotencyKey ?? idempotencyKey ?? jobId} />
      </a>
      <span class="quiet">{CONDITIONS[condition] ?? condition}</span>
    </li>
  );
}

function AwaitedGroup({
  tenantId,
  group,
  condition = 'succeeded',
}: {
  tenantId: string;
  group: string;
  condition: string | undefined;
}) {
  const { data, error } = useGroup(tenantId, group);
  return (
    <li>
      {data === undefined ? (
        <span class="quiet">{error === null ? '…' : 'not there yet'}</span>
      ) : (
        <GroupState group={data} />
      )}
      <a href={`/console${groupPath(tenantId, group)}`}>
        <Name text={group} />
      </a>
      <span class="quiet">the group {CONDITIONS[condition] ?? condition}</span>
    </li>
  );
}
