/** The tables of docs/operating/causes.md: what AWS says, and what Headgate makes of it. */
import { classifyRefusal } from '../domain/batch/refusal.ts';
import { errorCatalogue, isErrorCode } from '../domain/errors.ts';
import { classifyFailure, type FailedTry, failureOf } from '../domain/job/failure.ts';
import type { Failure } from '../domain/job/job.ts';
import { workerExitCodes } from '../domain/job/job-type.ts';
import { endings, ownRequest, platform } from '../tests/support/platform-texts.ts';

const MAX_TEXT_CHARACTERS = 100;

export function causeTables(): string {
  return [
    '## Answers to SubmitJob',
    '',
    '| AWS says | what becomes of the job | class | code | whose cause |',
    '| --- | --- | --- | --- | --- |',
    ...[...platform, ...ownRequest].map(([, error]) => refusalRow(error)),
    '| HTTP 429, or a name of throttling | waits with its slot, called again after 1 to 10 s | · | · | AWS |',
    '| HTTP 5xx, 408, no answer | asked about by its name after the settle time | · | · | AWS |',
    '',
    '## Ends of a Batch job',
    '',
    '| AWS Batch or ECS says | another attempt | class | code | whose cause |',
    '| --- | --- | --- | --- | --- |',
    ...endings.map(endingRow),
    '',
  ].join('\n');
}

function refusalRow(error: Parameters<typeof classifyRefusal>[0]): string {
  const refusal = classifyRefusal(error);
  const says = textOf(`${error.name === 'ClientException' ? '' : `${error.name}: `}${error.message}`);
  if (refusal.kind === 'refused') return `| ${says} | fails | ${causeOf(refusal.failure)} |`;
  const cause = causeOf(failureOf('platform', 'platform_unavailable'));
  return `| ${says} | waits without a slot, called again after 30 s to 2 h | ${cause} |`;
}

function endingRow(seen: FailedTry): string {
  const { failure, retryable } = classifyFailure(seen, undefined, workerExitCodes);
  const { exitCode, reason } = seen.container;
  const said = [seen.statusReason, reason, exitCode === undefined ? undefined : `exit code ${exitCode}`];
  const terminated = seen.isTerminated === true ? ', terminated by a person' : '';
  const text = said.every((each) => each === undefined)
    ? 'nothing'
    : textOf(said.filter((each) => each !== undefined).join('; '));
  return `| ${text}${terminated} | ${retryable ? 'yes' : 'no'} | ${causeOf(failure)} |`;
}

function causeOf({ class: cls, code }: Failure): string {
  const entry = isErrorCode(code) ? errorCatalogue[code] : {};
  return `\`${cls}\` | \`${code}\` | ${'owner' in entry ? entry.owner : ''}`;
}

function textOf(text: string): string {
  const short = text.length > MAX_TEXT_CHARACTERS ? `${text.slice(0, MAX_TEXT_CHARACTERS)}…` : text;
  return `\`${short.replaceAll('|', '\\|')}\``;
}
