/**
 * What a target is given instead of the event: a constant, a part of the event, or a template filled from it.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
import * as z from 'zod';
import type { AwsEvent } from '../aws.ts';
import { parsePath, valueAt } from './json-path.ts';

const Path = z
  .string()
  .max(256)
  .refine(
    (path) => parsePath(path) !== undefined,
    'not implemented here: a path other than $.field.list[0].*',
  );

export const TargetInput = {
  Input: z.string().max(8192).refine(isJson, 'is not valid JSON').optional(),
  InputPath: Path.optional(),
  InputTransformer: z
    .strictObject({
      InputPathsMap: z
        .record(
          z
            .string()
            .regex(/^[\w-]+$/, 'a variable has a name of letters, digits, hyphens and underscores')
            .refine((name) => !/^aws/i.test(name), 'no variable has a name that starts with AWS'),
          Path,
        )
        .refine((paths) => Object.keys(paths).length <= 100, 'takes at most 100 variables')
        .default({}),
      InputTemplate: z.string().min(1).max(8192),
    })
    .optional(),
};
const Given = z.object(TargetInput);
type Given = z.infer<typeof Given>;
type Transformer = NonNullable<Given['InputTransformer']>;

const RESERVED = [
  'aws.events.rule-arn',
  'aws.events.rule-name',
  'aws.events.event.ingestion-time',
  'aws.events.event',
  'aws.events.event.json',
];

/** @returns what is wrong with the three together, or with the template; undefined when nothing is */
export function inputFault(id: string, { Input, InputPath, InputTransformer }: Given): string | undefined {
  if ([Input, InputPath, InputTransformer].filter((one) => one !== undefined).length > 1)
    return `Only one of Input, InputPath, or InputTransformer must be provided for target ${id}.`;
  if (InputTransformer === undefined) return undefined;
  const { InputPathsMap, InputTemplate } = InputTransformer;
  const known = [...RESERVED, ...Object.keys(InputPathsMap)];
  const unknown = pieces(InputTemplate).find(
    ({ variable }) => variable !== undefined && !known.includes(variable),
  );
  if (unknown !== undefined)
    return `InputTemplate for target ${id} contains invalid placeholder ${unknown.variable}.`;
  if (!isJson(filled(InputTemplate, () => '')))
    return `Invalid InputTemplate for target ${id} : it is not JSON once its variables have values.`;
  return undefined;
}

export interface InputContext {
  readonly event: AwsEvent;
  readonly rule: { readonly name: string; readonly arn: string };
  readonly receivedAtMs: number;
}

/** @returns JSON text; undefined when the event gives none */
export function inputOf(
  { Input, InputPath, InputTransformer }: Given,
  context: InputContext,
): string | undefined {
  if (Input !== undefined) return Input;
  if (InputTransformer !== undefined) return transformed(InputTransformer, context);
  const value = InputPath === undefined ? context.event : valueAt(context.event, parsePath(InputPath) ?? []);
  return value === undefined ? undefined : JSON.stringify(value);
}

function transformed(
  { InputPathsMap, InputTemplate }: Transformer,
  context: InputContext,
): string | undefined {
  const { event, rule, receivedAtMs } = context;
  const { detail: _, ...withoutDetail } = event;
  const reserved: Readonly<Record<string, unknown>> = {
    'aws.events.rule-arn': rule.arn,
    'aws.events.rule-name': rule.name,
    'aws.events.event.ingestion-time': new Date(receivedAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    'aws.events.event': withoutDetail,
    'aws.events.event.json': event,
  };
  const text = filled(InputTemplate, (variable) => {
    const path = InputPathsMap[variable];
    return path === undefined ? reserved[variable] : valueAt(event, parsePath(path) ?? []);
  });
  return isJson(text) ? text : undefined;
}

/** A variable without a value leaves an empty text, as AWS does. */
function filled(template: string, lookUp: (variable: string) => unknown): string {
  return pieces(template)
    .map(({ text, variable, quoted }) => {
      if (variable === undefined) return text;
      const value = lookUp(variable) ?? '';
      return quoted ? insideText(value) : JSON.stringify(value);
    })
    .join('');
}

/** Inside a text, EventBridge writes objects and lists without their quotes. */
function insideText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value).slice(1, -1);
  return JSON.stringify(value).replaceAll(/\\?"/g, '');
}

interface Piece {
  readonly text: string;
  /** Its name, for `<name>`. */
  readonly variable?: string | undefined;
  /** Inside a JSON text. */
  readonly quoted: boolean;
}

function pieces(template: string): Piece[] {
  let quoted = false;
  return [...template.matchAll(/<([\w.-]+)>|\\.|"|[^<\\"]+|[<\\]/gs)].map(([text, variable]) => {
    if (text === '"') quoted = !quoted;
    return { text, variable, quoted };
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
