/** The kept part of an answer: a few headers, and the beginning of the body as it was transferred. */
import type { IncomingMessage } from 'node:http';
import type { Try } from '../../domain/webhook/delivery.ts';

export type Kept = Pick<Try, 'headers' | 'body' | 'binary' | 'cut'>;

export const MAX_KEPT_BYTES = 16_384;
/** The headers that explain an answer. Others are not kept. */
const KEPT_HEADERS = [
  ...['content-type', 'content-length', 'content-encoding', 'date'],
  ...['retry-after', 'server', 'via', 'x-request-id'],
];
const MAX_HEADER_CHARACTERS = 256;

/**
 * Never fails: the head has decided. Nothing is decompressed, so a small answer cannot become a large one, and
 * nothing is read beyond the kept part.
 */
export function kept(response: IncomingMessage): Promise<Kept> {
  return new Promise((done) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (cut?: Kept['cut']) => {
      const all = Buffer.concat(chunks).subarray(0, MAX_KEPT_BYTES);
      done({ ...headersOf(response), ...textOf(all), ...(cut === undefined ? {} : { cut }) });
    };
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= MAX_KEPT_BYTES) return;
      finish('truncated');
      response.destroy();
    });
    response.on('end', () => finish());
    for (const event of ['aborted', 'error', 'close']) response.on(event, () => finish('partial'));
  });
}

function headersOf({ headers }: IncomingMessage): Pick<Kept, 'headers'> {
  const found = KEPT_HEADERS.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, String(value).slice(0, MAX_HEADER_CHARACTERS)] as const];
  });
  const host = URL.parse(headers.location ?? '')?.host;
  // The target of a redirect, for the person who set it up; it is never followed.
  if (host !== undefined) found.push(['location-host', host.slice(0, MAX_HEADER_CHARACTERS)]);
  return found.length === 0 ? {} : { headers: Object.fromEntries(found) };
}

/** The cut may have halved the last character; the rest is still text. */
function textOf(bytes: Buffer): Pick<Kept, 'body' | 'binary'> {
  if (bytes.length === 0) return {};
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let less = 0; less < 4; less++) {
    try {
      const body = decoder.decode(bytes.subarray(0, bytes.length - less));
      // DynamoDB accepts any character, a terminal does not: the command line shows control characters escaped.
      return { body };
    } catch {
      // Perhaps only the last character is cut.
    }
  }
  return { body: bytes.toString('base64'), binary: true };
}
