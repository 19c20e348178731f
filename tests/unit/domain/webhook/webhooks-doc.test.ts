/** The examples that tenants copy are run exactly as they are in docs/using/webhooks.md. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { DEFAULT_EVENTS, needsAllEvents, WEBHOOK_EVENTS } from '../../../../domain/webhook/notification.ts';
import { openKey, webhookHeaders } from '../../../../io/http/signature.ts';

const root = join(import.meta.dirname, '../../../..');
const page = readFileSync(join(root, 'docs/using/webhooks.md'), 'utf8');
const examples = new Map(
  [...page.matchAll(/<!-- example: (\S+) -->\n\n```js\n(.*?)```/gs)].map(([, name = '', code = '']) => [
    name,
    code,
  ]),
);
// Inside the repository, so that an import of a package finds it.
const folder = mkdtempSync(join(root, 'node_modules/.examples-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Verify = (key: unknown, body: string, headers: object) => unknown;
async function example(name: string): Promise<Verify> {
  const path = join(folder, name);
  writeFileSync(path, examples.get(name) ?? 'missing');
  const { verify }: { verify: Verify } = await import(pathToFileURL(path).href);
  return verify;
}

const BODY = '{"type":"job.succeeded","data":{"note":"größer ✓"}}';
const ID = `msg_${'a'.repeat(26)}`;
const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const [current, previous, foreign] = [secretOf(1), secretOf(2), secretOf(3)];
const signed = (nowMs = Date.now()) =>
  webhookHeaders(ID, nowMs, BODY, [openKey('v1', current), openKey('v1', previous)]);

test('the page has the three examples', () => {
  expect([...examples.keys()]).toEqual(['library.mjs', 'plain.mjs', 'public-key.mjs']);
});

test('the example with the library verifies either secret, and no other', async () => {
  const verify = await example('library.mjs');
  for (const secret of [current, previous]) expect(verify(secret, BODY, signed())).toEqual(JSON.parse(BODY));
  expect(() => verify(foreign, BODY, signed())).toThrow();
  expect(() => verify(current, `${BODY} `, signed())).toThrow();
});

test('the example without one verifies either secret, and refuses what is changed or old', async () => {
  const verify = await example('plain.mjs');
  expect(verify([previous], BODY, signed())).toEqual(JSON.parse(BODY));
  expect(verify([foreign, current], BODY, signed())).toEqual(JSON.parse(BODY));
  expect(() => verify([foreign], BODY, signed())).toThrow('no signature matches');
  expect(() => verify([current], BODY.replace('succeeded', 'failed'), signed())).toThrow(
    'no signature matches',
  );
  expect(() => verify([current], BODY, signed(Date.now() - 3_600_000))).toThrow('too old');
});

test('the example with a public key verifies what was signed with its private key, and nothing else', async () => {
  const verify = await example('public-key.mjs');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const shown = `whpk_${Buffer.from(x, 'base64url').toString('base64')}`;
  const headers = webhookHeaders(ID, Date.now(), BODY, [{ scheme: 'v1a', privateKey }]);
  expect(verify(shown, BODY, headers)).toEqual(JSON.parse(BODY));
  expect(() => verify(shown, `${BODY} `, headers)).toThrow('no signature matches');
  expect(() => verify(shown, BODY, signed())).toThrow('no signature matches');
});

test('the page names every event, and marks those that a stage publishes on request alone', () => {
  for (const type of WEBHOOK_EVENTS) expect(page).toContain(`\`${type}\``);
  const marked = [...page.matchAll(/`(job\.\w+)` \(a\)/g)].map(([, type]) => type);
  expect(marked).toEqual(WEBHOOK_EVENTS.filter(needsAllEvents));
});

test('an endpoint that names no events asks for none that a stage may not publish, and for no progress', () => {
  const unasked = WEBHOOK_EVENTS.filter((type) => !DEFAULT_EVENTS.includes(type));
  expect(unasked).toEqual(['job.accepted', 'job.running', 'job.progress', 'job.retrying']);
});
