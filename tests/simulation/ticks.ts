/** When tick runs: each minute, and now and then not, or twice. */
import type { Run } from './faults.ts';
import type { Process } from './world.ts';

/** A tick of an index in which nothing is due does nothing, so it is not run. */
export function everyMinute(
  run: Run,
  nextDueMs: () => number,
  tick: (process: Process) => () => Promise<void>,
): void {
  const { world } = run;
  const begin = () => {
    const process = run.process('tick');
    world.stir(process);
    tick(process)().catch((error: unknown) => run.note(process.name, () => `throws ${String(error)}`));
  };
  const again = () => {
    if (!run.lasting.areTicksLost() && nextDueMs() <= world.nowMs() + 61_000) {
      begin();
      if (run.lasting.twoTicks) world.after(run.faults.between(0, 3000), begin);
    }
    world.inBackground(60_000, again);
  };
  world.inBackground(run.faults.between(0, 60_000), again);
}
