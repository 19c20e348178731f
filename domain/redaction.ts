/**
 * The last wall before a text that others wrote reaches a tenant: names of the operator's account, machines and requests are
 * removed. A handler that puts the message of a library into its own sentence does not mean to publish these.
 */

const REMOVED = '[removed]';

const INTERNAL: readonly RegExp[] = [
  // ARNs of any partition, to the end of the word.
  /\barn:aws[\w-]*:[^\s"'<>()]+/gi,
  // Hosts of AWS with port and path: registries, endpoints of services, internal names of machines.
  /\b(?:[\w-]+\.)+(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|compute\.internal|ec2\.internal|svc\.cluster\.local|internal)(?::\d+)?(?:\/[^\s"'<>()]*)?/gi,
  /\bip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?:\.[\w.-]+)?/gi,
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g,
  // Request ids, as AWS appends them to what it says.
  /\b(?:x-amzn?-)?request[ _-]?id["']?\s*[:=]?\s*["']?[\w-]*\d[\w-]*/gi,
  // What follows the codes of a failed connection or look-up is the peer.
  /\b(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE)\b.*/gi,
  // Ids of resources in a network.
  /\b(?:i|eni|vpc|subnet|sg|vol|ami)-[0-9a-f]{8,17}\b/gi,
  // Account ids.
  /(?<![\w.])\d{12}(?![\w.]\w|\d)/g,
];

/** @returns the text without ARNs, account ids, hosts, addresses and request ids of the operator */
export function withoutInternals(text: string): string {
  return INTERNAL.reduce((told, internal) => told.replace(internal, REMOVED), text);
}

/** What programs print of secrets, by the marks that these have. What follows the name or the scheme goes. */
const SECRET: readonly (readonly [mark: RegExp, left: string])[] = [
  // name=value and "name": "value", in a line, in JSON, and in the query of an address.
  [
    /([\w-]{0,64}(?:passw(?:or)?d|secret|token|api[_-]?key|access[_-]?key|credential|signature|authorization|private[_-]?key)[\w-]{0,64}["']?\s{0,4}[:=]\s{0,4}["']?)(?:(?:bearer|basic)\s+)?[^\s"'&,;}]+/gi,
    `$1${REMOVED}`,
  ],
  [/\b(bearer|basic)\s+[\w+/=.~-]{8,}/gi, `$1 ${REMOVED}`],
  [/\b([a-z][a-z\d+.-]{1,20}:\/\/)[^\s/@]+@/gi, `$1${REMOVED}@`],
  // Keys of AWS, tokens that begin like JSON in base64, and keys, tickets and signing keys of ours.
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, REMOVED],
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, REMOVED],
  [/\b(?:hgk_|hgt\.|whsec_)[\w.+/=-]{8,}/g, REMOVED],
  // A line of a key in PEM. A hash in hexadecimal has its own length, and stays.
  [/(?<![\w+/])(?![\da-f]+(?![\w+/]))[A-Za-z\d+/]{60,}={0,2}/g, REMOVED],
];

/** Of a longer line the rest is dropped, and with it the time that the marks would take. */
const MAX_SEARCHED_CHARACTERS = 4096;

/** @returns the text of a program, without what looks like a secret. It is no proof: a secret may look like anything */
export function withoutSecrets(text: string): string {
  return SECRET.reduce(
    (told, [mark, left]) => told.replace(mark, left),
    text.slice(0, MAX_SEARCHED_CHARACTERS),
  );
}
