/** `npm run dlq`: lists, shows, redrives and discards the letters of the front queue's dead-letter queue. */
import { discard } from '../application/dead-letter/discard.ts';
import { countsBy, type Filter, matches } from '../domain/dead-letter/letter.ts';
import { type DeadLetters, deadLetters, type Found, paced, type Visit } from '../io/aws/dead-letters.ts';
import { systemClock } from '../io/process/clock.ts';
import { systemRandom } from '../io/process/random.ts';
import { jobStore } from '../io/table/jobs.ts';
import { table } from '../io/table/table.ts';
import { print, runCommand } from './command-line.ts';
import { type DlqAsked, filterOf, readArguments, USAGE } from './dlq-options.ts';
import { columns, HEADINGS, pageOf, rowOf } from './dlq-text.ts';
import { type Outcome, outcomeText, watchRedrives } from './dlq-watch.ts';
import { clientsFor, findQueues, findTable } from './where.ts';

type Options<C extends DlqAsked['command']> = Extract<DlqAsked, { command: C }>['options'];

interface Run {
  readonly letters: DeadLetters;
  readonly jobs: () => Promise<ReturnType<typeof jobStore>>;
  readonly signal: AbortSignal;
}

/** @returns the exit code */
async function main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const asked = readArguments(args, systemClock.nowMs());
  if (asked === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const { stage, region, 'endpoint-url': endpoint } = asked.options;
  const { sqs, dynamo, documents } = clientsFor({
    endpoint,
    // The AWS CLI's own variable, which the SDK does not read.
    region: region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'],
  });
  // Ctrl-C makes the hidden letters visible, instead of leaving them hidden for a minute.
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort(interrupted));
  try {
    return await perform(asked, {
      letters: deadLetters(sqs, await findQueues(sqs, stage)),
      jobs: async () => {
        const named = 'table' in asked.options ? asked.options.table : undefined;
        const name = named ?? environment['TABLE_NAME'] ?? (await findTable(dynamo, stage));
        return jobStore(table(documents, name, systemRandom));
      },
      signal: ending.signal,
    });
  } finally {
    sqs.destroy();
    dynamo.destroy();
  }
}

const interrupted = new Error('Interrupted; the other letters are visible in the queue again.');

function perform(asked: DlqAsked, run: Run): Promise<number> {
  switch (asked.command) {
    case 'list':
      return list(asked.options, run);
    case 'show':
      return show(asked.options.id, run);
    case 'redrive':
      return redrive(asked.options, run);
    case 'discard':
      return discardAll(asked.options, run);
  }
}

async function list(options: Options<'list'>, run: Run): Promise<number> {
  const { 'group-by': by, json } = options;
  // Printed after all letters are visible again: the reader of the output may stop half-way.
  const seen = await visit(run, filterOf(options), async (all) => all);
  const letters = seen.letters.map(({ letter }) => letter);
  const groups = by === undefined ? undefined : countsBy(letters, by);
  if (json) {
    const records =
      groups?.map(([value, count]) => ({ [String(by)]: value, count })) ??
      letters.map(({ atMs, ...letter }) => ({ at: new Date(atMs).toISOString(), ...letter }));
    for (const record of records) print(JSON.stringify(record));
    return 0;
  }
  const rows = groups?.map(([value, count]) => [String(count), value]) ?? letters.map(rowOf);
  const headings = by === undefined ? HEADINGS : ['COUNT', by.toUpperCase()];
  if (rows.length > 0) for (const line of columns([headings, ...rows])) print(line);
  print(countOf(seen));
  return 0;
}

async function show(id: string, run: Run): Promise<number> {
  const { letters } = await visit(run, { id }, async (seen) => seen);
  requireFound(letters, id);
  print(letters.map(pageOf).join('\n\n'));
  return 0;
}

async function redrive(options: Options<'redrive'>, run: Run): Promise<number> {
  const sent: Found[] = [];
  const code = await act(options, run, {
    done: 'sent',
    perSecond: options.rate,
    max: options.max,
    one: async (seen, found) => {
      await seen.redrive(found);
      sent.push(found);
      return { done: true, note: 'sent' };
    },
  });
  return sent.length === 0 ? code : Math.max(code, await reportRedriven(sent, run));
}

/** Prints what is there of the letters that were sent: intake decides about them, and this command only looks. */
async function reportRedriven(sent: readonly Found[], run: Run): Promise<number> {
  const jobs = await run
    .jobs()
    .catch((error: unknown) => String(error instanceof Error ? error.message : error));
  if (typeof jobs === 'string') {
    print(`What became of them was not looked up: ${jobs}`);
    return 0;
  }
  const outcomes = await watchRedrives({ ...run, jobs }, sent);
  for (const outcome of outcomes) print(outcomeText(outcome));
  const count = (kind: Outcome['kind']) => outcomes.filter((outcome) => outcome.kind === kind).length;
  print(
    `${count('job')} are jobs, ${count('kept')} are dead letters again, ${count('unseen')} are on their way.`,
  );
  return count('kept') === 0 ? 0 : 1;
}

function discardAll(options: Options<'discard'>, run: Run): Promise<number> {
  return act(options, run, {
    done: 'discarded',
    one: async (seen, found) => {
      const outcome = await discard(seen, found, options.reason, { jobs: run.jobs, clock: systemClock });
      return outcome.kind === 'discarded'
        ? { done: true, note: `discarded: ${options.reason}` }
        : { done: false, note: `kept: ${outcome.why}` };
    },
  });
}

interface Act {
  readonly done: string;
  readonly perSecond?: number | undefined;
  readonly max?: number | undefined;
  one(seen: Visit, found: Found): Promise<{ readonly done: boolean; readonly note: string }>;
}

function act(
  options: Filter & { 'dry-run'?: boolean | undefined },
  run: Run,
  { done, perSecond = Number.POSITIVE_INFINITY, max, one }: Act,
): Promise<number> {
  return visit(run, filterOf(options), async (seen) => {
    requireFound(seen.letters, options.id);
    const chosen = seen.letters.slice(0, max);
    const lines = columns(chosen.map(({ letter }) => rowOf(letter).slice(0, -1)));
    if (options['dry-run']) {
      for (const line of lines) print(line);
      print(`${chosen.length} would be ${done}. ${countOf(seen)}`);
      return 0;
    }
    let count = 0;
    try {
      for await (const [i, found] of paced([...chosen.entries()], perSecond, run.signal)) {
        const outcome = await one(seen, found);
        if (outcome.done) count++;
        print(`${lines[i]}  ${outcome.note}`);
      }
    } finally {
      print(`${count} of ${chosen.length} ${done}.`);
    }
    run.signal.throwIfAborted();
    return count === chosen.length ? 0 : 1;
  });
}

function visit<T>({ letters, signal }: Run, filter: Filter, use: (seen: Visit) => Promise<T>): Promise<T> {
  return letters.scan((letter) => matches(letter, filter), use, signal);
}

function requireFound(letters: readonly Found[], id: string | undefined): void {
  if (letters.length === 0 && id !== undefined) throw new Error(`No dead letter has the id ${id}.`);
}

function countOf({ letters, others, hidden }: Visit): string {
  const total = letters.length + others;
  const noun = total === 1 ? 'dead letter' : 'dead letters';
  const count = others === 0 ? `${total} ${noun}.` : `${letters.length} of ${total} ${noun} match.`;
  return hidden === 0
    ? count
    : `${count} About ${hidden} more are hidden by another reader for up to a minute.`;
}

await runCommand(() => main(process.argv.slice(2), process.env));
