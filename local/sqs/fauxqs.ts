/**
 * fauxqs (SQS and S3), opened as its own `startFauxqs` does, but without the listener on 0.0.0.0. Its exports map
 * hides the stores, hence the deep imports of a package that is pinned to the exact version.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buildApp } from 'fauxqs';
import type { SqsQueue, SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { guard } from '../s3/guard.ts';
import { makeFair } from './fair-queues/fair-queue.ts';
import { deadLettersFrom, type MessageNotes, openMessageNotes } from './message-notes.ts';
import { createMoveTasks, type MoveTasks } from './move-tasks.ts';
import { createRecent, type Recent } from './recent.ts';
import { createWaitTimer } from './wait-timer.ts';

const part = (path: string) => import(new URL(path, import.meta.resolve('fauxqs')).href);

const sqs: typeof import('../../node_modules/fauxqs/dist/sqs/sqsStore.js') = await part('./sqs/sqsStore.js');
const { SnsStore }: typeof import('../../node_modules/fauxqs/dist/sns/snsStore.js') =
  await part('./sns/snsStore.js');
const { S3Store }: typeof import('../../node_modules/fauxqs/dist/s3/s3Store.js') =
  await part('./s3/s3Store.js');
const { PersistenceManager }: typeof import('../../node_modules/fauxqs/dist/persistence.js') =
  await part('./persistence.js');

/** Each action is synchronous except ReceiveMessage, which may wait for a message. */
type SqsAction = (body: Record<string, unknown>, store: SqsStore, request: SqsCaller) => unknown;
interface SqsCaller {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const ACTIONS = [
  'ChangeMessageVisibility',
  'ChangeMessageVisibilityBatch',
  'CreateQueue',
  'DeleteMessage',
  'DeleteMessageBatch',
  'DeleteQueue',
  'GetQueueAttributes',
  'GetQueueUrl',
  'ListQueueTags',
  'ListQueues',
  'PurgeQueue',
  'ReceiveMessage',
  'SendMessage',
  'SendMessageBatch',
  'SetQueueAttributes',
  'TagQueue',
  'UntagQueue',
];

/** fauxqs's own actions by the name the API calls them. */
export const sqsActions: ReadonlyMap<string, SqsAction> = new Map(
  await Promise.all(
    ACTIONS.map(async (name): Promise<[string, SqsAction]> => {
      const fileName = name.charAt(0).toLowerCase() + name.slice(1);
      const module = await part(`./sqs/actions/${fileName}.js`);
      return [name, module[fileName]];
    }),
  ),
);

export const { createMessage, contentBasedDeduplicationId } = sqs.SqsStore;

export interface Fauxqs {
  readonly queues: SqsStore;
  readonly notes: MessageNotes;
  readonly recent: Recent;
  readonly moveTasks: MoveTasks;
  /** S3, and STS: GetCallerIdentity and AssumeRole. */
  serve(request: IncomingMessage, response: ServerResponse): void;
  /** Runs synchronous work as one transaction of the database on disk; in memory no transaction is needed. */
  atomically<T>(work: () => T): T;
  /** Queue URLs of an earlier run carry that run's port. */
  moveQueues(endpoint: string): void;
  close(): Promise<void>;
}

/**
 * @param directory the folder of `fauxqs.db`; absent = memory
 * @param random of `[0, 1)`; decides in which order messages of standard queues overtake each other
 */
export async function openFauxqs(directory?: string, random = Math.random): Promise<Fauxqs> {
  const persistence = directory === undefined ? undefined : openPersistence(directory);
  const atomically = persistence === undefined ? <T>(work: () => T) => work() : transactions(persistence);
  const notes = openMessageNotes(persistence?.['db']);
  const queues = new (storeWith(atomically, notes, random))();
  // With an empty host fauxqs builds QueueUrls from the request's Host header; its default is
  // sqs.<region>.localhost, a name that does not resolve and that the SDKs would call instead of the endpoint.
  queues.host = '';
  const [topics, objects] = [new SnsStore(), new S3Store()];
  if (persistence !== undefined) {
    // Loading with persistence already set would re-insert each queue, and the foreign key then drops its messages.
    persistence.load(queues, topics, objects);
    queues.persistence = persistence;
    objects.persistence = persistence;
    for (const queue of queues.allQueues()) {
      queue.persistence = persistence;
      const { ready, delayed } = queue.inspectMessages();
      notes.readFor([...ready, ...delayed]);
    }
  }
  const app = buildApp({ logger: false, stores: { sqsStore: queues, snsStore: topics, s3Store: objects } });
  guard(app, objects);
  await app.ready();
  const moveTasks = createMoveTasks({ queues, notes, atomically });
  return {
    queues,
    notes,
    recent: createRecent(),
    moveTasks,
    serve: (request, response) => app.routing(request, response),
    atomically,
    moveQueues: (endpoint) => moveQueues(queues, endpoint),
    close: async () => {
      moveTasks.close();
      await app.close();
      persistence?.close();
    },
  };
}

type Persistence = InstanceType<typeof PersistenceManager>;

function openPersistence(directory: string): Persistence {
  const persistence = new PersistenceManager(directory);
  const database = persistence['db'];
  // In WAL mode NORMAL loses nothing when the process dies, only when the machine does; it doubles the queues' speed.
  database.exec('PRAGMA synchronous = NORMAL');
  // The receivers of messages in flight died with the earlier process; to wait for the visibility timeout would look
  // like a hang.
  const makeReady = 'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL';
  database.exec(makeReady);
  const ready = database.prepare(`${makeReady} WHERE message_id = ?`);
  // fauxqs 2.4.1 also writes NULL into the NOT NULL receive count, which fails every ChangeMessageVisibility to 0
  // on disk and hides the message until the next start.
  persistence.updateMessageReady = (messageId) => void ready.run(messageId);
  return persistence;
}

function transactions(persistence: Persistence): Fauxqs['atomically'] {
  return (work) => {
    const done: { value?: ReturnType<typeof work> } = {};
    persistence['transaction'](() => {
      done.value = work();
    });
    // `work` has run here: if it had thrown, the transaction would have thrown, too.
    return done.value as ReturnType<typeof work>;
  };
}

/** A receive may move messages to the dead-letter queue: deleted there, inserted here, in one transaction or not at all. */
function storeWith(
  atomically: Fauxqs['atomically'],
  notes: MessageNotes,
  random: () => number,
): typeof SqsStore {
  const timer = createWaitTimer();
  return class extends sqs.SqsStore {
    override createQueue(...queue: Parameters<SqsStore['createQueue']>): SqsQueue {
      const created = super.createQueue(...queue);
      if (!created.isFifo()) makeFair(created, random);
      timer.share(created);
      const dequeue = created.dequeue.bind(created);
      created.dequeue = (most, visibilitySeconds, queueOf) =>
        atomically(() =>
          dequeue(most, visibilitySeconds, (arn) => {
            const deadLetters = queueOf?.(arn);
            return deadLetters && deadLettersFrom(created.arn, deadLetters, notes);
          }),
        );
      return created;
    }
  };
}

function moveQueues(store: SqsStore, endpoint: string): void {
  const byUrl = store['queues'];
  for (const queue of [...byUrl.values()]) {
    byUrl.delete(queue.url);
    // `url` is readonly to TypeScript alone.
    Object.assign(queue, { url: new URL(new URL(queue.url).pathname, endpoint).href });
    byUrl.set(queue.url, queue);
  }
}
