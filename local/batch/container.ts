import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { waitAtMost } from './bounded.ts';
import { processStart, signalGroup } from './process-identity.ts';

const MAX_OUTPUT_BYTES = 64 * 1024;
/** A process that left the group can keep the pipes open for as long as it likes. */
const DRAIN_LIMIT_MS = 2_000;

export interface ContainerSpec {
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

export type ContainerEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'not_started'; readonly message: string };

/**
 * One try's process, in a group of its own: like a container, whatever it spawned ends with it.
 */
export class RunningContainer {
  readonly pid: number | undefined;
  readonly processStart: string | undefined;
  readonly ended: Promise<ContainerEnd>;
  readonly #output = new Tail();
  #killTimer: NodeJS.Timeout | undefined;

  constructor(spec: ContainerSpec) {
    const child = startProcess(spec);
    if (child instanceof Error) {
      this.ended = Promise.resolve({ kind: 'not_started', message: child.message });
      return;
    }
    this.pid = child.pid;
    this.processStart = child.pid === undefined ? undefined : processStart(child.pid);
    child.stdout?.on('data', (chunk) => this.#output.add(chunk));
    child.stderr?.on('data', (chunk) => this.#output.add(chunk));
    this.ended = this.#end(child);
  }

  /** The last 64 KiB of what it wrote to either stream. */
  output(): string {
    return this.#output.text();
  }

  /** SIGTERM, and SIGKILL for what is left after the grace, as ECS stops a task. */
  stop(graceSeconds: number): void {
    if (this.pid === undefined || this.#killTimer) return;
    signalGroup(this.pid, 'SIGTERM');
    this.#killTimer = setTimeout(() => this.kill(), graceSeconds * 1000).unref();
  }

  kill(): void {
    if (this.pid !== undefined) signalGroup(this.pid, 'SIGKILL');
  }

  async #end(child: ChildProcess): Promise<ContainerEnd> {
    const closed = new Promise((resolve) => child.once('close', resolve));
    let end: ContainerEnd;
    try {
      const [code, signal] = await once(child, 'exit');
      end = { kind: 'exited', exitCode: exitCodeOf(code, signal) };
    } catch (error) {
      return { kind: 'not_started', message: messageOf(error) };
    } finally {
      clearTimeout(this.#killTimer);
    }
    this.kill();
    await waitAtMost(DRAIN_LIMIT_MS, closed);
    child.stdout?.destroy();
    child.stderr?.destroy();
    return end;
  }
}

function startProcess({ command, directory, environment }: ContainerSpec): ChildProcess | Error {
  const [program, ...args] = command;
  if (program === undefined) return new Error('no command specified');
  try {
    return spawn(program, args, {
      cwd: directory,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    return new Error(messageOf(error));
  }
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
