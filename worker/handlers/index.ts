/**
 * The handler of each job type, loaded when it is needed: a CSV job does not pay for the image library.
 *
 * The input is checked against the schema of the job type before its handler is called.
 */
import type { Handler } from '../work.ts';

type Load = () => Promise<Handler<never>>;

export const handlers: Readonly<Record<string, Load>> = {
  'csv.summarise': async () => (await import('./csv-summarise.ts')).csvSummarise,
  'csv.quick': async () => (await import('./csv-summarise.ts')).csvSummarise,
  'image.thumbnails': async () => (await import('./image-thumbnails.ts')).imageThumbnails,
};

export function handledTypes(): readonly string[] {
  return Object.keys(handlers);
}

export async function handlerOf(jobType: string): Promise<Handler<never> | undefined> {
  return Object.hasOwn(handlers, jobType) ? handlers[jobType]?.() : undefined;
}
