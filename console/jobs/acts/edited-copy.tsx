/** Runs a job again with what its operator has changed in its message. */
import { ready } from '../../api/call.ts';
import type { Job } from '../../api/schema.ts';
import { Act, type Written } from '../../parts/act.tsx';
import { discarding, isOpenFailure } from './discarding.ts';
import { type Message, messageIn, messageOf } from './message.ts';

export function EditedCopy({ job }: { job: Job }) {
  const { id, tenantId: tenant } = job;
  const replaces = isOpenFailure(job);
  const submit = (body: Message) => ready('post /v1/jobs', { query: { tenant }, body });
  const isReplaced = ({ form }: Written) => form.get('replaces') === 'on';
  return (
    <Act
      label="Edited copy…"
      title="Run an edited copy of this job"
      will="A job of its own is recorded with the message below, as if its tenant had sent it, and is admitted by the same rules. This one stays as it is. Its group, the jobs that it waited for and its times are not copied."
      confirm="Run the copy"
      calls={(written) => [submit(messageIn(textIn(written)))]}
      run={async (given) => {
        const { status, body } = await submit(messageIn(textIn(given))).send();
        const link = <a href={`/console/jobs/${body.id}`}>{body.id}</a>;
        if (status !== 201) return <>The same message was sent before, as {link}.</>;
        if (!isReplaced(given)) return <>Recorded as {link}.</>;
        const refused = await discarding(id, `an edited copy runs as ${body.id}`)
          .send()
          .then(
            () => undefined,
            (error: unknown) => (error instanceof Error ? error.message : 'It failed.'),
          );
        return (
          <>
            Recorded as {link}.{' '}
            {refused === undefined ? 'This one is discarded.' : `This one is not discarded: ${refused}`}
          </>
        );
      }}
    >
      <label>
        The message, without its tenant
        <textarea
          name="message"
          rows={12}
          spellcheck={false}
          autoComplete="off"
          dir="ltr"
          defaultValue={JSON.stringify(messageOf(job), undefined, 2)}
        />
      </label>
      {replaces && (
        <label class="check">
          <input type="checkbox" name="replaces" defaultChecked /> Discard this job, since the copy takes its
          place
        </label>
      )}
    </Act>
  );
}

const textIn = ({ form }: Written): string => String(form.get('message') ?? '');
