/** People who send jobs that wait for each other: sooner or later than those that they wait for, in circles, for what never comes. */
import { markDiscarded } from '../../application/dead-letter/mark-discarded.ts';
import { jobIdOf } from '../../application/job/identity.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import type { Dice } from './dice.ts';
import type { Run } from './faults.ts';
import { strengthOf } from './kinds.ts';
import { BUCKET, type Parts } from './lambdas.ts';
import { FAULTS_END_MS } from './profiles.ts';
import type { VirtualQueue } from './queues.ts';
import { type Process, START_MS } from './world.ts';

interface Outside {
  readonly front: VirtualQueue;
  records(): readonly JobRecord[];
  portsFor(process: Process): Pick<Parts, 'jobs' | 'dependants' | 'submitQueue' | 'clock'>;
}

const STRANGER = 'globex';
const NEVER_SENT = 'never-sent';
const cancelOf = (tenantId: string, idempotencyKey: string) => ({
  body: JSON.stringify({ specVersion: '1', action: 'job.cancel', tenantId, idempotencyKey }),
});

/** @returns the ids of the jobs that must exist at the end */
export function graphs(run: Run, outside: Outside): ReadonlySet<string> {
  const luck = run.world.dice('graphs');
  const expected = new Set<string>();
  if (!luck.happens(strengthOf(run.profile, 'people.graph'))) return expected;
  run.struck('people.graph');
  const tenantId = luck.pick(['acme', 'acme', STRANGER]);
  const keys = Array.from({ length: luck.whole(2, 5) }, (_, i) => `node-${i}`);
  // A cancel of a job that is never sent.
  const ended = luck.happens(0.2);
  if (ended)
    run.world.after(luck.between(0, FAULTS_END_MS * 0.4), () =>
      outside.front.accept(cancelOf(tenantId, NEVER_SENT)),
    );
  const asked = { tenantId, keys, ended, holds: luck.happens(0.3) };
  for (const [place, key] of keys.entries()) {
    const body = nodeOf(run, luck, { ...asked, place });
    const jobId = jobIdOf(tenantId, key);
    run.world.after(luck.between(0, luck.pick([3000, FAULTS_END_MS * 0.4])), () => {
      expected.add(jobId);
      run.note('service', () => `sends ${body}`, jobId);
      outside.front.accept({ body });
      if (luck.happens(0.2)) outside.front.accept({ body });
    });
    if (luck.happens(0.15))
      run.world.after(luck.between(0, FAULTS_END_MS), () => {
        run.note('service', () => `cancels ${key}`, jobId);
        outside.front.accept(cancelOf(tenantId, key));
      });
  }
  if (asked.holds) decideOnHeld(run, outside);
  return expected;
}

interface Node {
  readonly tenantId: string;
  readonly keys: readonly string[];
  readonly place: number;
  readonly holds: boolean;
  readonly ended: boolean;
}

function nodeOf(run: Run, luck: Dice, { tenantId, keys, place, holds, ended }: Node): string {
  const others = keys.filter(
    (_, i) => (i < place && luck.happens(i === place - 1 ? 0.8 : 0.3)) || (i > place && luck.happens(0.06)),
  );
  const named = luck.shuffled(others).map((key) => ({
    ...(luck.happens(0.8) ? { idempotencyKey: key } : { jobId: jobIdOf(tenantId, key) }),
    ...(luck.happens(0.6) ? {} : { condition: luck.pick(['succeeded', 'finished', 'failed']) }),
  }));
  // Without tick no time ends a wait.
  const vain = [
    ...(ended || run.profile.tick ? [{ idempotencyKey: NEVER_SENT }] : []),
    ...(run.profile.tick ? [{ jobId: foreignTo(tenantId, luck), condition: 'finished' }] : []),
  ];
  const dependsOn = [...named, ...vain.filter(() => luck.happens(0.1))];
  return JSON.stringify({
    specVersion: '1',
    tenantId,
    jobType: 'csv.summarise',
    idempotencyKey: keys[place],
    input: { csv: `s3://${BUCKET}/tenants/${tenantId}/inputs/${place}.csv` },
    ...(dependsOn.length === 0
      ? {}
      : {
          dependsOn,
          ...(holds && luck.happens(0.7) ? { onDependencyFailure: 'hold' } : {}),
          ...(run.profile.tick ? { dependencyTimeoutSeconds: luck.pick([120, 900, 7200]) } : {}),
        }),
    ...(luck.happens(0.15) ? { delaySeconds: luck.whole(1, 300) } : {}),
  });
}

const foreignTo = (tenantId: string, luck: Dice) =>
  jobIdOf(tenantId === STRANGER ? 'acme' : STRANGER, luck.pick(['key-0', 'node-0']));

/** What is held is decided in the end: by a redrive, as for other jobs, or as here. */
function decideOnHeld(run: Run, { records, portsFor }: Outside): void {
  const discard = async (job: JobRecord): Promise<void> => {
    run.world.stir();
    try {
      await markDiscarded(portsFor(run.process('outside')), job, 'given up');
      run.count('discarded for those that hold');
    } catch {
      // The operator sees that it failed, and says it again.
      return discard(job);
    }
  };
  const luck = run.world.dice('held');
  const look = () => {
    const waits = records().some(({ state }) => state === 'blocked');
    for (const job of records())
      if (waits && job.state === 'failed' && job.redrivenAs === undefined && job.discarded === undefined)
        void discard(job);
    const rests = records().every(({ state }) => isFinal(state));
    if (!rests || run.world.nowMs() < START_MS + FAULTS_END_MS * 2) run.world.inBackground(300_000, look);
  };
  run.world.inBackground(luck.between(120_000, FAULTS_END_MS), look);
}
