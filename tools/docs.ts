/** `npm run docs`: writes what of docs/ is generated from the code and its tests: tables, and the document of the API. A test fails while they differ. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCatalogue } from '../domain/errors.ts';
import { JobState } from '../domain/job/job.ts';
import { lifecycle, type ObservationKind } from '../domain/job/lifecycle.ts';
import { stateNotes } from '../domain/job/state-notes.ts';
import { consoleTypesText } from './console-types.ts';
import { causeTables } from './docs-causes.ts';
import { faultTables } from './docs-faults.ts';
import { openApiText } from './openapi.ts';
import { asyncApiText, eventSchemasText, messageSchemaText } from './schemas.ts';

const docs = join(import.meta.dirname, '../docs');

/** Generated parts by file, between `<!-- generated -->` and `<!-- /generated -->`. */
const generated: Readonly<Record<string, () => string>> = {
  'decisions/README.md': decisionList,
  'developing/faults.md': faultTables,
  'operating/causes.md': causeTables,
  'developing/states.md': () => `${stateTable()}\n${lifecycleTable()}`,
  'using/errors.md': errorTables,
};
export const generatedDocs = Object.keys(generated);

/** @returns the file's text as it is, and as the code would have it */
export function renderDoc(file: string): { current: string; expected: string } {
  const current = readFileSync(join(docs, file), 'utf8');
  const [before, rest = ''] = current.split('<!-- generated -->');
  const after = rest.slice(rest.indexOf('<!-- /generated -->'));
  return { current, expected: `${before}<!-- generated -->\n\n${generated[file]?.() ?? ''}\n${after}` };
}

function errorTables(): string {
  const rows = (about: keyof typeof advice) =>
    Object.entries(errorCatalogue)
      .filter(([, entry]) => entry.about === about)
      .map(
        ([code, { meaning, instruction, ...entry }]) =>
          `| \`${code}\` | ${meaning} | ${advice[about][instruction]} |${'owner' in entry ? ` ${entry.owner} |` : ''}`,
      );
  const head = '| code | meaning | what happens |\n| --- | --- | --- |';
  return [
    '## On dead letters',
    '',
    head,
    ...rows('message'),
    '',
    '## On failed jobs',
    '',
    '| code | meaning | what happens | whose cause |\n| --- | --- | --- | --- |',
    ...rows('job'),
    '',
    '## On endpoints',
    '',
    head,
    ...rows('endpoint'),
    '',
    '## On requests',
    '',
    head,
    ...rows('request'),
    '',
    '## On calls of a container',
    '',
    head,
    ...rows('worker'),
    '',
  ].join('\n');
}

const advice = {
  message: { reject: 'dead-lettered at once', retry: 'comes back from the queue' },
  job: { reject: 'fails without another attempt', retry: 'another attempt, within the budget of its class' },
  endpoint: { reject: 'refused at once', retry: 'may be asked again' },
  request: { reject: 'refused at once', retry: 'may be made again' },
  worker: { reject: 'refused at once', retry: 'may be made again' },
} as const;

function stateTable(): string {
  const rows = Object.entries(stateNotes).map(
    ([state, { meaning, entered, left, ifLost }]) =>
      `| \`${state}\` | ${meaning} | ${entered} | ${left} | ${ifLost} |`,
  );
  const head = '| state | meaning | entered | left | when a process or message is lost |';
  return [head, '| --- | --- | --- | --- | --- |', ...rows, ''].join('\n');
}

/** States that behave alike share a column, so that the table fits a page. */
function lifecycleTable(): string {
  const states = JobState.options;
  const kinds = Object.keys(lifecycle.waiting) as ObservationKind[]; // the rows are typed with exactly these keys
  const columns = states.filter((state) => Object.values(lifecycle[state]).some((move) => move !== 'ignore'));
  const head = `| observation | ${columns.join(' | ')} |`;
  const line = `| --- |${' --- |'.repeat(columns.length)}`;
  const rows = kinds.map(
    (kind) => `| \`${kind}\` | ${columns.map((state) => cell(lifecycle[state][kind])).join(' | ')} |`,
  );
  const final = states.filter((state) => !columns.includes(state)).join('`, `');
  return [head, line, ...rows, '', `In \`${final}\` every observation is ignored.`, ''].join('\n');
}

function cell(move: string): string {
  return move === 'ignore' ? '·' : move;
}

/** Each record has its date, and what replaced it, in the line after its title. */
function decisionList(): string {
  const files = readdirSync(join(docs, 'decisions')).filter((file) => /^\d{4}-/.test(file));
  const rows = files.toSorted().map((file) => {
    const text = readFileSync(join(docs, 'decisions', file), 'utf8');
    const [, title = '', date = '', status = ''] =
      /^# \d{4}: (.*)\n\n\*(\S{10})(?:\. (.*))?\*\n/.exec(text) ?? [];
    return `| [${file.slice(0, 4)}](${file}) | ${date} | ${title}${status === '' ? '' : `. ${status}`} |`;
  });
  return ['| record | date | decision |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

if (import.meta.main) {
  writeFileSync(join(docs, 'openapi.json'), openApiText());
  writeFileSync(join(docs, 'message.schema.json'), messageSchemaText());
  writeFileSync(join(docs, 'events.schema.json'), eventSchemasText());
  writeFileSync(join(docs, 'asyncapi.json'), asyncApiText());
  writeFileSync(join(docs, '../console/api/schema.ts'), consoleTypesText());
  for (const file of generatedDocs) writeFileSync(join(docs, file), renderDoc(file).expected);
}
