/** The messages between this program and the process that starts its containers. */

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
  /** The process is on record: a later run of this program would find and end it. */
  | { readonly kind: 'recorded'; readonly id: number };

export type FromLauncher =
  | ({ readonly kind: 'started'; readonly id: number } & ContainerProcess)
  | { readonly kind: 'output'; readonly id: number; readonly chunk: Uint8Array }
  | { readonly kind: 'ended'; readonly id: number; readonly end: ContainerEnd };
