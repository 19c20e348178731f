/** Work that makes work: a diamond, a fan-in of 500, an array with failures that run again, and a schedule on a clock that is turned. */

import type { Screen } from '../screen.ts';
import { scenesOf } from './scenes.ts';
import { openStage } from './stage.ts';

const PARTS = 500;

export async function graphDemo(show: Screen, signal: AbortSignal): Promise<number> {
  const stage = await openStage();
  try {
    const wrong: string[] = [];
    for (const scene of scenesOf(PARTS)) {
      if (signal.aborted) return 1;
      show.text();
      show.text(`${scene.name}: ${scene.what}.`);
      const found = await scene.play(stage, (line) => show.text(`  ${line}`), signal);
      wrong.push(...found.map((each) => `${scene.name}: ${each}`));
    }
    show.text();
    for (const each of wrong) show.text(`Not as expected: ${each}.`);
    if (wrong.length === 0) show.text('Each job ran once, after all that it depends on.');
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await stage.close();
  }
}
