/** Why a command ends before its end, and the exit code for each way to end. */
import type { Problem } from '../../domain/errors.ts';

export const EXIT_CODES = {
  done: 0,
  /** It came to its end, and something is not as it was to be. */
  failed: 1,
  /** Wrong usage: nothing was begun. */
  misused: 2,
  not_found: 3,
  /** A rule of Headgate forbids it. */
  refused: 4,
  /** No stack, no laptop, no network, or no credentials that AWS takes. */
  unreachable: 5,
  /** As shells count an end by SIGINT. */
  interrupted: 130,
} as const;
export type Kind = Exclude<keyof typeof EXIT_CODES, 'done'>;

/** @param message one sentence for the operator */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly kind: Kind;

  constructor(kind: Kind, message: string) {
    super(message);
    this.kind = kind;
  }
}

export const misused = (sentence: string) => new Stopped('misused', sentence);
export const refusedBy = ({ code, message }: Problem) => new Stopped('refused', `${code}: ${message}`);
export const notFound = (sentence: string) => new Stopped('not_found', sentence);

const NO_ANSWER = /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE)$/;
const NO_CREDENTIALS = /^(CredentialsProviderError|TokenProviderError)$/;
const OLD_CREDENTIALS = /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/;
const WRONG_CREDENTIALS =
  /^(UnrecognizedClientException|InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignatureException)$/;
const NO_RIGHT = /^(AccessDenied|AccessDeniedException|AuthorizationError)$/;

/** An error of the AWS SDK as a sentence of ours with what to do. Anything else is a failure of its own words. */
export function stoppedBy(error: unknown): Stopped {
  if (error instanceof Stopped) return error;
  const { name, message, code } = { code: '', ...shapeOf(error) };
  const unreachable = (sentence: string) => new Stopped('unreachable', sentence);
  if (NO_ANSWER.test(code) || name === 'TimeoutError')
    return unreachable(
      'The stack did not answer; --endpoint-url, --region and --local say where it is, and headgate doctor what is wrong.',
    );
  if (NO_CREDENTIALS.test(name))
    return unreachable(
      'Expected AWS credentials and found none: run aws sso login or aws login, or name a --profile.',
    );
  if (OLD_CREDENTIALS.test(name))
    return unreachable('The AWS credentials have expired: run aws sso login or aws login.');
  if (WRONG_CREDENTIALS.test(name))
    return unreachable('AWS does not know these credentials: name a --profile, or set AWS_PROFILE.');
  if (NO_RIGHT.test(name))
    return unreachable(
      'AWS does not let these credentials do this; docs/using/cli.md lists what each verb needs.',
    );
  if (/Region is missing/.test(message))
    return unreachable('Expected a Region and found none: give --region, or set AWS_REGION.');
  return new Stopped('failed', message || name);
}

function shapeOf(error: unknown): { name: string; message: string; code?: string } {
  if (!(error instanceof Error)) return { name: '', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { name: error.name, message: error.message, ...code };
}
