/** `npm run docs` writes console/api/schema.ts with this: the types of docs/openapi.json, which is all that the console knows of the API. */
import { openApiText } from './openapi.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly 'x-known-values'?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, Content>>;
  readonly requestBody?: Content;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export function consoleTypesText(): string {
  // The document is written by the same tools, so it has these fields.
  const { paths, components } = JSON.parse(openApiText()) as Document;
  const named = Object.entries(components.schemas).map(
    ([name, schema]) => `export type ${name} = ${typeOf(schema)};\n`,
  );
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  );
  return [
    '/** Types of docs/openapi.json. Written by `npm run docs`. */\n',
    ...named,
    '/** By method and path: what a call that was not refused answers. */',
    'export interface Answers {',
    ...operations.map(({ name, operation }) => `  ${quoted(name)}: ${answerOf(operation)};`),
    '}\n',
    '/** The bodies of calls that have one. */',
    'export interface Bodies {',
    ...operations.flatMap(({ name, operation }) => {
      const body = schemaIn(operation.requestBody);
      return body === undefined ? [] : [`  ${quoted(name)}: ${typeOf(body)};`];
    }),
    '}\n',
  ].join('\n');
}

function answerOf({ responses }: Operation): string {
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  const types = good.map(([, content]) => {
    const schema = schemaIn(content);
    return schema === undefined ? 'undefined' : typeOf(schema);
  });
  return union(types);
}

const schemaIn = (content: Content | undefined): Schema | undefined =>
  content?.content?.['application/json']?.schema;

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? 'unknown';
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map((value) => JSON.stringify(value)));
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return union(either.map(typeOf));
  if (schema.allOf !== undefined) return schema.allOf.map(typeOf).join(' & ');
  const types = [schema.type ?? []].flat();
  return types.length === 0 ? 'unknown' : union(types.map((type) => ofOneType(type, schema)));
}

function ofOneType(type: string, schema: Schema): string {
  switch (type) {
    case 'string': {
      const known = schema['x-known-values'];
      // A later version may have further values.
      return known === undefined
        ? 'string'
        : union([...known.map((value) => JSON.stringify(value)), '(string & {})']);
    }
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
    case 'null':
      return type;
    case 'array':
      return `readonly (${schema.items === undefined ? 'unknown' : typeOf(schema.items)})[]`;
    default:
      return objectOf(schema);
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }: Schema): string {
  const fields = Object.entries(properties).map(
    ([name, schema]) =>
      `readonly ${quoted(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}${required.includes(name) ? '' : ' | undefined'}`,
  );
  if (fields.length > 0) return `{ ${fields.join('; ')} }`;
  const values = typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown';
  return `Readonly<Record<string, ${values}>>`;
}

const union = (types: readonly string[]): string =>
  types.length === 0 ? 'never' : [...new Set(types)].join(' | ');

const quoted = (name: string): string =>
  /^[a-z_]\w*$/i.test(name) ? name : `'${name.replaceAll("'", "\\'")}'`;
