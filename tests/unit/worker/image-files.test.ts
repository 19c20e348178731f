/** The pictures that people have: what becomes of them, and which sentence refuses what. */
import { crc32 } from 'node:zlib';
import { describe, expect, jest, test } from '@jest/globals';
import sharp, { type Sharp } from 'sharp';
import { jobTypes } from '../../../job-types.ts';
import { imageThumbnails } from '../../../worker/handlers/image-thumbnails.ts';
import { runHandler } from './handler-run.ts';

// Whole pictures are made and scaled, by native threads that share the machine with other tests.
jest.setTimeout(60_000);

interface Result {
  readonly picture: {
    readonly format: string;
    readonly width: number;
    readonly height: number;
    readonly frames: number;
  };
  readonly framesKept: number;
  readonly transparency: string;
  readonly thumbnails: readonly { readonly width: number; readonly height: number }[];
}

async function thumbnailsOf(file: Uint8Array | string, options: Readonly<Record<string, unknown>> = {}) {
  const input = { image: 's3://jobs/tenants/acme/inputs/a', widths: [16], ...options };
  const chunks = [Buffer.from(file)].filter(({ length }) => length > 0);
  return runHandler<Result>(imageThumbnails, jobTypes.get('image.thumbnails'), input, chunks);
}

/** Of the only thumbnail. */
async function decoded(written: ReadonlyMap<string, Uint8Array | string>) {
  const [object] = written.values();
  return sharp(Buffer.from(object ?? ''))
    .raw()
    .toBuffer({ resolveWithObject: true });
}

const RED = { r: 255, g: 0, b: 0 };
const plain = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: RED } });
const clear = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 4, background: { ...RED, alpha: 0 } } });
const noise = (width: number, height: number) =>
  sharp({
    create: {
      width,
      height,
      channels: 3,
      background: RED,
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
    },
  });
const animated = async () => {
  const frames = await Promise.all(
    [plain(40, 30), clear(40, 30), plain(40, 30)].map((frame) => frame.png().toBuffer()),
  );
  return sharp(frames, { join: { animated: true } });
};
const latin1 = (text: string) => Buffer.from(text, 'latin1');
/** A part of a PNG: its length, its type, its data and their checksum. */
function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([latin1(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

describe('a picture is scaled', () => {
  test.each<[string, () => Sharp | Promise<Sharp>, (picture: Sharp) => Sharp, object]>([
    ['JPEG', () => plain(64, 48), (p) => p.jpeg(), { format: 'JPEG', width: 64, height: 48 }],
    ['progressive JPEG', () => noise(64, 48), (p) => p.jpeg({ progressive: true }), { format: 'JPEG' }],
    ['CMYK', () => plain(64, 48), (p) => p.toColourspace('cmyk').jpeg(), { format: 'JPEG' }],
    ['PNG', () => plain(64, 48), (p) => p.png(), { format: 'PNG', frames: 1 }],
    ['PNG of 16 bits', () => plain(64, 48), (p) => p.toColourspace('rgb16').png(), { format: 'PNG' }],
    ['PNG with a palette', () => plain(64, 48), (p) => p.png({ palette: true }), { format: 'PNG' }],
    ['grey PNG', () => plain(64, 48), (p) => p.toColourspace('b-w').png(), { format: 'PNG' }],
    ['WebP', () => plain(64, 48), (p) => p.webp(), { format: 'WebP', frames: 1 }],
    ['GIF', () => plain(64, 48), (p) => p.gif(), { format: 'GIF', frames: 1 }],
    ['TIFF', () => plain(64, 48), (p) => p.tiff(), { format: 'TIFF', frames: 1 }],
    ['AVIF', () => plain(64, 48), (p) => p.avif(), { format: 'AVIF', frames: 1 }],
  ])('%s (M85)', async (_, picture, encode, facts) => {
    const { result } = await thumbnailsOf(await encode(await picture()).toBuffer(), { widths: [32, 16, 32] });
    expect(result).toMatchObject({
      picture: facts,
      thumbnails: [
        { asked: 32, width: 32, height: 24, object: 's3://jobs/results/32.webp' },
        { asked: 16, width: 16, height: 12 },
      ],
    });
  });

  test('to its colours', async () => {
    const file = await plain(64, 48).toColourspace('cmyk').jpeg().toBuffer();
    const { written } = await thumbnailsOf(file, { format: 'png' });
    const { data, info } = await decoded(written);
    expect(info.channels).toBe(3);
    const [red = 0, green = 0, blue = 0] = data;
    expect([red > 200, green < 60, blue < 60]).toEqual([true, true, true]);
  });

  test('never up, and a single pixel stays one', async () => {
    const { result } = await thumbnailsOf(await plain(1, 1).png().toBuffer(), { widths: [16, 320] });
    expect(result.thumbnails).toMatchObject([
      { asked: 16, width: 1, height: 1 },
      { asked: 320, width: 1, height: 1 },
    ]);
  });

  test('as its camera was held (M86)', async () => {
    const file = await plain(64, 32).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const { result } = await thumbnailsOf(file);
    expect(result).toMatchObject({
      picture: { width: 32, height: 64 },
      thumbnails: [{ width: 16, height: 32 }],
    });
  });

  test.each([
    ['png', 'kept', undefined],
    ['webp', 'kept', undefined],
    ['jpeg', 'on white', [255, 255, 255]],
  ])('with its transparency to %s: %s (M86)', async (format, transparency, pixel) => {
    const { result, written } = await thumbnailsOf(await clear(64, 48).png().toBuffer(), { format });
    expect(result.transparency).toBe(transparency);
    const { data, info } = await decoded(written);
    expect(info.channels).toBe(pixel === undefined ? 4 : 3);
    if (pixel !== undefined) expect([...data.subarray(0, 3)]).toEqual(pixel);
  });

  test.each<[string, () => Promise<Buffer>]>([
    ['a GIF', async () => (await animated()).gif().toBuffer()],
    ['a WebP', async () => (await animated()).webp().toBuffer()],
    [
      'a PNG',
      async () => {
        const png = await plain(40, 30).png().toBuffer();
        const control = chunk('acTL', Buffer.from([0, 0, 0, 3, 0, 0, 0, 0]));
        return Buffer.concat([png.subarray(0, 33), control, png.subarray(33)]);
      },
    ],
  ])('to the first frame of %s that is animated, and the result says so (M86)', async (_, file) => {
    const { result } = await thumbnailsOf(await file());
    expect(result).toMatchObject({
      picture: { height: 30, frames: 3 },
      framesKept: 1,
      thumbnails: [{ height: 12 }],
    });
  });
});

describe('an object is refused', () => {
  const all = /expected JPEG, PNG, WebP, GIF, TIFF, AVIF\.$/;
  const brand = (brands: string) => `\0\0\0${String.fromCharCode(8 + brands.length)}ftyp${brands}`;
  test.each<[string, string, RegExp]>([
    ['HEIC', brand('heic\0\0\0\0mif1heic'), /^By its first bytes, the object is a HEIC picture; expected/],
    ['HEIF', brand('mif1\0\0\0\0mif1heic'), /is a HEIC picture/],
    ['MP4', brand('isom\0\0\0\0isommp42'), /is a video/],
    ['BMP', `BM\x36\0\0\0${'\0'.repeat(50)}`, /is a BMP picture/],
    ['SVG', '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', /is an SVG drawing/],
    ['HTML', '<!doctype html><p>404</p>', /is HTML or XML, maybe an error page/],
    ['PDF', '%PDF-1.7', /is a PDF/],
    ['Photoshop', '8BPS\0\x01', /is a Photoshop document/],
    ['an icon', '\0\0\x01\0\x01\0', /is an icon/],
    ['JPEG XL', '\xff\x0a\xfa', /is a JPEG XL picture/],
    ['JPEG 2000', '\0\0\0\x0cjP  \r\n', /is a JPEG 2000 picture/],
    ['a ZIP archive', 'PK\x03\x04', /is a ZIP archive/],
    ['text', 'a,b\n1,2\n', /is of no known format/],
    ['one byte', 'x', /is of no known format/],
  ])('that is %s, by its name and with the formats that are not (M87)', async (_, file, sentence) => {
    await expect(thumbnailsOf(latin1(file))).rejects.toMatchObject({
      code: 'input_rejected',
      message: expect.stringMatching(sentence),
    });
    await expect(thumbnailsOf(latin1(file))).rejects.toThrow(all);
  });

  test('that is empty (M87)', () => expect(thumbnailsOf('')).rejects.toThrow('The object is empty'));

  test.each<[string, () => Sharp]>([
    ['JPEG', () => noise(80, 60).jpeg()],
    ['PNG', () => noise(80, 60).png()],
    ['WebP', () => noise(80, 60).webp()],
    ['GIF', () => noise(80, 60).gif()],
    ['TIFF', () => noise(80, 60).tiff()],
    ['AVIF', () => noise(64, 48).avif()],
  ])('that is a %s and ends early, wherever it ends (M88)', async (name, picture) => {
    const whole = await picture().toBuffer();
    for (const part of [0.02, 0.3, 0.6, 0.9]) {
      await expect(thumbnailsOf(whole.subarray(0, Math.max(12, whole.length * part)))).rejects.toMatchObject({
        code: 'input_rejected',
        message: expect.stringMatching(new RegExp(`^The ${name} .*is damaged: `)),
      });
    }
  });

  test('that has bytes of something else in its middle (M88)', async () => {
    const whole = await noise(640, 480).png().toBuffer();
    await expect(thumbnailsOf(whole.fill(0, 300_000, 305_000))).rejects.toThrow('damaged');
  });

  test('that unpacks to more than 100 megapixels, with how many it has (M89)', async () => {
    const header = latin1('\x89PNG\r\n\x1a\n');
    const size = Buffer.alloc(13);
    size.writeUInt32BE(20_000, 0);
    size.writeUInt32BE(10_000, 4);
    size.set([8, 2], 8);
    const sound = await plain(1, 1).png().toBuffer();
    const bomb = Buffer.concat([header, chunk('IHDR', size), sound.subarray(33)]);
    await expect(thumbnailsOf(bomb)).rejects.toThrow(
      'Expected at most 100000000 pixels, found 20000 × 10000 = 200000000 of them.',
    );
  });

  test.each([
    [
      'webp',
      30_000,
      /At a width of 20 pixels, the picture is 30000 pixels high; webp has room for 16383\. .*"jpeg" or "png"/,
    ],
    ['webp', 70_000, /webp has room for 16383\. Set "format" to "png"/],
    ['jpeg', 70_000, /jpeg has room for 65500\. Set "format" to "png"/],
  ])('that is too high for %s, before anything is written (M89)', async (format, height, sentence) => {
    const strip = await plain(20, height).png().toBuffer();
    await expect(thumbnailsOf(strip, { format, widths: [16, 20] })).rejects.toThrow(sentence);
    const { result } = await thumbnailsOf(strip, { format: 'png', widths: [20] });
    expect(result.thumbnails).toMatchObject([{ width: 20, height }]);
  });
});
