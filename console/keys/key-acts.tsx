/** Makes a key, and ends one. */
import { ready } from '../api/call.ts';
import type { Key } from '../api/schema.ts';
import { Act, then } from '../parts/act.tsx';
import { Once } from '../parts/once.tsx';
import { keyText, newPair } from './pair.ts';
import { SCOPES, settingsIn } from './settings.ts';

/** Most services need these. */
const USUAL = ['jobs:create', 'jobs:read', 'jobs:cancel'];
const MAX_TOKEN_SECONDS = 86_400;

export function CreateKey({ tenant }: { tenant: string | undefined }) {
  const create = (form: FormData, publicKey: string) =>
    ready('post /v1/keys', { body: settingsIn(form, publicKey) });
  return (
    <Act
      label="New key…"
      title="Make a key"
      will="A pair of keys is made in this page. Its public half is registered; the key itself is shown once and sent nowhere. A service that has it can act for any of its tenants, within its scopes."
      confirm="Make it"
      calls={({ form }) => [create(form, 'PUBLIC_KEY_IN_BASE64URL')]}
      run={async ({ form }) => {
        const pair = await newPair();
        const { body } = await create(form, pair.publicKey).send();
        return <Once what="key" values={[keyText(body.keyId, pair)]} />;
      }}
    >
      <label>
        Name, for its readers
        <input name="name" maxLength={64} autoComplete="off" />
      </label>
      <label>
        Tenants, parted by commas; * is every tenant
        <input name="tenants" required autoComplete="off" spellcheck={false} defaultValue={tenant ?? ''} />
      </label>
      <fieldset>
        <legend>What its tokens may do</legend>
        {Object.entries(SCOPES).map(([scope, does]) => (
          <label key={scope} class="check">
            <input type="checkbox" name="scope" value={scope} defaultChecked={USUAL.includes(scope)} /> {does}{' '}
            <code>{scope}</code>
          </label>
        ))}
      </fieldset>
      <label>
        For how long a token may be valid, in seconds; empty for an hour
        <input name="maxTokenSeconds" type="number" min={1} max={MAX_TOKEN_SECONDS} step={1} />
      </label>
    </Act>
  );
}

export function DisableKey({ keyOf: { keyId, name } }: { keyOf: Key }) {
  const disable = ready('post /v1/keys/{keyId}/disable', { path: { keyId } });
  return (
    <Act
      label="Disable…"
      title={`Disable ${name ?? keyId}`}
      will="The key and all its tokens end within 60 seconds. There is no way back: a service that uses it is refused until it has another key."
      confirm="Disable it"
      calls={() => [disable]}
      run={() => then(disable.send(), 'It is disabled, and its tokens end within 60 seconds.')}
    />
  );
}
