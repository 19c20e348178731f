/** What is on a screen that asks once for each tenant, when some of them gave no answer. */
import { type Asked, partlyText } from './asked.ts';

export function Partly({ reads, what }: { reads: readonly Asked[]; what: string }) {
  const text = partlyText(reads, what);
  return text === undefined ? null : (
    <p class="old" role="status">
      {text}
    </p>
  );
}
