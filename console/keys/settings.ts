/** What a key may do, as a form says it. */
import type { Bodies, Key } from '../api/schema.ts';

export type KeySettings = Bodies['post /v1/keys'];
type Scope = KeySettings['scopes'][number];

/** Each with what its tokens may do. */
export const SCOPES: Readonly<Record<Scope, string>> = {
  'jobs:create': 'start jobs',
  'jobs:read': 'read jobs and groups',
  'jobs:cancel': 'cancel jobs',
  'logs:read': 'read what programs print',
  'groups:write': 'seal and cancel groups',
  'schedules:read': 'read schedules',
  'schedules:write': 'make, change, pause and run schedules, and so start jobs',
  'endpoints:read': 'read endpoints and what was sent to them',
  'usage:read': 'read what was used',
};
const isScope = (text: string): text is Scope => Object.hasOwn(SCOPES, text);

/** Names are parted by commas, spaces or lines. */
export function settingsIn(form: FormData, publicKey: string): KeySettings {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  const tenants = text('tenants')
    .split(/[\s,]+/)
    .filter((name) => name !== '');
  const scopes = form.getAll('scope').map(String).filter(isScope);
  const [name, seconds] = [text('name'), text('maxTokenSeconds')];
  return {
    publicKey,
    ...(name === '' ? {} : { name }),
    scopes,
    tenants: [...new Set(tenants)],
    ...(seconds === '' ? {} : { maxTokenSeconds: Number(seconds) }),
  };
}

export type KeyStanding = 'active' | 'disabled' | 'expired';

export function standingOf({ disabledAt, expiresAt }: Key, nowMs: number): KeyStanding {
  if (disabledAt !== undefined) return 'disabled';
  return expiresAt !== undefined && Date.parse(expiresAt) <= nowMs ? 'expired' : 'active';
}

export const isOf = ({ tenants }: Key, tenantId: string): boolean =>
  tenants.includes(tenantId) || tenants.includes('*');

/** Those that sign first, the newest of them on top. */
export function inOrder(keys: readonly Key[], nowMs: number): Key[] {
  const rank = (key: Key) => (standingOf(key, nowMs) === 'active' ? 0 : 1);
  return keys.toSorted((a, b) => rank(a) - rank(b) || (a.createdAt < b.createdAt ? 1 : -1));
}
