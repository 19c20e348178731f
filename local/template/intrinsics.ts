/** The intrinsic functions of CloudFormation that are needed; any other is refused by its name. */
import * as z from 'zod';
import { TemplateRefusal } from './refusal.ts';

/** The meaning of names in a value. Each throws a TemplateRefusal for an unknown name. */
export interface Scope {
  ref(name: string, place: string): unknown;
  attribute(logicalId: string, attribute: string, place: string): unknown;
  condition(name: string, place: string): boolean;
  readonly mappings: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly region: string;
}

interface At {
  readonly scope: Scope;
  readonly place: string;
}

/**
 * A value with each intrinsic in it replaced.
 *
 * @returns undefined for `AWS::NoValue`, which also removes it from its list or object
 */
export function resolve(value: unknown, at: At): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => resolve(item, under(at, index))).filter((item) => item !== undefined);
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (entries.length === 1 && name !== undefined && (name === 'Ref' || name.startsWith('Fn::'))) {
    const here = under(at, name);
    return lookUp(VALUES, name, here)(argument, here);
  }
  return Object.fromEntries(
    entries
      .map(([key, item]) => [key, resolve(item, under(at, key))])
      .filter(([, item]) => item !== undefined),
  );
}

/** Whether a condition holds, from its body in the template's `Conditions`. */
export function holds(value: unknown, at: At): boolean {
  const [[name, argument] = [], ...others] = Object.entries(
    parse(z.record(z.string(), z.unknown()), value, at),
  );
  if (name === undefined || others.length > 0)
    throw new TemplateRefusal(at.place, 'is not one condition function');
  const here = under(at, name);
  return lookUp(TESTS, name, here)(argument, here);
}

const Scalar = z.union([z.string(), z.number(), z.boolean()]);
const Choice = z.tuple([z.string(), z.unknown(), z.unknown()]);
const Tests = z.array(z.unknown()).min(2).max(10);

const VALUES: Readonly<Record<string, (argument: unknown, at: At) => unknown>> = {
  Ref: (argument, at) => at.scope.ref(parse(z.string(), argument, at), at.place),
  'Fn::GetAtt': (argument, at) => {
    // Only the first dot separates: attributes may have dots of their own.
    const [, logicalId = '', attribute = ''] =
      typeof argument === 'string'
        ? (/^([^.]+)\.(.+)$/.exec(argument) ?? [])
        : ['', ...parse(z.tuple([z.string(), z.string()]), argument, at)];
    return at.scope.attribute(logicalId, attribute, at.place);
  },
  'Fn::Sub': (argument, at) => {
    const [text, own] =
      typeof argument === 'string'
        ? [argument, {}]
        : parse(z.tuple([z.string(), z.record(z.string(), z.unknown())]), argument, at);
    return text.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal, name) => {
      if (literal) return `\${${name}}`;
      return String(parse(Scalar, substitute(name, own, at), under(at, name)));
    });
  },
  'Fn::Join': (argument, at) => {
    const [delimiter, list] = parse(z.tuple([z.string(), z.unknown()]), argument, at);
    return parse(z.array(Scalar), resolve(list, at), at).join(delimiter);
  },
  'Fn::Base64': (argument, at) =>
    Buffer.from(parse(z.string(), resolve(argument, at), at)).toString('base64'),
  'Fn::Split': (argument, at) => {
    const [delimiter, text] = parse(z.tuple([z.string(), z.unknown()]), argument, at);
    return parse(z.string(), resolve(text, at), at).split(delimiter);
  },
  'Fn::Select': (argument, at) => {
    const [index, list] = parse(z.tuple([z.unknown(), z.unknown()]), argument, at);
    const items = parse(z.array(z.unknown()), resolve(list, at), at);
    const chosen = parse(z.coerce.number().int().min(0), resolve(index, at), at);
    if (chosen >= items.length)
      throw new TemplateRefusal(at.place, `no item ${chosen} in a list of ${items.length}`);
    return items[chosen];
  },
  'Fn::If': (argument, at) => {
    const [name, yes, no] = parse(Choice, argument, at);
    return resolve(at.scope.condition(name, at.place) ? yes : no, at);
  },
  'Fn::FindInMap': (argument, at) => {
    const keys = parse(z.tuple([z.string(), z.string(), z.string()]), resolve(argument, at), at);
    const found = at.scope.mappings[keys[0]]?.[keys[1]]?.[keys[2]];
    if (found === undefined) throw new TemplateRefusal(at.place, `Mappings has no ${keys.join('.')}`);
    return found;
  },
  'Fn::GetAZs': (argument, at) => {
    const region = parse(z.string(), resolve(argument, at), at) || at.scope.region;
    return ['a', 'b', 'c'].map((zone) => region + zone);
  },
  'Fn::Cidr': (argument, at) => {
    const Cidr = z.tuple([
      z.cidrv4(),
      z.coerce.number().int().min(1).max(256),
      z.coerce.number().int().min(1).max(31),
    ]);
    return subnets(...parse(Cidr, resolve(argument, at), at));
  },
};

const TESTS: Readonly<Record<string, (argument: unknown, at: At) => boolean>> = {
  Condition: (argument, at) => at.scope.condition(parse(z.string(), argument, at), at.place),
  'Fn::Equals': (argument, at) => {
    const [left, right] = parse(z.tuple([Scalar, Scalar]), resolve(argument, at), at);
    return String(left) === String(right);
  },
  'Fn::And': (argument, at) =>
    parse(Tests, argument, at).every((test, index) => holds(test, under(at, index))),
  'Fn::Or': (argument, at) => parse(Tests, argument, at).some((test, index) => holds(test, under(at, index))),
  'Fn::Not': (argument, at) => !holds(parse(z.tuple([z.unknown()]), argument, at)[0], at),
};

function lookUp<T>(functions: Readonly<Record<string, T>>, name: string, at: At): T {
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (found !== undefined) return found;
  throw new TemplateRefusal(
    at.place,
    `${name} is not supported here; supported: ${Object.keys(functions).join(', ')}`,
  );
}

function substitute(name: string, own: Readonly<Record<string, unknown>>, at: At): unknown {
  if (Object.hasOwn(own, name)) return resolve(own[name], under(at, name));
  return name.includes('.') ? VALUES['Fn::GetAtt']?.(name, at) : at.scope.ref(name, at.place);
}

function under(at: At, key: string | number): At {
  return { scope: at.scope, place: `${at.place}.${key}` };
}

function parse<T>(schema: z.ZodType<T>, value: unknown, at: At): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new TemplateRefusal(at.place, z.prettifyError(parsed.error));
  return parsed.data;
}

/** The first `count` blocks of `2 ** hostBits` addresses in a block. */
function subnets(block: string, count: number, hostBits: number): string[] {
  const [address = ''] = block.split('/');
  const first = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return Array.from({ length: count }, (_, index) => {
    const start = first + index * 2 ** hostBits;
    const bytes = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
    return `${bytes.join('.')}/${32 - hostBits}`;
  });
}
