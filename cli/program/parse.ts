/** The command line by commander: what is asked for, help, or one sentence of ours for wrong usage. */
import { Command, CommanderError, Option as CommanderOption } from 'commander';
import * as z from 'zod';
import { misused, type Stopped } from './stopped.ts';
import { typed, unknownOption, unknownWord } from './usage.ts';
import { type Entry, isPassed, isVerb, type Noun, type Passed, type Verb } from './verb.ts';

export type Asked =
  | {
      readonly kind: 'run';
      readonly verb: Verb;
      /** As they were typed, by the names of the options. */
      readonly given: Readonly<Record<string, unknown>>;
      readonly json: boolean;
    }
  | { readonly kind: 'pass'; readonly to: Passed; readonly args: readonly string[] }
  /** The text is for the terminal, and nothing is to be run. */
  | { readonly kind: 'help'; readonly text: string };

export interface Program {
  readonly name: string;
  readonly summary: string;
  readonly entries: Readonly<Record<string, Entry>>;
  readonly details: string;
}

/**
 * @param width of the help, in characters
 * @throws Stopped for wrong usage
 */
export async function parse(
  { name, summary, entries, details }: Program,
  args: readonly string[],
  width = DEFAULT_WIDTH,
): Promise<Asked> {
  const [first] = args;
  const entry = first !== undefined && Object.hasOwn(entries, first) ? entries[first] : undefined;
  if (first === undefined || entry === undefined) {
    const top = ours(new Command(name), []).description(summary).usage('NOUN VERB [OPTIONS]');
    for (const [word, { summary }] of Object.entries(entries)) top.command(word).summary(summary);
    top.helpCommand(false).addHelpText('after', `\n${details}`);
    if (first === '--help' || first === '-h' || first === 'help') return helpOf(top, width);
    throw unknownWord(name, first, Object.keys(entries));
  }
  const loaded = await entry.load();
  if (isPassed(loaded)) return { kind: 'pass', to: loaded, args: args.slice(1) };
  if (isVerb(loaded)) return parseVerb(`${name} ${first}`, loaded, args.slice(1), width);
  return parseNoun(`${name} ${first}`, loaded, args.slice(1), width);
}

const DEFAULT_WIDTH = 100;

function parseNoun(path: string, noun: Noun, [word, ...rest]: readonly string[], width: number): Asked {
  const found = Object.entries(noun.verbs).find(
    ([name, { aliases = [] }]) => name === word || (word !== undefined && aliases.includes(word)),
  );
  if (found !== undefined) return parseVerb(`${path} ${found[0]}`, found[1], rest, width);
  if (word === '--help' || word === '-h') return helpOf(nounHelp(path, noun), width);
  throw unknownWord(path, word, Object.keys(noun.verbs));
}

function nounHelp(path: string, { summary, verbs, details }: Noun): Command {
  const command = ours(new Command(path), []).description(summary).usage('VERB [OPTIONS]').helpCommand(false);
  for (const [word, { summary, argument }] of Object.entries(verbs))
    command.command(argument === undefined ? word : `${word} [${argument}]`).summary(summary);
  if (details !== undefined) command.addHelpText('after', `\n${details}`);
  return command;
}

export function parseVerb(path: string, verb: Verb, args: readonly string[], width = DEFAULT_WIDTH): Asked {
  const command = verbCommand(path, verb, args);
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.code === 'commander.helpDisplayed')
      return helpOf(command, width);
    throw error;
  }
  const most = verb.argument === undefined ? 0 : 1;
  const [id, ...rest] = command.args;
  if (most === 0 && id !== undefined) throw misused(`${path} takes no argument, found ${typed(id)}.`);
  if (rest.length > 0) throw misused(`${path}: expected one argument, found ${rest.length + 1}.`);
  const { json = false, ...options } = optionsOf(command);
  const given = id === undefined ? options : { ...options, id };
  return { kind: 'run', verb, given, json: json === true };
}

function verbCommand(path: string, verb: Verb, args: readonly string[]): Command {
  const { id: _, ...options } = verb.options;
  const command = ours(new Command(path), Object.keys({ ...options, json: true })).description(verb.summary);
  // Optional for commander: the sentence for a missing one is that of its schema.
  if (verb.argument !== undefined) command.argument(`[${verb.argument}]`);
  command.allowExcessArguments();
  for (const [name, { value, effect, schema, place, short }] of Object.entries(options)) {
    const flags = short === undefined ? `--${name}` : `-${short}, --${name}`;
    const added = new CommanderOption(value === undefined ? flags : `${flags} <${value}>`, effect);
    if (place) added.helpGroup('Where:');
    if (value !== undefined) added.argParser(reader(name, isList(schema), args));
    command.addOption(added);
  }
  command.addOption(new CommanderOption('--json', 'one JSON document on each line, and nothing else'));
  if (verb.details !== undefined) command.addHelpText('after', `\n${verb.details}`);
  return command;
}

/** Commander's own sentences are about commander, and its exit would leave what a command has begun. */
function ours(command: Command, known: readonly string[]): Command {
  return command
    .helpOption('-h, --help', 'print this text')
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
    .exitOverride((error) => {
      throw error.code === 'commander.helpDisplayed' ? error : usageError(command, error, known);
    });
}

function usageError(command: Command, { code, message }: CommanderError, known: readonly string[]): Stopped {
  // `error: option '--limit <N>' argument missing`, and `error: unknown option '--limt'`
  const [, flag = ''] = /'(-[^\s']*)/.exec(message) ?? [];
  if (code === 'commander.unknownOption')
    return unknownOption(command.name().replace(/ --$/, ''), flag, known);
  return misused(`${flag}: expected a value, found none; ${flag}=… takes any.`);
}

/** An option that may be repeated has a list. */
function isList(schema: unknown): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return isList(schema.unwrap());
  return schema instanceof z.ZodArray;
}

function reader(name: string, repeated: boolean, args: readonly string[]) {
  return (value: string, before: unknown): unknown => {
    // A forgotten value would take the next option for itself; after an equals sign it is meant.
    if (/^--[a-z]/.test(value) && !args.includes(`--${name}=${value}`))
      throw misused(`--${name}: expected a value, found the option ${typed(value)}; --${name}=… takes any.`);
    if (repeated) return [...(Array.isArray(before) ? before : []), value];
    if (before !== undefined) throw misused(`Expected --${name} once, found it twice.`);
    return value;
  };
}

/** Commander gives the names in camel case. */
function optionsOf(command: Command): Record<string, unknown> {
  const named = Object.entries(command.opts<Record<string, unknown>>());
  return Object.fromEntries(
    named.map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), value]),
  );
}

function helpOf(command: Command, width: number): Asked {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => width,
  });
  command.outputHelp();
  return { kind: 'help', text };
}
