/** Reads a whole object into memory, up to a limit: its tenant decides how long it is. */

/** @throws what `tooLarge` makes, as soon as there is one byte too many */
export async function readAtMost(
  source: AsyncIterable<Uint8Array | string>,
  maxBytes: number,
  tooLarge: () => Error,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    const next =
      typeof chunk === 'string'
        ? Buffer.from(chunk)
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    bytes += next.length;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(next);
  }
  return Buffer.concat(chunks, bytes);
}
