/** The last part of the output of a process, however long the output is. */

const MAX_BYTES = 64 * 1024;

export function createTail() {
  let chunks: Buffer[] = [];
  let bytes = 0;

  function last(): Buffer {
    const end = Buffer.concat(chunks).subarray(-MAX_BYTES);
    bytes = end.length;
    return end;
  }

  return {
    add(chunk: Buffer): void {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > 2 * MAX_BYTES) chunks = [last()];
    },
    /** The last 64 KiB. */
    text: () => last().toString('utf8'),
  };
}
