import { signalGroup } from './process-identity.ts';

const MAX_OUTPUT_BYTES = 64 * 1024;

export interface ContainerSpec {
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

export type ContainerEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'not_started'; readonly message: string };

export interface ContainerProcess {
  readonly pid: number;
  readonly processStart: string | undefined;
}

export type ToLauncher =
  | ({ readonly kind: 'run'; readonly id: number } & ContainerSpec)
  /** The process is on record: whoever comes after a crash will end it. */
  | { readonly kind: 'recorded'; readonly id: number };

export type FromLauncher =
  | ({ readonly kind: 'started'; readonly id: number } & ContainerProcess)
  | { readonly kind: 'output'; readonly id: number; readonly chunk: Uint8Array }
  | { readonly kind: 'ended'; readonly id: number; readonly end: ContainerEnd };

/**
 * One try's process, in a group of its own: like a container, whatever it spawned ends with it. It is started by another
 * process, so it has no number at first.
 */
export class RunningContainer {
  readonly ended: Promise<ContainerEnd>;
  readonly #end = Promise.withResolvers<ContainerEnd>();
  readonly #output = new Tail();
  readonly #onStarted: (process: ContainerProcess) => void;
  #pid: number | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  /** Asked for before there was a process. */
  #whenStarted: () => void = () => undefined;

  constructor(onStarted: (process: ContainerProcess) => void) {
    this.#onStarted = onStarted;
    this.ended = this.#end.promise;
  }

  /** What the launcher says of it. */
  hear(message: FromLauncher): void {
    switch (message.kind) {
      case 'started':
        this.#pid = message.pid;
        this.#onStarted({ pid: message.pid, processStart: message.processStart });
        this.#whenStarted();
        break;
      case 'output':
        this.#output.add(Buffer.from(message.chunk));
        break;
      case 'ended':
        clearTimeout(this.#killTimer);
        this.#end.resolve(message.end);
    }
  }

  /** The last 64 KiB of what it wrote to either stream. */
  output(): string {
    return this.#output.text();
  }

  /** SIGTERM, and SIGKILL for what is left after the grace, as ECS stops a task. */
  stop(graceSeconds: number): void {
    if (this.#pid === undefined) {
      this.#whenStarted = () => this.stop(graceSeconds);
      return;
    }
    if (this.#killTimer) return;
    signalGroup(this.#pid, 'SIGTERM');
    this.#killTimer = setTimeout(() => this.kill(), graceSeconds * 1000).unref();
  }

  kill(): void {
    if (this.#pid === undefined) this.#whenStarted = () => this.kill();
    else signalGroup(this.#pid, 'SIGKILL');
  }
}

class Tail {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > 2 * MAX_OUTPUT_BYTES) this.#chunks = [this.#last()];
  }

  text(): string {
    return this.#last().toString('utf8');
  }

  #last(): Buffer {
    const last = Buffer.concat(this.#chunks).subarray(-MAX_OUTPUT_BYTES);
    this.#bytes = last.length;
    return last;
  }
}
