/** Secrets and parameters that job definitions name, from a file of the user's. */
import * as z from 'zod';
import { jsonOf } from './json-file.ts';
import { Misused } from './misused.ts';

const File = z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())]));

/** `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX[:KEY:STAGE:VERSION]` */
const SECRET_ARN = /^arn:aws:secretsmanager:[^:]*:[^:]*:secret:(?<name>[^:]+)(:(?<key>[^:]*))?/;
const PARAMETER_ARN = /^arn:aws:ssm:[^:]*:[^:]*:parameter(?<name>\/.+)$/;

/**
 * @param file JSON by ARN or name; a secret with keys is an object
 * @returns the value of what a definition names, or undefined when the file has none
 * @throws Misused
 */
export function secretsOf(file: string): (valueFrom: string) => Promise<string | undefined> {
  const secrets = readSecrets(file);
  const find = (name: string) => (Object.hasOwn(secrets, name) ? secrets[name] : undefined);
  return async (valueFrom) => {
    const { name = valueFrom, key = '' } =
      (SECRET_ARN.exec(valueFrom) ?? PARAMETER_ARN.exec(valueFrom))?.groups ?? {};
    // Secrets Manager adds a hyphen and six characters to a name.
    const found =
      find(valueFrom) ?? find(name) ?? find(name.replace(/^\//, '')) ?? find(name.replace(/-\w{6}$/, ''));
    if (key === '') return typeof found === 'object' ? JSON.stringify(found) : found;
    return typeof found === 'object' && Object.hasOwn(found, key) ? found[key] : undefined;
  };
}

function readSecrets(file: string): z.infer<typeof File> {
  const expected = `Expected --secrets with a file of JSON such as {"NAME": "value"}`;
  const parsed = File.safeParse(jsonOf(file, expected));
  if (!parsed.success) throw new Misused(`${expected}; ${file} has something else.`);
  return parsed.data;
}
