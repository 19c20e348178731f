/** The published document of the API, and whether an answer is one that it promises. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { type OperationId, operationOf } from '../../api/contract/contract.ts';

interface Promised {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface PathItem {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, Promised>>;
}

export const documentText = readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8');
const document: {
  readonly paths: Readonly<Record<string, Readonly<Record<string, PathItem>>>>;
} = JSON.parse(documentText);

const ajv = new Ajv2020({ strict: false, allErrors: true });
// Its types are those of a CommonJS module.
(formats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema({ ...document, $id: 'headgate' });

/** @returns what is wrong with the answer, or undefined: the document has its status, and the schema fits its body */
export function undocumented(
  id: OperationId,
  status: number,
  type: string | null,
  text: string,
): string | undefined {
  const { path, method } = operationOf(id);
  const promised = document.paths[path]?.[method]?.responses[String(status)];
  if (promised === undefined) return `${id} does not promise ${status}: ${text}`;
  const [expected] = Object.keys(promised.content ?? {});
  if (expected === undefined) return text === '' ? undefined : `${id} ${status} promises no body`;
  if (type?.split(';')[0] !== expected) return `${id} ${status} promises ${expected}, found ${type}`;
  const pointer = ['paths', path, method, 'responses', String(status), 'content', expected, 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const validate = ajv.compile({ $ref: `headgate#/${pointer}` });
  return validate(JSON.parse(text)) ? undefined : `${id} ${status}: ${ajv.errorsText(validate.errors)}`;
}
