/**
 * Commands that an operator pastes into a shell or a program. Keys, tags and metadata are words of senders, so each value is quoted by one
 * function for one language, and no credential is in them.
 */
import { pathOf, type Told } from '../api/told.ts';

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

const methodOf = ({ operation }: Told): string => operation.split(' ')[0]?.toUpperCase() ?? '';
const urlOf = ({ operateUrl }: Where, call: Told): string => operateUrl.replace(/\/$/, '') + pathOf(call);

function headersOf({ body, idempotencyKey, ifMatch }: Told): readonly [string, string][] {
  return [
    ...(body === undefined ? [] : [['Content-Type', 'application/json'] as [string, string]]),
    ...(idempotencyKey === undefined ? [] : [['Idempotency-Key', idempotencyKey] as [string, string]]),
    ...(ifMatch === undefined ? [] : [['If-Match', ifMatch] as [string, string]]),
  ];
}

/** As curl with the signature of an operator. */
export function asCurl(where: Where, call: Told): string {
  const method = methodOf(call);
  const lines = [
    `curl -sS${method === 'GET' ? '' : ` -X ${method}`} ${shellWord(urlOf(where, call))}`,
    '--aws-sigv4 "aws:amz:$AWS_REGION:lambda" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
    '-H "x-amz-security-token: $AWS_SESSION_TOKEN"',
    ...headersOf(call).map(([name, value]) => `-H ${shellWord(`${name}: ${value}`)}`),
  ];
  if (call.body !== undefined) lines.push(`--data-raw ${shellWord(scriptWord(call.body))}`);
  return lines.join(' \\\n  ');
}

/**
 * As a program: by the TypeScript client where it has this call, and otherwise as a request that is signed with the credentials of the
 * environment.
 */
export function asScript(where: Where, calls: readonly Told[]): string {
  const made = calls.map(byClient);
  const tenant = calls[0]?.query?.['tenant'];
  if (tenant !== undefined && made.every((line) => line !== undefined))
    return `${clientFor(where, tenant)}\n${made.join('\n')}\n`;
  const requests = calls.map((call) => {
    const { body } = call;
    const init = { method: methodOf(call), headers: Object.fromEntries(headersOf(call)) };
    const withBody = body === undefined ? init : { ...init, body: JSON.stringify(body) };
    return `await send(${scriptWord(urlOf(where, call))}, ${scriptWord(withBody, 2)});`;
  });
  return `${SIGNING}\n${requests.join('\n')}\n`;
}

const clientFor = ({ apiUrl }: Where, tenant: string): string =>
  [
    "import { headgate } from './headgate/client/index.ts';",
    '',
    `const hg = headgate({ url: ${scriptWord(apiUrl)}, key: process.env.HEADGATE_KEY, tenant: ${scriptWord(tenant)} });`,
  ].join('\n');

/** @returns undefined for what only operators may ask for: the client has tokens of tenants */
function byClient({ operation, path = {}, body }: Told): string | undefined {
  switch (operation) {
    case 'post /v1/jobs': {
      const { jobType, ...rest } = body as { readonly jobType: string }; // what this operation takes
      return `const { id } = await hg.jobs.submit(${scriptWord(jobType)}, ${scriptWord(rest, 2)});`;
    }
    case 'get /v1/jobs/{jobId}':
      return `const job = await hg.jobs.get(${scriptWord(path['jobId'])});`;
    case 'post /v1/jobs/{jobId}/cancel':
      return `await hg.jobs.cancel(${scriptWord(path['jobId'])});`;
    case 'post /v1/groups/{groupId}/seal':
      return `await hg.groups.seal(${scriptWord(path['groupId'])}, ${scriptWord(body ?? {})});`;
    case 'post /v1/groups/{groupId}/cancel':
      return `await hg.groups.cancel(${scriptWord(path['groupId'])});`;
    default:
      return undefined;
  }
}

/** @see https://github.com/mhart/aws4fetch: it signs for any service, by the name that it is given */
const SIGNING = `import { AwsClient } from 'aws4fetch';

const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION } = process.env;
const operator = new AwsClient({
  accessKeyId: AWS_ACCESS_KEY_ID,
  secretAccessKey: AWS_SECRET_ACCESS_KEY,
  sessionToken: AWS_SESSION_TOKEN,
  region: AWS_REGION,
  service: 'lambda',
});
const send = async (url, init) => {
  const response = await operator.fetch(url, init);
  console.log(response.status, await response.text());
};
`;
