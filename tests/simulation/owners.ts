/** Owners of schedules: they make one, change it, pause it, run it once more, delete it and make it anew. */
import {
  deleteSchedule,
  type PutSchedulePorts,
  pauseSchedule,
  putSchedule,
  resumeSchedule,
  runSchedule,
} from '../../application/schedule/schedules.ts';
import type { Dice } from './dice.ts';
import type { Run } from './faults.ts';
import { strengthOf } from './kinds.ts';
import { BUCKET } from './lambdas.ts';
import { FAULTS_END_MS } from './profiles.ts';
import { type Process, START_MS } from './world.ts';

const SCHEDULE_ID = 'nightly';

export function owners(run: Run, portsFor: (process: Process) => PutSchedulePorts): void {
  const luck = run.world.dice('owners');
  if (!luck.happens(strengthOf(run.profile, 'people.schedule'))) return;
  run.struck('people.schedule');
  const tenantId = luck.pick(['acme', 'globex']);
  const name = { tenantId, scheduleId: SCHEDULE_ID };
  const act = async (what: string, change: (ports: PutSchedulePorts) => Promise<unknown>): Promise<void> => {
    run.world.stir();
    const process = run.process('outside');
    run.note('owner', () => what);
    try {
      const done = await change(portsFor(process));
      run.note('owner', () => `${what}: ${JSON.stringify(done)}`);
    } catch {
      // The owner sees that it failed, and says it again.
      return act(what, change);
    }
  };
  const body = definitionOf(luck, tenantId);
  const at = (atMs: number, what: string, change: (ports: PutSchedulePorts) => Promise<unknown>) =>
    run.world.after(atMs, () => void act(what, change));
  const soon = luck.between(0, 120_000);
  at(soon, 'put', (ports) => putSchedule(ports, name, body));
  const later = () => luck.between(soon, FAULTS_END_MS);
  if (luck.happens(0.4)) {
    const other = definitionOf(luck, tenantId);
    at(later(), 'change', (ports) => putSchedule(ports, name, other));
  }
  if (luck.happens(0.2)) {
    const fromMs = later();
    at(fromMs, 'pause', (ports) => pauseSchedule(ports, name, { reason: 'unpaid', by: 'operator' }));
    at(luck.between(fromMs, FAULTS_END_MS * 1.2), 'resume', (ports) =>
      resumeSchedule(ports, name, 'operator'),
    );
  }
  if (luck.happens(0.2)) at(later(), 'run', (ports) => runSchedule(ports, name, 'by-hand'));
  if (luck.happens(0.2)) {
    const fromMs = later();
    at(fromMs, 'delete', (ports) => deleteSchedule(ports, name, 'operator'));
    if (luck.happens(0.6)) {
      const anew = definitionOf(luck, tenantId);
      at(luck.between(fromMs, fromMs + 90_000), 'put anew', (ports) => putSchedule(ports, name, anew));
    }
  }
}

/** A few occurrences within and after the time of the faults, so that the world comes to rest. */
function definitionOf(luck: Dice, tenantId: string): string {
  return JSON.stringify({
    cron: luck.pick(['* * * * *', '*/2 * * * *', '*/3 * * * *']),
    timeZone: luck.pick(['UTC', 'Europe/Berlin', 'Asia/Kolkata']),
    job: {
      jobType: 'csv.summarise',
      input: { csv: `s3://${BUCKET}/tenants/${tenantId}/inputs/${luck.whole(1, 9)}.csv` },
    },
    overlap: luck.pick(['allow', 'queue', 'skip', 'skip', 'replace', 'replace']),
    catchUp: luck.pick(['latest', 'none', 'all']),
    jitterSeconds: luck.pick([0, 0, 30, 200]),
    endAt: new Date(START_MS + luck.between(FAULTS_END_MS / 3, FAULTS_END_MS + 300_000)).toISOString(),
  });
}
