/** A laptop for each of three clients, and what their sessions have in common. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test as jestTest } from '@jest/globals';
import type { CloudOptions } from '../../local/cloud.ts';
import { type Laptop, laptop, type Started } from '../local/cloud/set-up.ts';
import { allClients, type Client, type ClientName, Refused } from './clients.ts';

export type Body = Readonly<Record<string, unknown>>;
type Inputs = readonly (readonly [title: string, input: object])[];
const TIMEOUT_MS = 180_000;
/** Says what it is given, and then fails, waits or ends. */
const PROGRAM = `
  const [, , what] = process.argv;
  console.log("said: " + what);
  if (what === 'wait') setInterval(() => undefined, 1000);
  else process.exit(what === 'fail' ? 9 : 0);`;

export interface Session {
  readonly name: ClientName;
  /** From the first test on. */
  readonly cloud: Started;
  /** Skipped where the client is not installed. */
  test(title: string, body: () => Promise<void>): void;
  call(service: string, operation: string, input: object): Promise<Body>;
  /** @returns the code, or `accepted` */
  refusal(service: string, operation: string, input: object): Promise<string>;
  /** @returns each code by its title */
  refusals(service: string, operation: string, inputs: Inputs): Promise<Record<string, string>>;
  /** What `refusals` gives when all have one code. */
  all(inputs: Inputs, code: string): Record<string, string>;
}

/** @param define declares the tests of one client */
export function sessions(define: (session: Session) => void, more: Partial<CloudOptions> = {}): void {
  describe.each(allClients)('$name', ({ name, installed, open }) => {
    let here: Laptop;
    let cloud: Started;
    let client: Client;
    beforeAll(async () => {
      if (!installed) return;
      here = await laptop();
      await writeFile(join(here.folder, 'image/main.mjs'), PROGRAM);
      cloud = await here.start(undefined, more);
      client = open(cloud.endpoint);
    }, TIMEOUT_MS);
    afterAll(async () => {
      await client?.close();
      await here?.close();
    });
    const call: Session['call'] = (service, operation, input) =>
      client.call(service, operation, JSON.parse(JSON.stringify(input)));
    const refusal: Session['refusal'] = async (service, operation, input) => {
      try {
        await call(service, operation, input);
        return 'accepted';
      } catch (error) {
        if (error instanceof Refused) return error.name;
        throw error;
      }
    };
    define({
      name,
      get cloud() {
        return cloud;
      },
      test: (title, body) => (installed ? jestTest : jestTest.skip)(title, body, TIMEOUT_MS),
      call,
      refusal,
      async refusals(service, operation, inputs) {
        const found: Record<string, string> = {};
        for (const [title, input] of inputs) found[title] = await refusal(service, operation, input);
        return found;
      },
      all: (inputs, code) => Object.fromEntries(inputs.map(([title]) => [title, code])),
    });
  });
}
