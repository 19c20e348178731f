/** How the door for tenants knows its callers: by a token that the owner of a key has signed, or by the key itself. */
import type { Authenticated, Credentials } from '../application/access/authenticate.ts';
import type { Refused } from '../application/resources/refused.ts';
import type { Identified } from './app.ts';

export function callersBy(authenticate: (given: Credentials) => Promise<Authenticated | Refused>) {
  return async (headers: Headers): Promise<Identified | Refused> => {
    const known = await authenticate({
      authorization: headers.get('Authorization') ?? undefined,
      tenant: headers.get('Headgate-Tenant') ?? undefined,
      // Not Sec-Fetch-Mode: Node's own fetch sends that, too.
      fromPage: headers.has('Origin') || headers.has('Sec-Fetch-Site'),
    });
    if (known.kind === 'refused') return known;
    const { tenantId, narrowing, scopes } = known.grant;
    return {
      kind: 'identified',
      audience: 'tenant',
      by: known.keyId,
      signedBy: { kid: known.keyId, ...(known.jti !== undefined && { jti: known.jti }) },
      tenantId,
      narrowing,
      headers: known.headers,
      allows: (scope) => scopes.has(scope),
    };
  };
}
