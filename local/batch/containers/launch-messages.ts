/** What this program and the process that starts its containers say to each other. */

export interface ContainerSpec {
  readonly command: readonly string[];
  /** The folder that stands for the image. The container gets a copy of its own, or a view if it may not write. Absent: empty. */
  readonly image: string | undefined;
  readonly readOnly: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** What it may hold before it is killed; Infinity for no limit. */
  readonly memoryBytes: number;
  /** The command is that of an engine, which keeps the container of this name until it is removed. */
  readonly engine?: { readonly program: string; readonly name: string };
}

export type ContainerEnd =
  | { readonly kind: 'exited'; readonly exitCode: number; readonly outOfMemory?: boolean }
  | { readonly kind: 'not_started'; readonly message: string };

export interface ContainerProcess {
  readonly pid: number;
  readonly processStart: string | undefined;
}

export type OutputSource = 'stdout' | 'stderr';

export type ToLauncher =
  | ({ readonly kind: 'run'; readonly id: number } & ContainerSpec)
  /** The process is on record: a later run of this program would find and end it. */
  | { readonly kind: 'recorded'; readonly id: number };

export type FromLauncher =
  | ({ readonly kind: 'started'; readonly id: number } & ContainerProcess)
  | {
      readonly kind: 'output';
      readonly id: number;
      readonly source: OutputSource;
      readonly chunk: Uint8Array;
    }
  | { readonly kind: 'ended'; readonly id: number; readonly end: ContainerEnd };
