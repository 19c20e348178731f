import { submit } from '../../../../application/batch/submit.ts';
import { intake } from '../../../../application/intake/intake.ts';
import { dispatch } from '../../../../application/job/dispatch.ts';
import { arrayIdOf, jobIdOf } from '../../../../application/job/identity.ts';
import { itemKey } from '../../../../domain/group/array.ts';
import { changed, type JobState } from '../../../../domain/job/job.ts';
import { doors } from '../../../support/doors.ts';
import { aRequest, BUCKET } from '../../../support/jobs.ts';
import { messageOf } from '../../../support/use-cases.ts';

export const ID = arrayIdOf('acme', 'import-42');
export const { input: _, ...template } = aRequest();
export const itemOf = (place: number) => ({ source: `s3://${BUCKET}/tenants/acme/inputs/${place}.csv` });
export const itemsOf = (count: number) => Array.from({ length: count }, (__, place) => itemOf(place));
export const arrayOf = (items: readonly unknown[], more: object = {}) => ({
  ...template,
  idempotencyKey: 'import-42',
  array: { items },
  ...more,
});
export const jobOf = (index: number) => jobIdOf('acme', itemKey(ID, index));

export function world() {
  const opened = doors();
  const { operate, ports, sent, time } = opened;
  const [take, step] = [intake(ports), submit(ports)];
  const stepOnce = async () =>
    step(sent.submit.taken.splice(0).map(({ body }) => messageOf(JSON.parse(body))));
  const settle = async () => {
    while (sent.submit.taken.length > 0) await stepOnce();
  };
  return {
    ...opened,
    stepOnce,
    settle,
    send: (body: object) => take([messageOf(body)]),
    letters: () =>
      sent.letters.taken.map(({ attributes }) => [attributes?.['code'], attributes?.['pointer']]),
    events: () => sent.events.taken.filter(({ type }) => type === 'group.finished'),
    group: async () => (await operate(`/v1/groups/${ID}?tenant=acme`)).body,
    why: async (jobId: string) => (await operate(`/v1/jobs/${jobId}/why?tenant=acme`)).body,
    job: (index: number) => ports.jobs.get(jobOf(index)),
    submitArray: (body: object, headers: object = { 'Idempotency-Key': 'import-42' }) =>
      operate('/v1/arrays?tenant=acme', { method: 'POST', body, headers: { ...headers } }),
    async end(index: number, state: JobState) {
      const job = await ports.jobs.get(jobOf(index));
      if (job === undefined) throw new Error(`Item ${index} has no job`);
      const failure = { class: 'app_error', code: 'exit_code', message: '' } as const;
      const next = changed(job, { state, ...(state === 'failed' ? { failure } : {}) }, time.nowMs);
      await ports.jobs.replace(job, next);
      await dispatch(ports, [next]);
      await settle();
    },
  };
}
