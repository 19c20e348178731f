/** `headgate key`: keys of the API. The seed of a key is made here, shown once, and sent nowhere. */
import { generateKeyPairSync } from 'node:crypto';
import { registerKey } from '../../application/access/keys.ts';
import { keyIdOf } from '../../application/job/identity.ts';
import { mint as mintToken, readKey } from '../../client/token.ts';
import { type AccessKey, isUsable, KeySettings } from '../../domain/access/key.ts';
import { inOurWords } from '../../domain/request/expectation.ts';
import { type KeyRegister, keyRegister } from '../../io/access/keys.ts';
import { systemClock } from '../../io/process/clock.ts';
import { theOneMeant } from '../program/short-id.ts';
import { misused, notFound, Stopped } from '../program/stopped.ts';
import { second } from '../program/time.ts';
import { type Context, type Ending, type Noun, type Values, verb } from '../program/verb.ts';
import { type PlaceValues, placeOf, placeOptions } from '../stack/place.ts';
import { withStack } from '../stack/stack.ts';
import { createOptions, keyOptions, mintOptions } from './options.ts';

const HEADINGS = ['KEY', 'STATE', 'SCOPES', 'TENANTS', 'CREATED', 'NAME'];

const create = verb({
  summary: 'make a key, register its public half, and show it once',
  options: createOptions,
  details: `The key signs tokens for its tenants, offline. Its holder may mint for any of them: keep it as a secret of
your service, in HEADGATE_KEY.`,
  run: (values, context) =>
    withKeys(values, context, async (register) => {
      const { privateKey } = generateKeyPairSync('ed25519');
      const { x: publicKey = '', d: seed = '' } = privateKey.export({ format: 'jwk' });
      const settings = KeySettings.safeParse(settingsOf(values, publicKey), inOurWords);
      if (!settings.success) {
        const [issue] = settings.error.issues;
        throw misused(`--${optionOf(issue?.path[0])}: ${issue?.message}.`);
      }
      const { key } = await registerKey({ register, clock: systemClock }, settings.data);
      const secret = `hgk_${keyIdOf(publicKey)}_${seed}`;
      context.output.show([{ ...recordOf(key), key: secret }], (page) => {
        page.table(HEADINGS, [rowOf(key)]);
        page.line(secret);
        page.line('A key is shown only now.');
      });
      return 'done';
    }),
});

function settingsOf(values: Values<typeof createOptions>, publicKey: string) {
  const given = {
    publicKey,
    name: values.name,
    scopes: values.scope,
    tenants: values.tenant,
    maxTokenSeconds: values['max-token-seconds'],
    expiresAt: values['expires-at'],
    tokensMaySetUp: values['tokens-may-set-up'] || undefined,
    bearer: values.bearer || undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const optionOf = (field: PropertyKey | undefined): string =>
  ({ scopes: 'scope', tenants: 'tenant', maxTokenSeconds: 'max-token-seconds', expiresAt: 'expires-at' })[
    String(field)
  ] ?? String(field);

const list = verb({
  summary: 'every key, also those that are disabled',
  options: placeOptions,
  run: (values, context) =>
    withKeys(values, context, async (register) => {
      const keys = (await register.list()).toSorted((a, b) => b.createdAt - a.createdAt);
      context.output.show(keys.map(recordOf), (page) => {
        if (keys.length > 0) page.table(HEADINGS, keys.map(rowOf));
      });
      context.output.note(`${keys.length} ${keys.length === 1 ? 'key' : 'keys'}.`);
      return 'done';
    }),
});

const disable = verb({
  summary: 'end a key and all its tokens, within 60 seconds and for good',
  argument: 'KEY',
  options: keyOptions,
  run: (values, context) =>
    withKeys(values, context, async (register) => {
      const { keyId } = theOneMeant(values.id, await register.list(), (key) => key.keyId, 'key');
      const disabled = await register.disable(keyId, systemClock.nowMs());
      // It was removed meanwhile.
      if (disabled === undefined) throw notFound(`There is no key ${values.id}.`);
      context.output.show([recordOf(disabled)], (page) => page.table(HEADINGS, [rowOf(disabled)]));
      return 'done';
    }),
});

const mint = verb({
  summary: 'sign a token for a tenant, offline',
  options: mintOptions,
  details: `The key is read from HEADGATE_KEY, never from the command line, which other users of a machine can read. With --local it is the
key of the laptop.`,
  async run(values, context) {
    const place = await placeOf(values, context);
    const variables = { ...context.environment, ...place.environment };
    const key = keyIn(variables['HEADGATE_KEY']);
    const audience = values.audience ?? (await audienceAt(values.url ?? variables['HEADGATE_URL']));
    const { tenant, scope: scopes, job, tag, type: types, once } = values;
    if (once !== undefined && types === undefined)
      throw misused('--once: expected --type beside it, found none.');
    const asked = { tenant, scopes, expiresIn: values['expires-in'], job, tag, types, once };
    const token = await mintToken(key, audience, asked, systemClock.nowMs());
    context.output.show([{ token }], (page) => page.line(token));
    return 'done';
  },
});

function keyIn(text: string | undefined): ReturnType<typeof readKey> {
  if (text === undefined || text === '')
    throw misused('Expected a key in HEADGATE_KEY, found none; headgate key create makes one.');
  try {
    return readKey(text);
  } catch (error) {
    // Its sentence does not repeat the key.
    throw misused(error instanceof Error ? error.message : 'Expected a key.');
  }
}

async function audienceAt(url: string | undefined): Promise<string> {
  if (url === undefined) throw misused('Expected --audience, --url or HEADGATE_URL, found none.');
  const response = await fetch(`${url.replace(/\/$/, '')}/v1/health`, { redirect: 'error' }).catch(
    () => undefined,
  );
  const told: unknown = await response?.json().catch(() => undefined);
  const audience =
    typeof told === 'object' && told !== null && 'audience' in told ? told.audience : undefined;
  if (typeof audience === 'string') return audience;
  throw new Stopped('unreachable', `Expected the audience of a stack at ${url}/v1/health, found none.`);
}

function withKeys(
  values: PlaceValues,
  context: Context,
  use: (register: KeyRegister) => Promise<Ending>,
): Promise<Ending> {
  return withStack(values, context, async (stack) => use(keyRegister(await stack.keys())));
}

function recordOf({ createdAt, disabledAt, ...key }: AccessKey) {
  return {
    ...key,
    createdAt: new Date(createdAt).toISOString(),
    disabledAt: disabledAt === undefined ? undefined : new Date(disabledAt).toISOString(),
  };
}

function rowOf(key: AccessKey): string[] {
  const { keyId, scopes, tenants, createdAt, disabledAt, expiresAt, bearer, name = '-' } = key;
  const usable = isUsable(key, systemClock.nowMs());
  const ended = disabledAt === undefined ? `expired ${expiresAt}` : `disabled ${second(disabledAt)}`;
  const on = bearer === true ? 'on, may be sent' : 'on';
  return [keyId, usable ? on : ended, scopes.join(' '), tenants.join(' ') || 'none', second(createdAt), name];
}

export const noun: Noun = {
  summary: 'keys of the API, and tokens that they sign',
  verbs: { create, list, disable, mint },
  details: 'KEY is the id of a key, or the first 8 characters of it.',
};
