/**
 * Which calls to AWS a program can make, read from its sources: from its entry, through everything that can be reached.
 *
 * Modules are too coarse: a store is one module, and a function that reads may not therefore write. Three things are
 * therefore not reached just because what stands around them is.
 * - A function of a module: until code that is reached names it.
 * - A method of a port, which is an object that a function returns: until code that is reached names a property of that
 *   name, of whatever object.
 * - A branch on `kind === 'word'`: until code that is reached has that word, other than to compare with it.
 * Each may be more than can happen and never less, as long as methods and kinds are not put together from pieces.
 */
import { dirname, join } from 'node:path';
import { operationIds } from '../../api/contract/contract.ts';
import { isFunction, isNode, type Node, nameOf, readSource, type Source } from './source.ts';

export interface Reached {
  /** `client-sqs/SendMessageBatchCommand` */
  readonly commands: ReadonlySet<string>;
  /** First words of PartiQL statements. */
  readonly statements: ReadonlySet<string>;
  /** What the table is asked by: an index, or `table`. */
  readonly queries: ReadonlySet<string>;
}

/** What TypeScript says of a value; the value stands inside. */
const ABOUT_A_VALUE = [
  'TsAsExpression',
  'TsConstAssertion',
  'TsInstantiation',
  'TsNonNullExpression',
  'TsSatisfiesExpression',
  'TsTypeAssertion',
];

/** Called by middy and by the router, in whose hands the objects are: the router finds handlers by the ids of operations. */
const CALLED_BY_LIBRARIES = ['onError', ...operationIds];

export function reachedFrom(entry: string): Reached {
  const sources = new Map<string, Source>();
  const seen = new Set<Node>();
  const names = new Set<string>(CALLED_BY_LIBRARIES);
  const words = new Set<string>();
  const waiting: {
    readonly forName?: string;
    readonly forWord?: string;
    readonly node: Node;
    readonly in: Source;
  }[] = [];
  const commands = new Set<string>();
  const statements = new Set<string>();
  const queries = new Set<string>();

  function enter(path: string): Source {
    const known = sources.get(path);
    if (known !== undefined) return known;
    const source = readSource(path);
    sources.set(path, source);
    for (const { from } of source.imports.values()) if (from.startsWith('/')) enter(from);
    for (const statement of source.statements) visit(statement, source);
    return source;
  }

  function use(name: string, source: Source): void {
    const own = source.functions.get(name);
    const { from, name: there } = source.imports.get(name) ?? {};
    if (own !== undefined) visit(own, source);
    else if (from?.startsWith('/')) use(there ?? '', enter(from));
  }

  function visit(node: Node, source: Source): void {
    // Types say what may be; only values do something.
    if (node.type.startsWith('Ts') && !ABOUT_A_VALUE.includes(node.type)) return;
    if (seen.has(node)) return;
    seen.add(node);
    note(node, source);
    for (const [part, wait] of partsOf(node)) {
      if (wait === undefined) visit(part, source);
      else waiting.push({ ...wait, node: part, in: source });
    }
  }

  function note(node: Node, source: Source): void {
    if (node.type === 'Identifier') use(nameOf(node), source);
    if (node.type === 'StringLiteral') words.add(nameOf(node));
    for (const name of propertiesNamed(node)) names.add(name);
    const statement = statementOf(node);
    if (statement !== undefined) statements.add(statement);
    const query = queryOf(node);
    if (query !== undefined) queries.add(query);
    const imported = importedBy(node, source.path);
    // No name that could be followed tells which of its functions are used.
    if (imported !== undefined)
      for (const fn of enter(imported).functions.values()) visit(fn, enter(imported));
    if (node.type === 'NewExpression') {
      const { from, name } = source.imports.get(nameOf(node['callee'])) ?? {};
      if (from?.startsWith('@aws-sdk/') && name?.endsWith('Command'))
        commands.add(`${from.slice(9)}/${name}`);
    }
  }

  enter(entry);
  for (let again = true; again; ) {
    const ready = waiting.filter(({ forName, forWord }) =>
      forName === undefined ? words.has(forWord ?? '') : names.has(forName),
    );
    for (const one of ready) waiting.splice(waiting.indexOf(one), 1);
    for (const one of ready) visit(one.node, one.in);
    again = ready.length > 0;
  }
  return { commands, statements, queries };
}

type Part = readonly [Node, { forName: string }?] | readonly [Node, { forWord: string }?];

/** The nodes below one, each with what it waits for. */
function partsOf(node: Node): Part[] {
  if (node.type === 'ReturnStatement') return portOf(node['argument']) ?? children(node);
  if (node.type === 'ArrowFunctionExpression') {
    const port = portOf(node['body']);
    return port === undefined ? children(node) : [...childrenOf(node['params']), ...port];
  }
  if (node.type === 'IfStatement' || node.type === 'ConditionalExpression') {
    const word = kindAsked(node['test']);
    const { test, consequent, alternate } = node;
    if (word !== undefined) {
      const { left } = test as { left: Node };
      return [
        [left],
        ...childrenOf(consequent).map(([part]): Part => [part, { forWord: word }]),
        ...childrenOf(alternate),
      ];
    }
  }
  return children(node);
}

/** Every method of an object that is returned waits for its name; all else in the object does not. */
function portOf(value: unknown): Part[] | undefined {
  const object = unwrapped(value);
  if (object?.type !== 'ObjectExpression') return undefined;
  return (object['properties'] as Node[]).map((property): Part => {
    const method = property.type === 'MethodProperty' || isFunction(unwrapped(property['value']) ?? property);
    return method ? [property, { forName: nameOf(property['key']) }] : [property];
  });
}

function unwrapped(value: unknown): Node | undefined {
  if (!isNode(value)) return undefined;
  return value.type === 'ParenthesisExpression' ? unwrapped(value['expression']) : value;
}

/** The word in `….kind === 'word'`. */
function kindAsked(test: unknown): string | undefined {
  const { type, operator, left, right } = test as Record<string, unknown>;
  if (type !== 'BinaryExpression' || operator !== '===' || !isNode(left) || !isNode(right)) return undefined;
  const ofKind = left.type === 'MemberExpression' && nameOf(left['property']) === 'kind';
  return ofKind && right.type === 'StringLiteral' ? nameOf(right) : undefined;
}

function children(node: Node): Part[] {
  const fields = Object.entries(node).filter(([name]) => !isNameOnly(node, name));
  return fields.flatMap(([, value]) => childrenOf(value));
}

function childrenOf(value: unknown): Part[] {
  if (Array.isArray(value)) return value.flatMap(childrenOf);
  if (isNode(value)) return [[value]];
  // Arguments, parameters and declarations are nodes in a wrapper without a type.
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((inner) => (typeof inner === 'object' ? childrenOf(inner) : []));
}

/** Names of properties are not references to what has that name here. */
function isNameOnly(node: Node, field: string): boolean {
  const computed = isNode(node[field]) && node[field].type === 'Computed';
  if (field === 'property') return node.type === 'MemberExpression' && !computed;
  return field === 'key' && node.type !== 'AssignmentPatternProperty' && !computed;
}

function propertiesNamed(node: Node): string[] {
  if (node.type === 'MemberExpression') return [nameOf(node['property'])];
  if (node.type === 'KeyValuePatternProperty' || node.type === 'AssignmentPatternProperty')
    return [nameOf(node['key'])];
  return [];
}

/** `import('./one-of-ours.ts')` */
function importedBy(node: Node, path: string): string | undefined {
  const { callee, arguments: given } = node as Node & { arguments?: { expression: Node }[] };
  if (node.type !== 'CallExpression' || !isNode(callee) || callee.type !== 'Import') return undefined;
  const from = nameOf(given?.[0]?.expression);
  return from.startsWith('.') ? join(dirname(path), from) : undefined;
}

function statementOf(node: Node): string | undefined {
  if (node.type !== 'TemplateLiteral') return undefined;
  const [first] = node['quasis'] as { cooked?: string }[];
  return /^(INSERT|UPDATE|DELETE|SELECT) /.exec(first?.cooked ?? '')?.[1];
}

/** `….query({ index: 'due', … })` */
function queryOf(node: Node): string | undefined {
  const { callee, arguments: given } = node as Node & {
    callee?: unknown;
    arguments?: { expression: Node }[];
  };
  if (
    node.type !== 'CallExpression' ||
    !isNode(callee) ||
    !['query', 'countItems'].includes(nameOf(callee['property'] ?? {}))
  )
    return undefined;
  const properties = (given?.[0]?.expression['properties'] ?? []) as Node[];
  const index = properties.find((property) => nameOf(property['key'] ?? {}) === 'index');
  return index === undefined ? 'table' : nameOf(index['value']);
}
