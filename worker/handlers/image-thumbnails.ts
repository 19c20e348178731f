/** image.thumbnails: scales one picture to several widths, never up. */
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import type * as z from 'zod';
import type { ImageThumbnailsInput } from '../../job-types.ts';
import { type Handler, NeverAgain } from '../work.ts';

/** About 100 megapixels: a small file can unpack to more memory than the container has. */
const MAX_PIXELS = 100_000_000;

export const imageThumbnails: Handler<z.infer<typeof ImageThumbnailsInput>> = async (input, work) => {
  const picture = await buffer(await work.objects.read(input.image));
  const thumbnails = [];
  for (const width of new Set(input.widths)) {
    work.signal.throwIfAborted();
    const { data, info } = await scaled(picture, width, input.format);
    const { uri, bytes } = await work.write(`${width}.${input.format}`, data, `image/${input.format}`);
    thumbnails.push({ width: info.width, height: info.height, object: uri, bytes });
    work.progress({ done: thumbnails.length, total: input.widths.length });
  }
  return { thumbnails };
};

async function scaled(picture: Buffer, width: number, format: 'webp' | 'jpeg' | 'png') {
  try {
    return await sharp(picture, { limitInputPixels: MAX_PIXELS })
      .rotate() // by the camera's own orientation mark, which scaling drops
      .resize({ width, withoutEnlargement: true })
      .toFormat(format)
      .toBuffer({ resolveWithObject: true });
  } catch (error) {
    throw new NeverAgain('input_rejected', 'The object is not a picture that can be read.', { cause: error });
  }
}
