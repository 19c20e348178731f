/** The screen of one group: how far it is, its members, and what can be done with all of them. */
import { useLocation, useParams } from 'wouter';
import { ready } from '../api/call.ts';
import type { Group as GroupView, JobSummary, MemberPage } from '../api/schema.ts';
import { RedriveAll } from '../failures/redrive-all.tsx';
import { Act, then } from '../parts/act.tsx';
import { Head } from '../parts/head.tsx';
import { Empty, Loaded } from '../parts/loaded.tsx';
import { Rows } from '../parts/rows.tsx';
import { State } from '../parts/state.tsx';
import type { Column } from '../parts/table.tsx';
import { Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { countText, plural } from '../parts/words.ts';
import { useGroup, useMembers } from './queries.ts';
import { GroupState } from './state.tsx';
import { arrayFacts, membersText, progressOf } from './words.ts';

export function Group() {
  const { tenantId = '', groupId = '' } = useParams();
  const group = useGroup(tenantId, groupId);
  const members = useMembers(tenantId, groupId);
  return (
    <Loaded read={group} what="this group">
      {(known) => (
        <>
          <Head
            title={known.group}
            above={
              <>
                <a href="/console/groups">Groups</a> / <Name text={known.tenantId} />
              </>
            }
          >
            <GroupActs group={known} />
          </Head>
          <Sentence group={known} />
          <Progress group={known} />
          {arrayFacts(known).map((fact) => (
            <p class="quiet" key={fact}>
              <Name text={fact} />
            </p>
          ))}
          <Outcome group={known} />
          <Loaded read={members} what="its members">
            {(page) => <Members page={page} />}
          </Loaded>
        </>
      )}
    </Loaded>
  );
}

function Sentence({ group }: { group: GroupView }) {
  const { state, round, finish, cancelledAt, timeoutAt } = group;
  return (
    <p class="why">
      <GroupState group={group} />: {membersText(group)}
      {round !== undefined && round > 1 && `, in round ${countText(round)}`}.
      {state === 'open' && ' It takes more members until it is sealed.'}
      {cancelledAt !== undefined && (
        <>
          {' '}
          It was cancelled <Ago at={cancelledAt} />.
        </>
      )}
      {finish !== undefined && (
        <>
          {' '}
          Its last round ended <Ago at={finish.at} />.
        </>
      )}
      {state === 'sealed' && timeoutAt !== undefined && (
        <>
          {' '}
          Members that have not come are counted as missing <Ago at={timeoutAt} />.
        </>
      )}
    </p>
  );
}

function Progress({ group }: { group: GroupView }) {
  const progress = progressOf(group);
  const { array } = group;
  if (progress === undefined) return null;
  const { ended, total } = progress;
  return (
    <section class="group-progress" aria-label="Progress">
      <progress max={total} value={ended} aria-label="Members that have ended" />
      <p class="quiet">
        {countText(ended)} of {plural(total, 'member')} ended
        {array !== undefined &&
          array.made < (array.items ?? 0) &&
          `, ${countText(array.made)} recorded so far`}
        {array !== undefined && (
          <>
            , of the array <Name text={array.idempotencyKey} /> in {array.jobType}
          </>
        )}
        .
      </p>
    </section>
  );
}

/** What an array said of all its items when its last round ended, or why it has none. */
function Outcome({ group: { finish, array } }: { group: GroupView }) {
  return (
    <>
      {array?.failure !== undefined && (
        <p class="bad">
          <span aria-hidden="true">✕</span> <Name text={array.failure.message} />
        </p>
      )}
      {finish?.manifest !== undefined && (
        <p class="quiet">
          What has become of each item: <code class="breaks">{finish.manifest}</code>
        </p>
      )}
    </>
  );
}

function GroupActs({ group: { group: groupId, tenantId, state, cancelledAt } }: { group: GroupView }) {
  const where = { path: { groupId }, query: { tenant: tenantId } };
  if (state === 'finished' || cancelledAt !== undefined) return null;
  const seal = ready('post /v1/groups/{groupId}/seal', { ...where, body: {} });
  const cancel = ready('post /v1/groups/{groupId}/cancel', where);
  return (
    <>
      {state === 'open' && (
        <Act
          label="Seal…"
          title={`Seal ${groupId}`}
          will="It takes no more members. When all that it has have ended, its tenant is told with group.finished."
          confirm="Seal it"
          calls={() => [seal]}
          run={() => then(seal.send(), 'It is sealed.')}
        />
      )}
      <Act
        label="Cancel…"
        title={`Cancel ${groupId}`}
        will="It takes no more members, and those that have not ended are ended one after the other. What they have done so far is lost."
        confirm="Cancel all its members"
        calls={() => [cancel]}
        run={() => then(cancel.send(), 'Its members are being ended.')}
      />
    </>
  );
}

type Member = MemberPage['items'][number];

const columns: readonly Column<Member>[] = [
  {
    head: 'State',
    class: 'state-cell',
    cell: ({ job }) =>
      job === undefined ? <span class="quiet">not come yet</span> : <State state={job.state} />,
  },
  {
    head: 'Job',
    class: 'key',
    cell: ({ jobId, job }) => (
      <a href={`/console/jobs/${jobId}`}>
        <Name text={job?.idempotencyKey ?? jobId} />
      </a>
    ),
  },
  { head: 'What happened', class: 'wide', cell: ({ job }) => <Name text={job?.failure?.message ?? ''} /> },
  { head: 'Accepted', class: 'n', cell: ({ job }) => job !== undefined && <Ago at={job.createdAt} /> },
];

function Members({ page: { items, next } }: { page: MemberPage }) {
  const [, navigate] = useLocation();
  const failed = items.flatMap(({ job }): JobSummary[] =>
    job?.state === 'failed' && job.redrivenAs === undefined ? [job] : [],
  );
  if (items.length === 0) return <Empty>It has no members yet.</Empty>;
  return (
    <section aria-label="Members">
      <Rows
        label="Members"
        rows={items}
        columns={columns}
        keyOf={({ jobId }) => jobId}
        onOpen={({ jobId }) => navigate(`/jobs/${jobId}`)}
      />
      <p class="foot quiet">
        {next === undefined
          ? `All ${plural(items.length, 'member')}.`
          : `The first ${countText(items.length)}.`}{' '}
        {failed.length > 0 && (
          <RedriveAll
            jobs={failed}
            label={`Redrive ${countText(failed.length)}…`}
            what="Each of these members has failed. Running them again begins another round of the group."
          />
        )}
      </p>
    </section>
  );
}
