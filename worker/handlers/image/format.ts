/** What an object is by its first bytes: a picture that can be scaled, or what to call it when it is refused. */

export type Format =
  | { readonly kind: 'picture'; readonly name: string }
  | { readonly kind: 'other'; readonly name: string };

/** In the order of how often people have them. */
export const PICTURES = ['JPEG', 'PNG', 'WebP', 'GIF', 'TIFF', 'AVIF'] as const;

/** A dot is any byte. */
const SIGNATURES: readonly (readonly [bytes: string, name: string])[] = [
  ['\xff\xd8\xff', 'JPEG'],
  ['\x89PNG\r\n\x1a\n', 'PNG'],
  ['RIFF....WEBP', 'WebP'],
  ['GIF8', 'GIF'],
  ['II*\x00....CR', 'a raw picture of a camera'],
  ['II*\x00', 'TIFF'],
  ['MM\x00*', 'TIFF'],
  ['II+\x00', 'TIFF'],
  ['MM\x00+', 'TIFF'],
  ['BM....\x00\x00\x00\x00', 'a BMP picture'],
  ['8BPS', 'a Photoshop document'],
  ['\x00\x00\x01\x00', 'an icon (ICO)'],
  ['\xff\x0a', 'a JPEG XL picture'],
  ['\x00\x00\x00\x0cJXL ', 'a JPEG XL picture'],
  ['\x00\x00\x00\x0cjP  ', 'a JPEG 2000 picture'],
  ['%PDF-', 'a PDF'],
  ['%!PS', 'PostScript'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['RIFF....AVI ', 'a video'],
  ['\x1aE\xdf\xa3', 'a video'],
];
const MARKUP = /^(?:\xef\xbb\xbf)?\s*</;
const SVG = /<svg[\s>]/i;
const HEAD_BYTES = 1024;

export function formatOf(object: Uint8Array): Format {
  const head = Buffer.from(object.buffer, object.byteOffset, Math.min(object.length, HEAD_BYTES)).toString(
    'latin1',
  );
  const name = bySignature(head) ?? byBrand(head) ?? byText(head) ?? 'of no known format';
  return { kind: PICTURES.some((known) => known === name) ? 'picture' : 'other', name };
}

function bySignature(head: string): string | undefined {
  const matches = (bytes: string) => [...bytes].every((byte, i) => byte === '.' || byte === head[i]);
  return SIGNATURES.find(([bytes]) => matches(bytes))?.[1];
}

/** Pictures of phones and videos share a container: four bytes of length, `ftyp`, and the brands that can read it. */
function byBrand(head: string): string | undefined {
  if (head.slice(4, 8) !== 'ftyp') return undefined;
  const brands = head.slice(8, Math.min(head.charCodeAt(2) * 256 + head.charCodeAt(3), HEAD_BYTES));
  if (/avi[fs]/.test(brands)) return 'AVIF';
  if (/hei[cxms]|hev[cxms]|mif1|msf1/.test(brands)) return 'a HEIC picture';
  return brands.startsWith('crx ') ? 'a raw picture of a camera' : 'a video';
}

function byText(head: string): string | undefined {
  if (!MARKUP.test(head)) return undefined;
  return SVG.test(head) ? 'an SVG drawing' : 'HTML or XML, maybe an error page of a web server';
}

/**
 * How many frames a PNG has: the image library reads the first and does not tell. Their count is in a chunk `acTL` before
 * the pixels.
 * @see https://www.w3.org/TR/png-3/#acTL-chunk
 */
export function framesOfPng(object: Buffer): number {
  const control = object.indexOf('acTL', 8, 'latin1');
  const isBeforePixels = control > 0 && control < object.indexOf('IDAT', 8, 'latin1');
  return isBeforePixels && control + 8 <= object.length ? object.readUInt32BE(control + 4) : 1;
}
