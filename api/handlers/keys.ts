/** Keys, for operators. */
import { type KeyPorts, registerKey } from '../../application/access/keys.ts';
import { notFound, type Refused } from '../../application/resources/refused.ts';
import { type AccessKey, KeyId } from '../../domain/access/key.ts';
import { readBodyAs } from '../../domain/request/body.ts';
import { keyOperations } from '../contract/keys.ts';
import { type Answer, type Asked, type Handlers, ok } from '../handler.ts';

export function keyHandlers(ports: KeyPorts): Handlers<keyof typeof keyOperations> {
  return {
    async createKey({ body }) {
      const read = readBodyAs(keyOperations.createKey.body, body);
      if (read.kind === 'refused') return read;
      const { kind, key } = await registerKey(ports, read.value);
      return { kind: 'answer', status: kind === 'registered' ? 201 : 200, body: viewOf(key) };
    },

    async listKeys() {
      return ok({ items: (await ports.register.list()).map(viewOf) });
    },

    getKey: withKey((keyId) => ports.register.get(keyId)),
    disableKey: withKey((keyId) => ports.register.disable(keyId, ports.clock.nowMs())),
  };
}

function withKey(use: (keyId: string) => Promise<AccessKey | undefined>) {
  return async ({ path }: Asked): Promise<Answer | Refused> => {
    const { success, data } = KeyId.safeParse(path['keyId']);
    const key = success ? await use(data) : undefined;
    return key === undefined ? notFound : ok(viewOf(key));
  };
}

function viewOf({ createdAt, disabledAt, ...key }: AccessKey) {
  return {
    ...key,
    createdAt: new Date(createdAt).toISOString(),
    ...(disabledAt === undefined ? {} : { disabledAt: new Date(disabledAt).toISOString() }),
  };
}
