/** What a command line may say: nouns, their verbs, and the options of each verb with their schemas and lines of help. */
import * as z from 'zod';
import { inOurWords } from '../../domain/request/expectation.ts';
import type { Output } from './output.ts';
import { wrongValue } from './usage.ts';

export interface Option<S extends z.ZodType = z.ZodType> {
  /** The name of its value in the help; absent for a flag. */
  readonly value?: string;
  readonly effect: string;
  /** One letter. */
  readonly short?: string;
  /** Optional unless the option is required; a list for an option that may be repeated. */
  readonly schema: S;
  /** Options that say where the stack is are alike for all verbs, and come last in the help. */
  readonly place?: true;
}
export type Options = Readonly<Record<string, Option>>;
export type Values<O extends Options> = { [Name in keyof O]: z.output<O[Name]['schema']> };

export const option = <S extends z.ZodType>(value: string, effect: string, schema: S): Option<S> => ({
  value,
  effect,
  schema,
});
export const flag = (effect: string) => ({ effect, schema: z.boolean().default(false) });

/** What a verb has beside its options. */
export interface Context {
  readonly output: Output;
  readonly environment: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** `failed`: the verb came to its end, and something is not as it was to be. */
export type Ending = 'done' | 'failed';

export interface Verb {
  readonly summary: string;
  /** The name of the positional argument in the help; its value is the option `id`. */
  readonly argument?: string;
  readonly options: Options;
  /** Further lines of help. */
  readonly details?: string;
  /** Other names of the same verb. */
  readonly aliases?: readonly string[];
  /** @param given the values as they were typed @throws Stopped */
  run(given: Readonly<Record<string, unknown>>, context: Context): Promise<Ending>;
}

interface Spec<O extends Options> extends Omit<Verb, 'run' | 'options'> {
  readonly options: O;
  run(values: Values<O>, context: Context): Promise<Ending>;
}

export function verb<O extends Options>({ run, ...spec }: Spec<O>): Verb {
  const shape = Object.fromEntries(Object.entries(spec.options).map(([name, { schema }]) => [name, schema]));
  const schema = z.strictObject(shape);
  return {
    ...spec,
    async run(given, context) {
      const parsed = schema.safeParse(given, inOurWords);
      if (!parsed.success) throw wrongValue(parsed.error, given, spec.argument);
      // The shape has the schemas of these options under their names.
      return run(parsed.data as Values<O>, context);
    },
  };
}

export interface Noun {
  readonly summary: string;
  readonly verbs: Readonly<Record<string, Verb>>;
  readonly details?: string;
}

/** A program of its own, which reads its options itself. @returns its exit code */
export interface Passed {
  start(args: readonly string[]): Promise<number>;
}

/**
 * What the first word may be. Loaded when it is asked for, since each brings clients of AWS with it.
 */
export interface Entry {
  readonly summary: string;
  load(): Promise<Noun | Verb | Passed>;
}

export const isVerb = (loaded: Noun | Verb | Passed): loaded is Verb => 'run' in loaded;
export const isPassed = (loaded: Noun | Verb | Passed): loaded is Passed => 'start' in loaded;
