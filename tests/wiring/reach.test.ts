/** How rights are read from sources: no more than what a program reaches, and all of that. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { reachedFrom } from './reach.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-reach-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const SDK =
  "import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';";
const STORE = `${SDK}
export interface Store { post(): void; drop(): void }
export function store(client: { send(command: unknown): void }) {
  return {
    post: () => client.send(new SendMessageCommand({})),
    drop() { client.send(new DeleteMessageCommand({})); },
  };
}
export const receive = (client) => client.send(new ReceiveMessageCommand({}));
`;

/** @param main what the entry does with `./store.ts` */
function commandsOf(main: string, store = STORE): string[] {
  writeFileSync(join(folder, 'store.ts'), store);
  writeFileSync(join(folder, 'main.ts'), main);
  return [...reachedFrom(join(folder, 'main.ts')).commands].map((command) =>
    command.replace(/.*\/|Command/g, ''),
  );
}

it.each([
  ['a method that is called', "import { store } from './store.ts'; store(c).post();", ['SendMessage']],
  [
    'a method that is taken out of the object',
    "import { store } from './store.ts'; const { drop: r } = store(c); r();",
    ['DeleteMessage'],
  ],
  [
    'a method that is called by another module',
    "import { store as s } from './store.ts'; import './other.ts'; s(c)?.drop();",
    ['DeleteMessage'],
  ],
  [
    'a function that is named, not called',
    "import { receive } from './store.ts'; all.map(receive);",
    ['ReceiveMessage'],
  ],
  [
    'a value of which something is said',
    "import { receive } from './store.ts'; go([receive] as const);",
    ['ReceiveMessage'],
  ],
  [
    'a value that is said to be there',
    "import { receive } from './store.ts'; go((receive satisfies F)!);",
    ['ReceiveMessage'],
  ],
  [
    'a function of a module that is imported on demand',
    "const all = await import('./store.ts');",
    ['ReceiveMessage'],
  ],
  [
    'both methods, when both are called',
    "import { store } from './store.ts'; store(c).post(); store(c).drop();",
    ['SendMessage', 'DeleteMessage'],
  ],
])('%s is reached', (_what, main, commands) => {
  writeFileSync(join(folder, 'other.ts'), 'export {};');
  expect(commandsOf(main)).toEqual(commands);
});

it.each([
  ['an import alone', "import { store, receive } from './store.ts';"],
  [
    'a type alone',
    "import type { Store } from './store.ts'; import { type Store as S } from './store.ts'; let s: Pick<Store, 'post'>;",
  ],
  ['a port of which no method is used', "import { store } from './store.ts'; store(c);"],
  [
    'a method that only an uncalled function names',
    "import { store } from './store.ts'; const s = store(c); function never() { s.post(); }",
  ],
])('%s reaches nothing', (_what, main) => {
  expect(commandsOf(main)).toEqual([]);
});

const KINDS = `${SDK}
export function write(client, what) {
  if (what.kind === 'insert') return client.send(new SendMessageCommand({}));
  return what.kind === 'remove' ? client.send(new DeleteMessageCommand({})) : client.send(new ReceiveMessageCommand({}));
}`;

it.each([
  ["write(c, { kind: 'insert' })", ['ReceiveMessage', 'SendMessage']],
  ["write(c, { kind: a ? 'remove' : 'none' })", ['ReceiveMessage', 'DeleteMessage']],
  ["write(c, x); if (x.kind === 'insert') stop();", ['ReceiveMessage']],
])('a branch for a kind is reached where that kind is made: %s', (main, commands) => {
  expect(commandsOf(`import { write } from './store.ts'; ${main}`, KINDS)).toEqual(commands);
});

it('statements of PartiQL and what is queried are read too', () => {
  const main = "q.query({ index: 'due' }); q.query({ condition: 'x' }); const s = `UPDATE rows SET a = ?`;";
  writeFileSync(join(folder, 'main.ts'), main);
  const { statements, queries } = reachedFrom(join(folder, 'main.ts'));
  expect({ statements: [...statements], queries: [...queries] }).toEqual({
    statements: ['UPDATE'],
    queries: ['due', 'table'],
  });
});
