/** The command line of `npm start`. */
import { parseArgs } from 'node:util';
import { nearest } from '../domain/request/spelling.ts';

export interface Options {
  readonly once: boolean;
  readonly sample: boolean;
  readonly data: string | undefined;
  /** 0 is any free one. */
  readonly port: number;
  readonly demo: string | undefined;
  /** A server of the user's own on 127.0.0.1. */
  readonly webhookUrl: URL | undefined;
}

export type CommandLine =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'help'; readonly text: string }
  /** Wrong usage, as a sentence. */
  | { readonly kind: 'misused'; readonly sentence: string };

/** By name: what its value is, if it takes one, and what it does. */
const OPTIONS: Readonly<Record<string, { readonly value?: string; readonly effect: string }>> = {
  once: { effect: 'end after the sample jobs; exit code 0 only if each came to its expected end' },
  'no-sample': { effect: 'send no jobs: a stack with three tenants, for jobs of your own' },
  'webhook-origin': {
    value: 'URL',
    effect: "send acme's webhooks to your server on http://127.0.0.1 as well",
  },
  data: { value: 'DIR', effect: 'keep everything in a folder, over restarts and crashes' },
  port: { value: 'N', effect: 'listen on this port instead of a free one' },
  demo: { value: 'NAME', effect: 'show something else' },
  help: { effect: 'print this text' },
};

class Misused extends Error {}

/** @param demos the names of the demos */
export function readCommandLine(args: readonly string[], demos: readonly string[]): CommandLine {
  try {
    const given = read(args);
    if (given.has('help')) return { kind: 'help', text: usage(demos) };
    return { kind: 'run', options: optionsOf(given, demos) };
  } catch (error) {
    if (!(error instanceof Misused)) throw error;
    return { kind: 'misused', sentence: `${error.message} npm start -- --help lists the options.` };
  }
}

function usage(demos: readonly string[]): string {
  const rows = Object.entries(OPTIONS).map(([name, { value, effect }]) => {
    const text = name === 'demo' ? `${effect}: ${demos.join(' or ')}` : effect;
    return `  ${`--${name}${value === undefined ? '' : ` ${value}`}`.padEnd(24)}${text}`;
  });
  return ['Usage: npm start -- [OPTIONS]', '', ...rows, ''].join('\n');
}

/** Not by the rules of parseArgs: its refusals are about code rather than for the person who typed. */
function read(args: readonly string[]): ReadonlyMap<string, string> {
  const types = Object.entries(OPTIONS).map(([name, { value }]): [string, { type: 'string' | 'boolean' }] => [
    name,
    { type: value === undefined ? 'boolean' : 'string' },
  ]);
  const options = Object.fromEntries(types);
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') throw new Misused(`Expected options alone, found ${token.value}.`);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const known = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (known === undefined) throw new Misused(unknown(name, rawName));
    if (given.has(name)) throw new Misused(`Expected ${rawName} once, found it twice.`);
    if (known.value === undefined && value !== undefined)
      throw new Misused(`${rawName} takes no value, found ${value}.`);
    // A name of an option is taken for a value that was forgotten.
    if (known.value !== undefined && (value === undefined || value === '' || value.startsWith('--')))
      throw new Misused(`Expected ${rawName} ${known.value}, found ${value || 'no value'}.`);
    given.set(name, value ?? '');
  }
  return given;
}

function unknown(name: string, rawName: string): string {
  const meant = nearest(name, Object.keys(OPTIONS));
  return `There is no option ${rawName}.${meant === undefined ? '' : ` Did you mean --${meant}?`}`;
}

function optionsOf(given: ReadonlyMap<string, string>, demos: readonly string[]): Options {
  const demo = given.get('demo');
  if (demo !== undefined && !demos.includes(demo))
    throw new Misused(`Expected --demo ${demos.join(' or ')}, found ${demo}.`);
  // A demo starts a stack of its own and ends by itself.
  const beside = [...given.keys()].find((name) => name !== 'demo');
  if (demo !== undefined && beside !== undefined)
    throw new Misused(`Expected --demo alone, found --${beside} beside it.`);
  if (given.has('once') && given.has('no-sample'))
    throw new Misused('Expected one of --once and --no-sample: without a sample nothing comes to an end.');
  return {
    once: given.has('once'),
    sample: !given.has('no-sample'),
    data: given.get('data'),
    port: portOf(given.get('port') ?? '0'),
    demo,
    webhookUrl: webhookUrlOf(given.get('webhook-origin')),
  };
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Misused(`Expected --port with a number from 0 to 65535, found ${text}.`);
}

/** Only the address itself: the functions take no name for loopback, because another one may resolve to it. */
function webhookUrlOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (
    url !== null &&
    /^http:\/\/127\.0\.0\.1:\d+$/.test(url.origin) &&
    url.username === '' &&
    url.port !== '0'
  )
    return url;
  throw new Misused(
    `Expected --webhook-origin with the address of a server on this machine, such as http://127.0.0.1:9000, found ${text}.`,
  );
}
