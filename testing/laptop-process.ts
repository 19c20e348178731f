/** The process behind `headgate/testing`: answers the calls of index.cjs, and ends with the process that made them. */
import * as z from 'zod';
import { type Laptop, Options, startLaptop } from './laptop.ts';

const Call = z.object({ id: z.int(), name: z.string(), args: z.array(z.unknown()) });

let laptop: Promise<Laptop> | undefined;

async function answer(name: string, args: readonly unknown[]): Promise<unknown> {
  if (name === 'start') {
    laptop ??= startLaptop(Options.parse(args[0]), (line) => process.send?.({ line }));
    return (await laptop).facts;
  }
  const calls = (await laptop)?.calls ?? {};
  const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
  if (call === undefined) throw new Error(`There is no ${name}.`);
  return call(...args);
}

process.on('message', async (message) => {
  const { id, name, args } = Call.parse(message);
  try {
    process.send?.({ id, value: await answer(name, args) });
  } catch (error) {
    process.send?.({ id, error: messageOf(error) });
  }
});

process.on('disconnect', async () => {
  const started = await laptop?.catch(() => undefined);
  await started?.close();
  process.exit();
});

function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}
