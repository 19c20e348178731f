/** image.thumbnails: scales one picture to several widths, never up. */
import sharp from 'sharp';
import type * as z from 'zod';
import type { ImageThumbnailsInput } from '../../job-types.ts';
import { readAtMost } from '../bytes.ts';
import { type Handler, NeverAgain } from '../work.ts';
import { formatOf, framesOfPng, PICTURES } from './image/format.ts';

type Input = z.infer<typeof ImageThumbnailsInput>;

/** The container has 2 GiB, for the file and for its pixels. */
const MAX_BYTES = 128 * 1024 * 1024;
/** A small file can unpack to much more: these take 400 MB, or 800 MB of 16 bits. */
const MAX_PIXELS = 100_000_000;

/** The most pixels on a side that a format has room for. */
const MAX_SIDE = { webp: 16_383, jpeg: 65_500, png: Number.POSITIVE_INFINITY } as const;

export const imageThumbnails: Handler<Input> = async (input, work) => {
  const tooLarge = () => refusal(`Expected a picture of at most ${MAX_BYTES} bytes, found more.`);
  const object = await readAtMost(await work.objects.read(input.image), MAX_BYTES, tooLarge);
  const picture = await inspected(object);
  const widths = [...new Set(input.widths)];
  refuseTooHigh(picture, Math.max(...widths), input.format);
  const thumbnails = [];
  for (const width of widths) {
    work.signal.throwIfAborted();
    const { data, info } = await scaled(object, picture, width, input.format);
    const { uri, bytes } = await work.write(`${width}.${input.format}`, data, `image/${input.format}`);
    thumbnails.push({ asked: width, width: info.width, height: info.height, object: uri, bytes });
    work.progress({ done: thumbnails.length, total: widths.length });
  }
  const { format, width, height, frames } = picture;
  return {
    picture: { format, width, height, frames },
    // Of an animation or a document of several pages.
    framesKept: 1,
    transparency: !picture.hasAlpha ? 'none' : input.format === 'jpeg' ? 'on white' : 'kept',
    thumbnails,
  };
};

interface Picture {
  readonly format: string;
  /** As it is looked at: after the turn that a camera asks for. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly hasAlpha: boolean;
}

async function inspected(object: Buffer): Promise<Picture> {
  if (object.length === 0) throw refusal('The object is empty; expected a picture.');
  const format = formatOf(object);
  if (format.kind === 'other')
    throw refusal(`By its first bytes, the object is ${format.name}; expected ${PICTURES.join(', ')}.`);
  // The limit is judged here, where the numbers are known.
  const header = await sharp(object, { limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => {
      throw damaged(`The ${format.name} is damaged: its header cannot be read.`, error);
    });
  const { width, height } = header.autoOrient;
  if (width * height > MAX_PIXELS) {
    throw refusal(
      `Expected at most ${MAX_PIXELS} pixels, found ${width} × ${height} = ${width * height} of them.`,
    );
  }
  const frames = format.name === 'PNG' ? framesOfPng(object) : (header.pages ?? 1);
  return { format: format.name, width, height, frames, hasAlpha: header.hasAlpha };
}

function refuseTooHigh(picture: Picture, asked: number, format: Input['format']): void {
  const width = Math.min(asked, picture.width);
  const height = Math.round((picture.height * width) / picture.width);
  if (height <= MAX_SIDE[format]) return;
  const other = height <= MAX_SIDE.jpeg ? '"jpeg" or "png"' : '"png"';
  throw refusal(
    `At a width of ${width} pixels, the picture is ${height} pixels high; ${format} has room for ${MAX_SIDE[format]}. Set "format" to ${other}.`,
  );
}

async function scaled(object: Buffer, picture: Picture, width: number, format: Input['format']) {
  // Warnings of a decoder are about pictures that every browser shows; what is cut off is an error.
  const pipeline = sharp(object, { limitInputPixels: MAX_PIXELS, failOn: 'error' })
    .autoOrient()
    .resize({ width, withoutEnlargement: true });
  // JPEG has no transparency, and the library would lay it on black.
  if (format === 'jpeg') pipeline.flatten({ background: '#ffffff' });
  try {
    return await pipeline.toFormat(format).toBuffer({ resolveWithObject: true });
  } catch (error) {
    const { format: name, width: columns, height: rows } = picture;
    throw damaged(
      `The ${name} of ${columns} × ${rows} pixels is damaged: its data ends early or cannot be decoded.`,
      error,
    );
  }
}

/** Memory is the container's trouble and not the picture's: another attempt may have more. */
function damaged(sentence: string, cause: unknown): unknown {
  const isOurs = cause instanceof Error && /memory|alloc/i.test(cause.message);
  return isOurs ? cause : new NeverAgain('input_rejected', sentence, { cause });
}

function refusal(sentence: string): NeverAgain {
  return new NeverAgain('input_rejected', sentence);
}
