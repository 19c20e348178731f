/** From bytes to text: decoded by byte order mark or by name, with `\n` as the only line end. Refuses what is not text. */
import { NeverAgain } from '../../work.ts';

const HEAD_BYTES = 512;

/** The first bytes of files that are often named .csv and are not. Texts that a header could begin with are not here. */
const SIGNATURES: readonly (readonly [bytes: string, name: string])[] = [
  ['\x1f\x8b', 'a gzip archive'],
  ['PK\x03\x04', 'a ZIP archive, as .xlsx files are'],
  ['\xd0\xcf\x11\xe0', 'a workbook of an old Excel'],
  ['%PDF-', 'a PDF'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard archive'],
  ['\xfd7zXZ\x00', 'an xz archive'],
  ['SQLite format 3\x00', 'a SQLite database'],
  ['PAR1\x15', 'a Parquet file'],
  ['ARROW1\x00', 'an Arrow file'],
  ['Obj\x01', 'an Avro file'],
  ['\x89PNG', 'a PNG'],
  ['\xff\xd8\xff', 'a JPEG'],
];

/** UTF-32 begins like UTF-16 and is not decoded, so it comes first. */
const BYTE_ORDER_MARKS: readonly (readonly [bytes: string, encoding: string])[] = [
  ['\xff\xfe\x00\x00', 'utf-32'],
  ['\xef\xbb\xbf', 'utf-8'],
  ['\xff\xfe', 'utf-16le'],
  ['\xfe\xff', 'utf-16be'],
];

export interface Text {
  /** The name in the Encoding Standard. */
  readonly encoding: string;
  /** Each piece is some part of the text. */
  readonly pieces: AsyncIterable<string>;
}

/**
 * @param asked the encoding of a file without a byte order mark; UTF-8 if absent
 * @throws NeverAgain when the file is empty or of another format; `pieces` does when a byte is not of the encoding
 */
export async function openText(
  source: AsyncIterable<Uint8Array | string>,
  asked: string | undefined,
): Promise<Text> {
  const chunks = source[Symbol.asyncIterator]();
  const head = await headOf(chunks);
  const start = head.toString('latin1', 0, HEAD_BYTES);
  const signature = SIGNATURES.find(([bytes]) => start.startsWith(bytes));
  if (signature !== undefined) throw refusal(`The file is ${signature[1]} by its first bytes, not CSV text.`);
  const mark = BYTE_ORDER_MARKS.find(([bytes]) => start.startsWith(bytes))?.[1];
  if (mark === 'utf-32')
    throw refusal('The file is UTF-32 by its byte order mark; expected UTF-8 or UTF-16.');
  const decoder = new TextDecoder(mark ?? asked ?? 'utf-8', { fatal: true });
  return { encoding: decoder.encoding, pieces: decoded(head, chunks, decoder) };
}

async function headOf(chunks: AsyncIterator<Uint8Array | string>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < HEAD_BYTES) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    head = Buffer.concat([head, Buffer.from(value)]);
  }
  return head;
}

async function* decoded(
  head: Buffer,
  chunks: AsyncIterator<Uint8Array | string>,
  strict: InstanceType<typeof TextDecoder>,
): AsyncGenerator<string> {
  // The strict decoder does not say where it failed; this one puts a mark there.
  const marking = new TextDecoder(strict.encoding);
  /** A carriage return at the end of a piece, until it is known whether a line feed follows. */
  let held = '';
  let newlines = 0;
  const lineAt = (text: string, index: number) => newlines + newlinesIn(unixLines(text.slice(0, index))) + 1;

  const decode = (bytes: Uint8Array, isLast: boolean): string => {
    const stream = !isLast;
    const marked = held + marking.decode(bytes, { stream });
    let text: string;
    try {
      text = held + strict.decode(bytes, { stream });
    } catch {
      throw refusal(invalidSentence(lineAt(marked, marked.indexOf('\ufffd')), strict.encoding));
    }
    const nul = text.indexOf('\0');
    if (nul >= 0) throw refusal(nulSentence(lineAt(text, nul)));
    held = stream && text.endsWith('\r') ? '\r' : '';
    const lines = unixLines(text.slice(0, text.length - held.length));
    newlines += newlinesIn(lines);
    return lines;
  };

  yield decode(head, false);
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next())
    yield decode(Buffer.from(next.value), false);
  yield decode(new Uint8Array(), true);
}

const unixLines = (text: string) => text.replaceAll(/\r\n?/g, '\n');

function newlinesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function nulSentence(line: number): string {
  return `Line ${line} has a NUL character. If the file is UTF-16 without a byte order mark, set "encoding" to "utf-16le" or "utf-16be"; other text has none.`;
}

function invalidSentence(line: number, encoding: string): string {
  return `Line ${line} has bytes that are not ${encoding}. If the file has another encoding, set "encoding", to "windows-1252" for example.`;
}

function refusal(sentence: string): NeverAgain {
  return new NeverAgain('input_rejected', sentence);
}
