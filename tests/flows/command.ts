/** `headgate webhook` as a person runs it, against the embedded cloud. */
import { runCommand } from '../support/command.ts';
import type { Stack } from '../support/stack.ts';

export async function runWebhooks(
  stack: Stack,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { code, out, err } = await runCommand(stack, 'webhook', ...args);
  return { code, output: out + err };
}
