/**
 * KMS for the encryption of small texts: symmetric keys whose material never leaves the database. Only this KMS
 * decrypts what it encrypted, and only under the same encryption context.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/
 */
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { ACCOUNT_ID, ApiError, type ApiRequest, type ApiResponse } from './aws.ts';

const Context = z.record(z.string(), z.string()).default({});
const Base64 = z.base64();
const Tag = z.object({ TagKey: z.string(), TagValue: z.string() });

const requests = {
  CreateKey: z.strictObject({ Description: z.string().default(''), Tags: z.array(Tag).default([]) }),
  ListKeys: z.strictObject({}),
  ListResourceTags: z.strictObject({ KeyId: z.string() }),
  CreateAlias: z.strictObject({ AliasName: z.string().regex(/^alias\/[\w/-]+$/), TargetKeyId: z.string() }),
  UpdateAlias: z.strictObject({ AliasName: z.string(), TargetKeyId: z.string() }),
  Encrypt: z.strictObject({ KeyId: z.string(), Plaintext: Base64, EncryptionContext: Context }),
  Decrypt: z.strictObject({
    KeyId: z.string().optional(),
    CiphertextBlob: Base64,
    EncryptionContext: Context,
  }),
} as const;

/** KMS's own limit for a plaintext. */
const MAX_PLAINTEXT_BYTES = 4096;
const ALGORITHM = 'aes-256-gcm';
const UUID_BYTES = 36;
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Key {
  readonly id: string;
  readonly material: Uint8Array;
}

/** @param db keeps the keys; without it nothing can be decrypted any more */
export function createKms(
  db: DatabaseSync,
  region: string,
): { handle(request: ApiRequest): Promise<ApiResponse> } {
  db.exec('CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, material BLOB, tags TEXT)');
  db.exec('CREATE TABLE IF NOT EXISTS aliases (name TEXT PRIMARY KEY, keyId TEXT)');
  const arnOf = (id: string) => `arn:aws:kms:${region}:${ACCOUNT_ID}:key/${id}`;

  /** By id, ARN or alias. */
  function keyOf(named: string): Key & { readonly tags: string } {
    const name = named.split(':').at(-1) ?? '';
    const alias = db.prepare('SELECT keyId FROM aliases WHERE name = ?').get(name);
    const id = alias === undefined ? name.replace(/^key\//, '') : String(alias['keyId']);
    const row = db.prepare('SELECT * FROM keys WHERE id = ?').get(id);
    if (row === undefined) throw new ApiError('NotFoundException', `Key '${named}' does not exist`);
    return { id, material: z.instanceof(Uint8Array).parse(row['material']), tags: String(row['tags']) };
  }

  const operations: {
    [Name in keyof typeof requests]: (input: z.output<(typeof requests)[Name]>) => object;
  } = {
    CreateKey({ Description, Tags }) {
      const id = randomUUID();
      db.prepare('INSERT INTO keys VALUES (?, ?, ?)').run(id, randomBytes(32), JSON.stringify(Tags));
      return { KeyMetadata: { KeyId: id, Arn: arnOf(id), Description, Enabled: true, KeyState: 'Enabled' } };
    },
    ListKeys: () => ({
      Keys: db
        .prepare('SELECT id FROM keys')
        .all()
        .map(({ id }) => ({ KeyId: String(id), KeyArn: arnOf(String(id)) })),
      Truncated: false,
    }),
    ListResourceTags: ({ KeyId }) => ({ Tags: JSON.parse(keyOf(KeyId).tags), Truncated: false }),
    CreateAlias({ AliasName, TargetKeyId }) {
      const { changes } = db
        .prepare('INSERT OR IGNORE INTO aliases VALUES (?, ?)')
        .run(AliasName, keyOf(TargetKeyId).id);
      if (changes === 0) throw new ApiError('AlreadyExistsException', `An alias ${AliasName} already exists`);
      return {};
    },
    UpdateAlias({ AliasName, TargetKeyId }) {
      const { changes } = db
        .prepare('UPDATE aliases SET keyId = ? WHERE name = ?')
        .run(keyOf(TargetKeyId).id, AliasName);
      if (changes === 0) throw new ApiError('NotFoundException', `Alias ${AliasName} is not found.`);
      return {};
    },
    Encrypt({ KeyId, Plaintext, EncryptionContext }) {
      const key = keyOf(KeyId);
      const plain = Buffer.from(Plaintext, 'base64');
      if (plain.length === 0 || plain.length > MAX_PLAINTEXT_BYTES)
        throw new ApiError('ValidationException', `Plaintext has ${plain.length} bytes; 1 to 4096 are taken`);
      const sealed = seal(key, plain, EncryptionContext);
      return { CiphertextBlob: sealed.toString('base64'), KeyId: arnOf(key.id) };
    },
    Decrypt({ KeyId, CiphertextBlob, EncryptionContext }) {
      const blob = Buffer.from(CiphertextBlob, 'base64');
      const id = blob.subarray(0, UUID_BYTES).toString();
      if (KeyId !== undefined && keyOf(KeyId).id !== id)
        throw new ApiError('IncorrectKeyException', 'The key is not the one the ciphertext was sealed under');
      const plain = open(keyOf(id), blob.subarray(UUID_BYTES), EncryptionContext);
      return { Plaintext: plain.toString('base64'), KeyId: arnOf(id) };
    },
  };

  return {
    async handle({ headers, body }) {
      const name = headers['x-amz-target']?.split('.')[1] ?? '';
      if (!isOperation(name)) {
        const known = Object.keys(requests).join(', ');
        throw new ApiError('UnknownOperationException', `not implemented here: ${name}; there is ${known}`);
      }
      return { status: 200, body: answer(name, body) };
    },
  };

  function answer<Name extends keyof typeof requests>(name: Name, body: unknown): object {
    const parsed = requests[name].safeParse(body);
    if (!parsed.success) throw new ApiError('ValidationException', z.prettifyError(parsed.error));
    return operations[name](parsed.data as z.output<(typeof requests)[Name]>); // parsed by the schema of this operation
  }
}

function isOperation(name: string): name is keyof typeof requests {
  return Object.hasOwn(requests, name);
}

function seal({ id, material }: Key, plain: Uint8Array, context: Readonly<Record<string, string>>): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, material, iv).setAAD(bound(context));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.from(id), iv, cipher.getAuthTag(), text]);
}

function open({ material }: Key, sealed: Buffer, context: Readonly<Record<string, string>>): Buffer {
  const iv = sealed.subarray(0, IV_BYTES);
  const tag = sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv(ALGORITHM, material, iv).setAAD(bound(context)).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    // KMS does not say either which part does not match.
    throw new ApiError('InvalidCiphertextException', '');
  }
}

/** The order of a context does not matter. */
function bound(context: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));
}
