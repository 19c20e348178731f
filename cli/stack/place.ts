/** Where a command looks for its stack: the laptop that runs here, an endpoint, or AWS by its standard variables. */
import { join } from 'node:path';
import * as z from 'zod';
import { findRunning, RUNNING_FOLDER } from '../../local/running.ts';
import { misused, Stopped } from '../program/stopped.ts';
import { type Context, type Option, option, type Values } from '../program/verb.ts';

const where = <S extends z.ZodType>(shown: Option<S>): Option<S> & { place: true } => ({
  ...shown,
  place: true,
});
const text = z.string().min(1);

export const placeOptions = {
  local: where({ effect: 'the stack of npm start on this machine', schema: z.boolean().default(false) }),
  stage: where(
    option(
      'STAGE',
      'whose stack (dev)',
      z
        .string()
        .regex(/^[\w-]{1,40}$/, 'expected a stage such as dev')
        .default('dev'),
    ),
  ),
  table: where(
    option('NAME', 'the jobs table, else TABLE_NAME, else the only one of the stage', text.optional()),
  ),
  profile: where(option('NAME', 'of the AWS configuration', text.optional())),
  region: where(option('REGION', 'as for the AWS CLI', text.optional())),
  'endpoint-url': where(option('URL', 'as for the AWS CLI', z.url('expected a URL').optional())),
};
export type PlaceValues = Values<typeof placeOptions>;

export interface Place {
  readonly stage: string;
  readonly table: string | undefined;
  /** Of a laptop, whose cloud has no API for stacks. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** Of a laptop: the variables that point clients at it, HEADGATE_URL and HEADGATE_KEY among them. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whatever is absent comes from the standard AWS variables and files. */
  readonly config: {
    readonly endpoint?: string;
    readonly region?: string;
    readonly profile?: string;
    readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
}

/** @throws Stopped when no laptop, or more than one, runs here */
export async function placeOf(values: PlaceValues, { environment, output }: Context): Promise<Place> {
  const { stage, local, table = environment['TABLE_NAME'] } = values;
  const given = Object.entries({
    endpoint: values['endpoint-url'],
    // The AWS CLI's own variable, which the SDK does not read.
    region: values.region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'],
    profile: values.profile,
  }).filter(([, value]) => value !== undefined);
  // An operator who typed the wrong stage sees it before anything is done.
  if (stage !== 'dev')
    output.warn(
      `Stage ${stage} in ${values.region ?? environment['AWS_REGION'] ?? 'the Region of the profile'}.`,
    );
  if (!local) return { stage, table, config: Object.fromEntries(given) };
  if (values.profile !== undefined) throw misused('--local finds its own keys; it goes without --profile.');
  return { stage, table: values.table, ...(await laptop(values['endpoint-url'])) };
}

const root = join(import.meta.dirname, '../..');

/** @param asked the address of one of several */
async function laptop(asked: string | undefined): Promise<Pick<Place, 'config' | 'outputs' | 'environment'>> {
  const running = (await findRunning(join(root, RUNNING_FOLDER))).filter(
    ({ environment }) => asked === undefined || environment['AWS_ENDPOINT_URL'] === asked,
  );
  const [only] = running;
  if (only === undefined)
    throw new Stopped(
      'unreachable',
      `No stack runs ${asked === undefined ? 'on this machine' : 'there'}: npm start starts one, in another terminal.`,
    );
  const addresses = running.map(({ environment }) => environment['AWS_ENDPOINT_URL'] ?? '');
  if (running.length > 1)
    throw misused(
      `Expected one stack on this machine, found ${addresses.join(' and ')}; name one with --endpoint-url.`,
    );
  const { environment, outputs } = only;
  const { AWS_ENDPOINT_URL: endpoint = '', AWS_REGION: region = '', ...keys } = environment;
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = keys;
  return {
    outputs,
    environment,
    config: { endpoint, region, credentials: { accessKeyId, secretAccessKey } },
  };
}
