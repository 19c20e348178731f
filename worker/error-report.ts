/** What an operator reads of an error: its message, its stack, and those of its causes. */
import { inspect } from 'node:util';

/** One attempt's log is read by people, and CloudWatch charges by its size. */
const MAX_CHARACTERS = 16 * 1024;
const MAX_CAUSES = 5;

/**
 * For the job's own log stream alone: a message may quote the input. Other properties are left out, for an SDK's error
 * holds what was sent and what came back.
 */
export function errorReport(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at !== undefined && parts.length < MAX_CAUSES; at = causeOf(at))
    parts.push(textOf(at));
  return `${parts.join('\nCaused by: ').slice(0, MAX_CHARACTERS)}\n`;
}

function textOf(error: unknown): string {
  if (!(error instanceof Error))
    return `A value that is not an Error was thrown: ${inspect(error, { depth: 1 })}`;
  const title = `${error.name}: ${error.message}`;
  return error.stack?.includes(error.message) === true ? error.stack : `${title}\n${error.stack ?? ''}`;
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined);
