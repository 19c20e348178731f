/**
 * DynamoDB, by dynalite's store and actions without its HTTP server. That server does not close its database when it
 * does not listen itself, and it throws an uncaught error when a client closes the connection during a request.
 */
import { createRequire } from 'node:module';
import * as z from 'zod';
import { ApiError, type ApiRequest, type ApiResponse } from '../aws.ts';
import { type IndexStore, meterIndexes } from './capacity.ts';
import { batchExecuteStatement } from './partiql.ts';

const require = createRequire(import.meta.url);

/** The used part of dynalite's private modules, which have no types. */
interface Store extends IndexStore {
  readonly lifecycleManager: { gracefulClose(): Promise<void> };
}
interface Validations {
  checkTypes(input: object, types: object): object;
  checkValidations(input: object, types: object, custom: unknown, store: Store): void;
}
type Action = (store: Store, input: object, done: (error: unknown, output: unknown) => void) => void;

const createStore: (options: { createTableMs: number; deleteTableMs: number; path?: string }) => Store =
  require('dynalite/db').create;
const validations: Validations = require('dynalite/validations');

const OPERATIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'DescribeTimeToLive',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
];

interface Operation {
  readonly run: Action;
  readonly rules: { readonly types: object; readonly custom: unknown };
}

const operations: ReadonlyMap<string, Operation> = new Map(
  OPERATIONS.map((name): [string, Operation] => {
    const fileName = name.charAt(0).toLowerCase() + name.slice(1);
    return [
      name,
      { run: require(`dynalite/actions/${fileName}`), rules: require(`dynalite/validations/${fileName}`) },
    ];
  }),
);

/** A refusal of dynalite: `__type` is `<namespace>#<name>`. */
const Refusal = z.object({
  statusCode: z.number(),
  body: z.looseObject({ __type: z.string(), message: z.string().optional(), Message: z.string().optional() }),
});

export interface Tables {
  handle(request: ApiRequest): Promise<ApiResponse>;
  close(): Promise<void>;
}

/** @param directory LevelDB's own folder; absent = memory */
export function openTables(directory?: string): Tables {
  const store = createStore({
    createTableMs: 0,
    deleteTableMs: 0,
    ...(directory === undefined ? {} : { path: directory }),
  });
  return {
    handle: async (request) => {
      const name = request.headers['x-amz-target']?.split('.')[1] ?? '';
      const detail = request.body['ReturnConsumedCapacity'];
      if (detail !== 'TOTAL' && detail !== 'INDEXES') {
        return { status: 200, body: await answer(store, name, request.body) };
      }
      const meter = meterIndexes(store);
      return { status: 200, body: meter.addTo(await answer(meter.store, name, request.body), detail) };
    },
    close: () => store.lifecycleManager.gracefulClose(),
  };
}

function answer(store: Store, name: string, body: object): Promise<unknown> {
  if (name === 'BatchExecuteStatement') {
    return batchExecuteStatement((operation, input) => answer(store, operation, input), body);
  }
  const operation = operations.get(name);
  if (operation !== undefined) return run(store, operation, body);
  const names = [...OPERATIONS, 'BatchExecuteStatement'].sort().join(', ');
  throw new ApiError(
    'UnknownOperationException',
    `The embedded DynamoDB does not have ${name || 'a call without X-Amz-Target'}; it has ${names}.`,
  );
}

async function run(store: Store, { run, rules }: Operation, body: object): Promise<unknown> {
  try {
    const input = validations.checkTypes({ ...body }, rules.types);
    validations.checkValidations(input, rules.types, rules.custom, store);
    return await new Promise((resolve, reject) => {
      run(store, input, (error, output) => (error ? reject(error) : resolve(output)));
    });
  } catch (error) {
    const refusal = Refusal.safeParse(error);
    if (!refusal.success) throw error;
    const { __type, message, Message } = refusal.data.body;
    throw new ApiError(__type.split('#').at(-1) ?? __type, message ?? Message ?? '', refusal.data.statusCode);
  }
}
