/** One command as a process: its streams, its signals and its exit code. */
import { output, type Streams } from './output.ts';
import type { Asked } from './parse.ts';
import { EXIT_CODES, stoppedBy } from './stopped.ts';

/** A second Ctrl-C after this time ends a command that does not end by itself. */
const PATIENCE_MS = 1000;

/** @param parse reads the command line; `helpWidth` is in characters @throws Stopped for wrong usage */
export async function runProcess(parse: (helpWidth: number) => Promise<Asked>): Promise<void> {
  // The reader of the output may close it early, as `head` does; the command finishes its work.
  process.stdout.on('error', () => undefined);
  const streams = streamsOf(process.env);
  const interrupt = interrupted();
  try {
    process.exitCode = await runIn(parse, streams, interrupt);
  } catch (error) {
    const { kind, message } = stoppedBy(error);
    output(streams, false).warn(message);
    process.exitCode = EXIT_CODES[interrupt.aborted ? 'interrupted' : kind];
  }
}

async function runIn(
  parse: (helpWidth: number) => Promise<Asked>,
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  const asked = await parse(Math.min(streams.width, MAX_HELP_WIDTH));
  if (asked.kind === 'help') {
    streams.out(asked.text);
    return EXIT_CODES.done;
  }
  if (asked.kind === 'pass') return asked.to.start(asked.args);
  const context = { output: output(streams, asked.json), environment: process.env, signal };
  return EXIT_CODES[await asked.verb.run(asked.given, context)];
}

const MAX_HELP_WIDTH = 120;

function streamsOf(environment: NodeJS.ProcessEnv): Streams {
  const { stdout, stderr } = process;
  const given = Number(environment['COLUMNS']);
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    width: stdout.columns ?? (given > 0 ? given : Number.POSITIVE_INFINITY),
    // Node's own reading of NO_COLOR, FORCE_COLOR and TERM.
    colour: stdout.isTTY && stdout.hasColors(),
  };
}

function interrupted(): AbortSignal {
  const ending = new AbortController();
  let firstAtMs = Number.POSITIVE_INFINITY;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      const nowMs = performance.now();
      if (nowMs - firstAtMs > PATIENCE_MS) process.exit(EXIT_CODES.interrupted);
      firstAtMs = Math.min(firstAtMs, nowMs);
      ending.abort();
    });
  return ending.signal;
}
