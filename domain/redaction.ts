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
