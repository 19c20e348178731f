/**
 * Commands that an operator pastes into a shell. Keys, tags and metadata are words of senders, so each value is quoted by one function
 * for one language, and no credential is in them.
 */

/** One word of a POSIX shell, whatever is in it. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${printable(text).replaceAll("'", "'\\''")}'`;

/** A literal of JavaScript, which may also be pasted into HTML or a line of a terminal. */
export const scriptWord = (value: unknown, indent?: number): string =>
  JSON.stringify(value, undefined, indent).replaceAll(
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff<]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A terminal acts on control characters when they are pasted, also within quotes. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '');

export interface Where {
  readonly operateUrl: string;
  readonly apiUrl: string;
}

/** As curl with the signature of an operator. @param path below the address of the API */
export function asCurl({ operateUrl }: Where, method: string, path: string, body?: unknown): string {
  const url = operateUrl.replace(/\/$/, '') + path;
  const lines = [
    `curl -sS${method === 'GET' ? '' : ` -X ${method}`} ${shellWord(url)}`,
    '--aws-sigv4 "aws:amz:$AWS_REGION:lambda" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
    '-H "x-amz-security-token: $AWS_SESSION_TOKEN"',
  ];
  if (body !== undefined)
    lines.push(`-H 'Content-Type: application/json' --data-raw ${shellWord(scriptWord(body))}`);
  return lines.join(' \\\n  ');
}

/** The same job as a call of the TypeScript client, under a key of its own. */
export function asScript(
  { apiUrl }: Where,
  job: {
    readonly tenantId: string;
    readonly jobType: string;
    readonly idempotencyKey: string;
    readonly input?: unknown;
    readonly inputRef?: string | undefined;
  },
): string {
  const { tenantId, jobType, idempotencyKey, input, inputRef } = job;
  const given = inputRef === undefined ? { input: input ?? {} } : { inputRef };
  return [
    "import { headgate } from './headgate/client/index.ts';",
    '',
    `const hg = headgate({ url: ${scriptWord(apiUrl)}, key: process.env.HEADGATE_KEY, tenant: ${scriptWord(tenantId)} });`,
    `const { id } = await hg.jobs.submit(${scriptWord(jobType)}, ${scriptWord({ ...given, idempotencyKey: `${idempotencyKey}-again` }, 2)});`,
    '',
  ].join('\n');
}
