/** Our own modules as syntax trees, with what each imports and what it defines. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from '@swc/core';

/** A node of swc's tree; what is read of one is asked for by name. */
export interface Node {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface Source {
  readonly path: string;
  /** By the name it has here: where it comes from, and its name there. */
  readonly imports: ReadonlyMap<string, { readonly from: string; readonly name: string }>;
  /** Functions of the module, which do nothing until they are named. */
  readonly functions: ReadonlyMap<string, Node>;
  /** What runs when the module is imported. */
  readonly statements: readonly Node[];
}

export function readSource(path: string): Source {
  if (path.endsWith('.json')) return { path, imports: new Map(), functions: new Map(), statements: [] };
  const { body } = parseSync(readFileSync(path, 'utf8'), { syntax: 'typescript', target: 'es2022' });
  const imports = new Map<string, { from: string; name: string }>();
  const functions = new Map<string, Node>();
  const statements: Node[] = [];
  for (const item of body as unknown as Node[]) {
    // swc's own types name every node; here a node is whatever has a type
    if (item.type === 'ImportDeclaration') readImport(path, item, imports);
    else if (/^Export(Named|All|Default)/.test(item.type) && item['typeOnly'] !== true)
      throw new Error(`${path} exports in a way that is not followed here: declare what is exported`);
    else {
      const declared = item.type === 'ExportDeclaration' ? (item['declaration'] as Node) : item;
      const found = functionsOf(declared);
      for (const [name, node] of found) functions.set(name, node);
      if (found.length === 0) statements.push(declared);
    }
  }
  return { path, imports, functions, statements };
}

function readImport(path: string, item: Node, imports: Map<string, { from: string; name: string }>): void {
  if (item['typeOnly'] === true) return;
  const { value: text } = item['source'] as { value: string };
  const from = text.startsWith('.') ? join(dirname(path), text) : text;
  if (text.startsWith('.') && !existsSync(from))
    throw new Error(`${path} imports ${text}, which is not there`);
  for (const specifier of item['specifiers'] as Node[]) {
    if (specifier['isTypeOnly'] === true) continue;
    if (specifier.type === 'ImportNamespaceSpecifier' && text.startsWith('.'))
      throw new Error(`${path} imports all of ${text}, which is not followed here: name what is used`);
    const local = nameOf(specifier['local']);
    imports.set(local, { from, name: nameOf(specifier['imported'] ?? specifier['local']) });
  }
}

/** `function f` and `const f = () => …`, a declaration of nothing else. */
function functionsOf(declared: Node): [string, Node][] {
  if (declared.type === 'FunctionDeclaration') return [[nameOf(declared['identifier']), declared]];
  if (declared.type !== 'VariableDeclaration') return [];
  const each = declared['declarations'] as { id: Node; init: Node | null }[];
  const found = each.flatMap(({ id, init }): [string, Node][] =>
    init !== null && isFunction(init) ? [[nameOf(id), init]] : [],
  );
  return found.length === each.length ? found : [];
}

export function isFunction({ type }: Node): boolean {
  return ['ArrowFunctionExpression', 'FunctionExpression', 'MethodProperty'].includes(type);
}

/** The text of an identifier or of a string. */
export function nameOf(node: unknown): string {
  return String((node as { value?: unknown }).value ?? '');
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
