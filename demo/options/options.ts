/** The command line of `npm start`. */
import { parseArgs } from 'node:util';
import { nearest } from '../../domain/request/spelling.ts';
import type { ImageSource } from '../../local/batch/containers/image.ts';
import { FaultName } from '../../local/faults.ts';
import { type Containers, ENGINES } from './engine.ts';
import { imagesOf } from './images.ts';
import { Misused } from './misused.ts';
import { secretsOf } from './secrets.ts';

export interface Options {
  readonly once: boolean;
  readonly sample: boolean;
  /** Whether the worker is rebuilt as its sources change. */
  readonly watch: boolean;
  readonly data: string | undefined;
  /** 0 is any free one. */
  readonly port: number;
  readonly demo: string | undefined;
  /** What goes wrong from the start on; beside the demo of faults, the ones that it shows. */
  readonly faults: readonly FaultName[];
  /** A server of the user's own on 127.0.0.1. */
  readonly webhookUrl: URL | undefined;
  readonly images: Readonly<Record<string, ImageSource>>;
  /** Absent: Docker or Podman if one answers. */
  readonly containers: Containers | undefined;
  /** SubmitJob calls in a second; absent: as in AWS. */
  readonly submitRate: number | undefined;
  readonly secret: ((valueFrom: string) => Promise<string | undefined>) | undefined;
}

export type CommandLine =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'help'; readonly text: string }
  /** Wrong usage, as a sentence. */
  | { readonly kind: 'misused'; readonly sentence: string };

/** What the value of an option is, if it takes one, and what it does. */
interface Known {
  readonly value?: string;
  readonly effect: string;
  readonly repeated?: true;
}

const OPTIONS: Readonly<Record<string, Known>> = {
  once: { effect: 'end after the sample jobs; exit code 0 only if each came to its expected end' },
  'no-sample': { effect: 'send no jobs: a stack with three tenants, for jobs of your own' },
  watch: { effect: 'rebuild the worker and the functions as their sources change' },
  'webhook-origin': {
    value: 'URL',
    effect: "send acme's webhooks to your server on http://127.0.0.1 as well",
  },
  image: {
    value: 'NAME=DIR|COMMAND',
    effect:
      'run a folder or a command in place of an image; NAME alone: its commands are those of this machine; * is any',
    repeated: true,
  },
  images: { value: 'FILE', effect: 'the same as a JSON object, by image' },
  containers: {
    value: 'ENGINE',
    effect: 'docker, podman or processes for images that nothing runs in place of',
  },
  secrets: { value: 'FILE', effect: 'a JSON object of secrets and parameters that job definitions name' },
  'submit-rate': {
    value: 'N',
    effect: 'SubmitJob calls a second that Batch takes: 50 as in AWS, 0 for no limit',
  },
  data: { value: 'DIR', effect: 'keep everything in a folder, over restarts and crashes' },
  port: { value: 'N', effect: 'listen on this port instead of a free one' },
  fault: {
    value: 'NAME',
    effect: `let something go wrong in AWS: ${FaultName.options.join(', ')}; may be repeated`,
    repeated: true,
  },
  demo: { value: 'NAME', effect: 'show something else' },
  help: { effect: 'print this text' },
};

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
    return `  ${`--${name}${value === undefined ? '' : ` ${value}`}`.padEnd(28)}${text}`;
  });
  return ['Usage: npm start -- [OPTIONS]', '', ...rows, ''].join('\n');
}

/** Not by the rules of parseArgs: its refusals are about code rather than for the person who typed. */
function read(args: readonly string[]): Given {
  const types = Object.entries(OPTIONS).map(([name, { value }]): [string, { type: 'string' | 'boolean' }] => [
    name,
    { type: value === undefined ? 'boolean' : 'string' },
  ]);
  const options = Object.fromEntries(types);
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') throw new Misused(`Expected options alone, found ${token.value}.`);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const known = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (known === undefined) throw new Misused(unknown(name, rawName));
    if (given.has(name) && !known.repeated) throw new Misused(`Expected ${rawName} once, found it twice.`);
    if (known.value === undefined && value !== undefined)
      throw new Misused(`${rawName} takes no value, found ${value}.`);
    // A name of an option is taken for a value that was forgotten.
    if (known.value !== undefined && (value === undefined || value === '' || value.startsWith('--')))
      throw new Misused(`Expected ${rawName} ${known.value}, found ${value || 'no value'}.`);
    given.set(name, [...(given.get(name) ?? []), value ?? '']);
  }
  return given;
}

/** The values of each option that was given. */
type Given = ReadonlyMap<string, readonly string[]>;

function unknown(name: string, rawName: string): string {
  const meant = nearest(name, Object.keys(OPTIONS));
  return `There is no option ${rawName}.${meant === undefined ? '' : ` Did you mean --${meant}?`}`;
}

function optionsOf(given: Given, demos: readonly string[]): Options {
  const oneOf = (name: string) => given.get(name)?.[0];
  const demo = oneOf('demo');
  if (demo !== undefined && !demos.includes(demo))
    throw new Misused(`Expected --demo ${demos.join(' or ')}, found ${demo}.`);
  // A demo starts a stack of its own and ends by itself.
  const allowed = demo === 'faults' ? ['demo', 'fault'] : ['demo'];
  const beside = [...given.keys()].find((name) => !allowed.includes(name));
  if (demo !== undefined && beside !== undefined)
    throw new Misused(`Expected --demo alone, found --${beside} beside it.`);
  if (given.has('once') && given.has('no-sample'))
    throw new Misused('Expected one of --once and --no-sample: without a sample nothing comes to an end.');
  return {
    once: given.has('once'),
    sample: !given.has('no-sample'),
    watch: given.has('watch'),
    data: oneOf('data'),
    port: portOf(oneOf('port') ?? '0'),
    demo,
    faults: (given.get('fault') ?? []).map(faultOf),
    webhookUrl: webhookUrlOf(oneOf('webhook-origin')),
    images: imagesOf(given.get('image') ?? [], oneOf('images')),
    containers: containersOf(oneOf('containers')),
    submitRate: rateOf(oneOf('submit-rate')),
    secret: mapped(oneOf('secrets'), secretsOf),
  };
}

function faultOf(text: string): FaultName {
  const known = FaultName.safeParse(text);
  if (known.success) return known.data;
  throw new Misused(`Expected --fault with one of ${FaultName.options.join(', ')}, found ${text}.`);
}

const mapped = <From, To>(value: From | undefined, map: (value: From) => To): To | undefined =>
  value === undefined ? undefined : map(value);

function containersOf(text: string | undefined): Containers | undefined {
  const known = [...ENGINES, 'processes'] as const;
  const found = known.find((name) => name === text);
  if (text !== undefined && found === undefined)
    throw new Misused(`Expected --containers docker, podman or processes, found ${text}.`);
  return found;
}

function rateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text))
    throw new Misused(`Expected --submit-rate with a whole number, found ${text}.`);
  return Number(text) || Number.POSITIVE_INFINITY;
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
