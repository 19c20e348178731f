/**
 * The task metadata endpoint: what a container can ask of itself and of its task.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ContainerFacts {
  readonly Name: string;
  readonly [fact: string]: unknown;
}

export interface TaskFacts {
  readonly TaskARN: string;
  readonly [fact: string]: unknown;
}

interface Subject {
  readonly task: TaskFacts;
  readonly containers: readonly ContainerFacts[];
  readonly container: ContainerFacts;
}

export function createMetadata() {
  const subjects = new Map<string, Subject>();
  const server = createServer(({ url = '' }, response) => {
    const [, version, id = '', what] = url.split('/');
    const subject = version === 'v4' ? subjects.get(id) : undefined;
    const answer = subject && answerTo(what, subject);
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? `not implemented here: ${url}`));
  });
  return {
    async start(): Promise<void> {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      server.unref();
    },
    async close(): Promise<void> {
      if (!server.listening) return;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    /** @returns for each container, by name, its own address; and the way to take all of them back */
    publish(task: TaskFacts, containers: readonly ContainerFacts[]) {
      const ids = containers.map(() => randomBytes(16).toString('hex'));
      // A TCP server that listens has an AddressInfo; the string form is for pipes.
      const { port } = server.address() as AddressInfo;
      for (const [index, container] of containers.entries()) {
        subjects.set(ids[index] ?? '', { task, containers, container });
      }
      return {
        addresses: new Map(
          containers.map(({ Name }, index) => [Name, `http://127.0.0.1:${port}/v4/${ids[index]}`]),
        ),
        withdraw(): void {
          for (const id of ids) subjects.delete(id);
        },
      };
    },
  };
}

function answerTo(what: string | undefined, { task, containers, container }: Subject): unknown {
  if (what === undefined || what === '') return container;
  return what === 'task' ? { ...task, Containers: containers } : undefined;
}
