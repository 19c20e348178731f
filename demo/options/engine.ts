/** Whether Docker or Podman is there for the images that nothing else runs in place of. */
import { execFile } from 'node:child_process';

export const ENGINES = ['docker', 'podman'] as const;
export type Containers = (typeof ENGINES)[number] | 'processes';

const ANSWER_MS = 5000;

/**
 * @param asked absent: the first that answers, if one does
 * @throws Error when the one that was asked for does not answer
 */
export async function engineFor(asked: Containers | undefined): Promise<string | undefined> {
  if (asked === 'processes') return undefined;
  if (asked === undefined) {
    const there = await Promise.all(ENGINES.map(answers));
    return ENGINES.find((_, index) => there[index]);
  }
  if (await answers(asked)) return asked;
  throw new Error(`${asked} does not answer: start it, or choose --containers processes.`);
}

/** `version` asks the engine, too, and fails when only the command line is there. */
function answers(program: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, ['version'], { timeout: ANSWER_MS }, (error) => resolve(error === null));
  });
}
