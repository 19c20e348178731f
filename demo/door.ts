/** The API of a laptop: which stack its tokens are for, a key that may be sent, and lines that work when they are pasted. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { registerKey } from '../application/access/keys.ts';
import { keyIdOf } from '../application/job/identity.ts';
import { Scope } from '../domain/access/scope.ts';
import { keyRegister } from '../io/access/keys.ts';
import { systemClock } from '../io/process/clock.ts';
import { systemRandom } from '../io/process/random.ts';
import { table } from '../io/table/table.ts';
import type { Clients } from './clients.ts';
import { outputOf } from './seed.ts';

const LaptopDoor = z.strictObject({
  /** Every laptop has the same account, Region and stage, so its stack is named by chance: no token is for another one. */
  audience: z.string(),
  publicKey: z.string(),
  /** hgk_… */
  key: z.string(),
});
export type LaptopDoor = z.infer<typeof LaptopDoor>;

const FILE = 'door.json';

/** @param data the folder of a stack that is kept, which keeps its key; absent: a new one */
export async function laptopDoor(data: string | undefined): Promise<LaptopDoor> {
  if (data === undefined) return newDoor();
  const file = join(data, FILE);
  const kept = LaptopDoor.safeParse(jsonOf(await readFile(file, 'utf8').catch(() => '')));
  if (kept.success) return kept.data;
  const made = newDoor();
  await mkdir(data, { recursive: true });
  await writeFile(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}

function newDoor(): LaptopDoor {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x: publicKey = '', d: seed = '' } = privateKey.export({ format: 'jwk' });
  const audience = `headgate:laptop:${randomBytes(9).toString('base64url')}`;
  return { audience, publicKey, key: `hgk_${keyIdOf(publicKey)}_${seed}` };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The key of a laptop may be sent as it is: there is nothing to steal with it that is not on this machine. */
export async function registerLaptopKey(
  { dynamo }: Clients,
  outputs: Readonly<Record<string, string>>,
  { publicKey }: LaptopDoor,
): Promise<void> {
  const register = keyRegister(table(dynamo, outputOf(outputs, 'KeysTableName'), systemRandom));
  const settings = {
    publicKey,
    name: 'laptop',
    scopes: Scope.options,
    tenants: ['*'],
    bearer: true as const,
  };
  await registerKey({ register, clock: systemClock }, settings);
}

/** The variables of a client of the API. */
export function doorVariables(outputs: Readonly<Record<string, string>>, { key }: LaptopDoor) {
  return { HEADGATE_URL: outputOf(outputs, 'ApiUrl').replace(/\/$/, ''), HEADGATE_KEY: key };
}

/** Lines for a shell in the folder of the checkout: the address and the key, then a job, the list, and a job by the client. */
export function pastedLines(
  outputs: Readonly<Record<string, string>>,
  door: LaptopDoor,
  { tenantId, csv }: { readonly tenantId: string; readonly csv: string },
): string[] {
  const { HEADGATE_URL: url, HEADGATE_KEY: key } = doorVariables(outputs, door);
  const caller = `-H "Authorization: Bearer $HEADGATE_KEY" -H 'Headgate-Tenant: ${tenantId}'`;
  const body = JSON.stringify({ jobType: 'csv.summarise', idempotencyKey: 'by-curl', input: { csv } });
  return [
    `export HEADGATE_URL=${url} HEADGATE_KEY=${key}`,
    `curl -s "$HEADGATE_URL/v1/jobs" ${caller} -H 'Content-Type: application/json' -d '${body}'`,
    `curl -s "$HEADGATE_URL/v1/jobs?limit=5" ${caller}`,
    `npx node --input-type=module -e '${clientProgram(tenantId, csv)}'`,
  ];
}

/** In one line, without a single quote. */
const clientProgram = (tenantId: string, csv: string): string =>
  [
    'import { headgate } from "./client/index.ts";',
    `const hg = headgate({ url: process.env.HEADGATE_URL, key: process.env.HEADGATE_KEY, tenant: "${tenantId}" });`,
    `const { id } = await hg.jobs.submit("csv.summarise", { input: { csv: "${csv}" }, idempotencyKey: "by-sdk" });`,
    'const { state } = await hg.jobs.wait(id);',
    'console.log(JSON.stringify({ id, state }));',
  ].join(' ');
