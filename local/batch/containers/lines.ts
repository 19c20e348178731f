/** What a process writes, line by line, as the awslogs driver hands it to CloudWatch Logs. */
import { StringDecoder } from 'node:string_decoder';
import type { OutputSource } from './launch-messages.ts';

/** CloudWatch Logs takes events of up to 256 KiB, of which 26 bytes are its own. */
const MAX_LINE_LENGTH = 256 * 1024 - 26;

/** @param emit called for each line, without its end; for an empty one never, as there are no empty log events */
export function createLines(emit: (line: string) => void) {
  const sources = { stdout: openSource(), stderr: openSource() };

  function take(source: { rest: string }, text: string): void {
    const lines = (source.rest + text).split('\n');
    source.rest = lines.pop() ?? '';
    for (const line of lines) emitInParts(line);
    while (source.rest.length > MAX_LINE_LENGTH) {
      emit(source.rest.slice(0, MAX_LINE_LENGTH));
      source.rest = source.rest.slice(MAX_LINE_LENGTH);
    }
  }

  function emitInParts(line: string): void {
    for (let from = 0; from < line.length; from += MAX_LINE_LENGTH) {
      emit(line.slice(from, from + MAX_LINE_LENGTH));
    }
  }

  return {
    add: (source: OutputSource, chunk: Buffer) => take(sources[source], sources[source].decoder.write(chunk)),
    /** Whatever came without an end of line is a line too. */
    end(): void {
      for (const source of [sources.stdout, sources.stderr]) take(source, `${source.decoder.end()}\n`);
    },
  };
}

function openSource() {
  return { decoder: new StringDecoder('utf8'), rest: '' };
}
