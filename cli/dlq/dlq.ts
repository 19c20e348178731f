/** `headgate dlq`: lists, shows, redrives and discards the letters of the front queue's dead-letter queue. */
import * as z from 'zod';
import { discard } from '../../application/dead-letter/discard.ts';
import { countsBy, type Filter, matches } from '../../domain/dead-letter/letter.ts';
import { deadLetters, type Found, paced, type Visit } from '../../io/aws/dead-letters.ts';
import { jobStore } from '../../io/table/jobs.ts';
import { aligned } from '../program/output.ts';
import { isMeant, theOneMeant } from '../program/short-id.ts';
import { Stopped } from '../program/stopped.ts';
import { type Context, type Ending, type Noun, option, type Values, verb } from '../program/verb.ts';
import { findQueues } from '../stack/find.ts';
import { type PlaceValues, placeOptions } from '../stack/place.ts';
import { type Stack, withStack } from '../stack/stack.ts';
import { HEADINGS, recordOf, rowOf, writePage } from './letter-text.ts';
import {
  actingOptions,
  filterOf,
  filterOptions,
  groupBy,
  Max,
  Rate,
  requireBounds,
  requiredId,
} from './options.ts';
import { type Outcome, outcomeText, watchRedrives } from './watch.ts';

const listOptions = { ...filterOptions, 'group-by': groupBy, ...placeOptions };

const list = verb({
  summary: 'what is in the queue, and why',
  options: listOptions,
  run: (values, context) =>
    withLetters(values, context, async (visit) => {
      // Printed after all letters are visible again: the reader of the output may stop half-way.
      const seen = await visit(filterOf(values), async (all) => all);
      showList(values, seen, context);
      return 'done';
    }),
});

function showList({ 'group-by': by }: Values<typeof listOptions>, seen: Visit, { output }: Context): void {
  const letters = seen.letters.map(({ letter }) => letter);
  if (by === undefined) {
    output.show(letters.map(recordOf), (page) => {
      if (letters.length > 0) page.table(HEADINGS, letters.map(rowOf));
    });
  } else {
    const groups = countsBy(letters, by);
    output.show(
      groups.map(([value, count]) => ({ [by]: value, count })),
      (page) => {
        const rows = groups.map(([value, count]) => [String(count), value]);
        if (rows.length > 0) page.table(['COUNT', by.toUpperCase()], rows);
      },
    );
  }
  output.note(countOf(seen));
}

const show = verb({
  summary: 'all of one letter, its body included',
  argument: 'ID',
  options: { id: requiredId, ...placeOptions },
  run: (values, context) =>
    withLetters(values, context, async (visit) => {
      const { letters } = await visit({ id: values.id }, async (seen) => seen);
      const found = copiesOf(letters, values.id);
      context.output.show(
        found.map(({ letter, stored }) => ({
          ...recordOf(letter),
          attributes: stored.attributes,
          body: stored.body,
        })),
        (page) => {
          for (const [i, each] of found.entries()) {
            if (i > 0) page.line();
            writePage(page, each);
          }
        },
      );
      return 'done';
    }),
});

const redrive = verb({
  summary: 'send letters to the front queue again',
  argument: 'ID',
  options: {
    ...actingOptions,
    rate: option('RATE', 'at most so many, such as 5/s (5/s)', Rate.default(5)),
    max: option('N', 'no more than the N oldest', Max.optional()),
  },
  details:
    'Repair the cause first. A job that failed runs again as a child of its own id, once however often it is redriven.',
  run: (values, context) =>
    withLetters(values, context, async (visit, stack) => {
      requireBounds(values);
      const sent: Found[] = [];
      const ending = await act(values, context, visit, {
        done: 'sent',
        perSecond: values.rate,
        max: values.max,
        one: async (seen, found) => {
          await seen.redrive(found);
          sent.push(found);
          return { done: true, note: 'sent' };
        },
      });
      const told = sent.length === 0 ? 'done' : await reportRedriven(sent, values, stack, context);
      return ending === 'failed' ? ending : told;
    }),
});

/** Shows what is there of the letters that were sent: intake decides about them, and this command only looks. */
async function reportRedriven(
  sent: readonly Found[],
  values: PlaceValues,
  stack: Stack,
  { output, signal }: Context,
): Promise<Ending> {
  const items = await stack.items().catch((error: unknown) => error);
  if (items instanceof Error) {
    output.note(`What became of them was not looked up: ${items.message}`);
    return 'done';
  }
  const ports = {
    jobs: jobStore(await stack.items()),
    signal,
    letters: await lettersOf(stack, values.stage),
  };
  const outcomes = await watchRedrives(ports, sent);
  for (const outcome of outcomes)
    output.show([outcomeRecord(outcome)], (page) => page.line(outcomeText(outcome)));
  const count = (kind: Outcome['kind']) => outcomes.filter((outcome) => outcome.kind === kind).length;
  output.note(
    `${count('job')} are jobs, ${count('kept')} are dead letters again, ${count('unseen')} are on their way.`,
  );
  return count('kept') === 0 ? 'done' : 'failed';
}

function outcomeRecord(outcome: Outcome) {
  const { id } = outcome.letter;
  if (outcome.kind === 'job')
    return { id, outcome: outcome.kind, jobId: outcome.job.jobId, state: outcome.job.state };
  return { id, outcome: outcome.kind, ...(outcome.kind === 'kept' ? { code: outcome.letter.code } : {}) };
}

const discardLetters = verb({
  summary: 'remove letters for good, and say why in the record of each job',
  argument: 'ID',
  options: {
    ...actingOptions,
    reason: option(
      'TEXT',
      'why, for the record',
      z.string('expected why, in a sentence').trim().min(1, 'expected why').max(512),
    ),
  },
  run: (values, context) =>
    withLetters(values, context, (visit, stack) => {
      requireBounds(values);
      return act(values, context, visit, {
        done: 'discarded',
        one: async (seen, found) => {
          const outcome = await discard(seen, found, values.reason, () => stack.records());
          return outcome.kind === 'discarded'
            ? { done: true, note: `discarded: ${values.reason}` }
            : { done: false, note: `kept: ${outcome.why}` };
        },
      });
    }),
});

type VisitLetters = <T>(filter: Filter, use: (seen: Visit) => Promise<T>) => Promise<T>;

const lettersOf = async (stack: Stack, stage: string) =>
  deadLetters(stack.sqs(), await findQueues(stack.sqs(), stage));

function withLetters(
  values: PlaceValues,
  context: Context,
  use: (visit: VisitLetters, stack: Stack) => Promise<Ending>,
): Promise<Ending> {
  return withStack(values, context, async (stack) => {
    const letters = await lettersOf(stack, values.stage);
    const visit: VisitLetters = ({ id, ...filter }, useLetters) =>
      letters.scan(
        (letter) =>
          matches(letter, filter) &&
          (id === undefined || isMeant(id, letter.id) || isMeant(id, letter.messageId)),
        useLetters,
        context.signal,
      );
    return use(visit, stack);
  });
}

interface Act {
  readonly done: string;
  readonly perSecond?: number | undefined;
  readonly max?: number | undefined;
  one(seen: Visit, found: Found): Promise<{ readonly done: boolean; readonly note: string }>;
}

function act(
  values: Filter & { readonly yes: boolean; readonly 'dry-run': boolean },
  { output, signal }: Context,
  visit: VisitLetters,
  { done, perSecond = Number.POSITIVE_INFINITY, max, one }: Act,
): Promise<Ending> {
  return visit(filterOf(values), async (seen) => {
    const wanted = values.id === undefined ? seen.letters : copiesOf(seen.letters, values.id);
    const chosen = wanted.slice(0, max);
    if (values['dry-run'] || (values.id === undefined && !values.yes)) {
      output.show(
        chosen.map(({ letter }) => recordOf(letter)),
        (page) =>
          page.table(
            undefined,
            chosen.map(({ letter }) => rowOf(letter).slice(0, -1)),
          ),
      );
      output.note(
        `${chosen.length} would be ${done}. ${countOf(seen)}${values['dry-run'] ? '' : ' --yes does it.'}`,
      );
      return 'done';
    }
    const rows = aligned(chosen.map(({ letter }) => rowOf(letter).slice(0, -1)));
    let count = 0;
    try {
      for await (const [i, found] of paced([...chosen.entries()], perSecond, signal)) {
        const outcome = await one(seen, found);
        if (outcome.done) count++;
        output.show([{ id: found.letter.id, ...outcome }], (page) =>
          page.line(...(rows[i] ?? []), '  ', outcome.note),
        );
      }
    } finally {
      output.note(`${count} of ${chosen.length} ${done}.`);
    }
    if (signal.aborted) throw interrupted();
    return count === chosen.length ? 'done' : 'failed';
  });
}

const interrupted = () =>
  new Stopped('interrupted', 'Interrupted; the other letters are visible in the queue again.');

/** Copies of a letter share its id. @throws Stopped when no letter, or different ones, are meant */
function copiesOf(letters: readonly Found[], given: string): readonly Found[] {
  const ids = letters.flatMap(({ letter }) => [letter.id, letter.messageId]);
  const id = theOneMeant(given, ids, (each) => each, 'dead letter');
  return letters.filter(({ letter }) => letter.id === id || letter.messageId === id);
}

function countOf({ letters, others, hidden }: Visit): string {
  const total = letters.length + others;
  const noun = total === 1 ? 'dead letter' : 'dead letters';
  const count = others === 0 ? `${total} ${noun}.` : `${letters.length} of ${total} ${noun} match.`;
  return hidden === 0
    ? count
    : `${count} About ${hidden} more are hidden by another reader for up to a minute.`;
}

export const noun: Noun = {
  summary: 'dead letters: messages and jobs that do not go on by themselves',
  verbs: { list, show, redrive, discard: discardLetters },
  details: 'ID is the job of a failed job, else the message id; the first 8 characters are enough.',
};
