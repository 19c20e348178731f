/** Keys, as operators register and end them. */
import type { AccessKey, KeySettings } from '../../domain/access/key.ts';
import type { KeyRegister } from '../../io/access/keys.ts';
import type { Clock } from '../../io/process/clock.ts';
import { keyIdOf } from '../job/identity.ts';

export interface KeyPorts {
  readonly register: KeyRegister;
  readonly clock: Clock;
}

export type Registered = { readonly kind: 'registered' | 'known'; readonly key: AccessKey };

/** A repeat finds the key as it was registered first; other settings need another pair. */
export async function registerKey({ register, clock }: KeyPorts, settings: KeySettings): Promise<Registered> {
  const key: AccessKey = { ...settings, keyId: keyIdOf(settings.publicKey), createdAt: clock.nowMs() };
  const there = await register.register(key);
  return there === undefined ? { kind: 'registered', key } : { kind: 'known', key: there };
}
