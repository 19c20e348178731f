/** One job for people. */
import type { JobView } from '../../domain/reading/job-view.ts';
import type { Page, Span } from '../program/output.ts';
import { stateTone } from './timeline-text.ts';

const HIDDEN: ReadonlySet<string> = new Set([
  'id',
  'state',
  'attempts',
  'failure',
  'input',
  'metadata',
  'result',
]);

/** The fields of the view by their names, so that a person learns those of `--json`. */
export function writeJob(page: Page, view: JobView): void {
  page.line(`${view.id}  `, { text: view.state, tone: stateTone(view.state) });
  page.line();
  const facts: Span[][] = Object.entries(view)
    .filter(([name]) => !HIDDEN.has(name))
    .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]);
  page.table(undefined, facts);
  for (const { attempt, startedAt, endedAt, failure, runId } of view.attempts) {
    const ran = startedAt === undefined ? `until ${endedAt}` : `${startedAt} to ${endedAt}`;
    const run = runId === undefined ? '' : `, run ${runId}`;
    page.hanging(
      `attempt ${attempt}  `,
      `${failure === undefined ? 'ended well' : failure.code}: ${ran}${run}`,
    );
  }
  if (view.failure !== undefined) page.hanging('failure  ', `${view.failure.code}: ${view.failure.message}`);
  for (const name of ['input', 'metadata', 'result'] as const) {
    if (view[name] === undefined) continue;
    page.line();
    page.line({ text: name, tone: 'dim' });
    page.block(JSON.stringify(view[name], undefined, 2));
  }
}
