/** What the stories of the console begin with: a stack whose containers do as they are told, its console, and one browser. */
import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { consoleServer } from '../../console/server/server.ts';
import { sessions } from '../../console/server/sessions.ts';
import { laptopConsole } from '../../demo/console.ts';
import { laptopDoor, registerLaptopKey } from '../../demo/door.ts';
import { tenantPage } from '../../demo/tenant-page/server.ts';
import { built } from '../../tools/build.ts';
import { openBrowser } from '../support/browser.ts';
import type { Closing } from '../support/closing.ts';
import { openFlow } from './flow.ts';

const SIGNED = {
  Authorization:
    'AWS4-HMAC-SHA256 Credential=operator/20260105/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
  'Content-Type': 'application/json',
};

export async function openConsole(opened: <T extends Closing>(one: T) => T) {
  const pages = laptopConsole(built.console);
  const flow = await openFlow(opened, { pages, parameters: { PageOrigins: '*' } });
  const { cloud } = flow.stack;
  pages.point(cloud);
  const operate = String(cloud.outputs['OperateUrl']);
  return {
    ...flow,
    browsing: opened(await openBrowser()),
    address: `${cloud.endpoint}/console`,
    operate,
    /** As an operator with another client. */
    // biome-ignore lint/suspicious/noExplicitAny: stories look into answers of every kind
    async asks(method: string, path: string, body?: object): Promise<any> {
      const headers = { ...SIGNED, 'Idempotency-Key': randomUUID() };
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      const response = await fetch(operate + path, init);
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.json();
    },
    send: (tenantId: string, keys: readonly string[], rest: object = {}) =>
      flow.stack.send(
        ...keys.map((idempotencyKey) => ({
          specVersion: '1',
          tenantId,
          jobType: 'csv.summarise',
          idempotencyKey,
          input: { csv: flow.csv.replace('/acme/', `/${tenantId}/`) },
          ...rest,
        })),
      ),
  };
}
export type Console = Awaited<ReturnType<typeof openConsole>>;

/** A page of a tenant's own with the element in it; acme is signed in. */
export async function openTenantPage({ stack: { clients, cloud } }: Console) {
  const door = await laptopDoor(undefined);
  await registerLaptopKey(clients, cloud.outputs, door);
  let signedIn: string | undefined = 'acme';
  const url = String(cloud.outputs['ApiUrl']);
  const served = await listening(tenantPage({ url, key: door.key, tenant: () => signedIn }));
  return {
    ...served,
    signOut: () => {
      signedIn = undefined;
    },
    signIn: () => {
      signedIn = 'acme';
    },
  };
}

/** The same pages as `headgate console` serves them: with a code, and a session that ends. */
export async function openStage({ operate }: Console) {
  let aheadMs = 0;
  const known = sessions(() => Date.now() + aheadMs, true);
  const serve = consoleServer({
    pages: built.console,
    sessions: known,
    about: () => ({ stage: 'prod', region: 'us-east-1', apiUrl: operate, operateUrl: operate }),
    target: () => ({
      url: new URL(operate),
      region: 'us-east-1',
      credentials: async () => ({ accessKeyId: 'operator', secretAccessKey: 'secret' }),
    }),
  });
  const served = await listening(serve);
  return {
    ...served,
    address: `${served.address}/console`,
    invite: known.invite,
    /** Until all sessions have ended. */
    waitNineHours: () => {
      aheadMs += 9 * 3_600_000;
    },
  };
}

async function listening(serve: RequestListener) {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // it listens
  return {
    address: `http://127.0.0.1:${port}`,
    close: () => server.close().closeAllConnections(),
  };
}
