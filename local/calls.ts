/** API calls of the cloud to itself, sent as an SDK would send them, so that a stack is made by the same calls. */
import * as z from 'zod';
import { ApiError } from './aws.ts';
import type { Call } from './template/maker.ts';

type Service = Parameters<Call>[0];

const JSON_TARGETS: Readonly<
  Partial<Record<Service, { readonly version: string; readonly prefix: string }>>
> = {
  dynamodb: { version: '1.0', prefix: 'DynamoDB_20120810' },
  kms: { version: '1.1', prefix: 'TrentService' },
  sqs: { version: '1.0', prefix: 'AmazonSQS' },
};

const Refusal = z.object({ __type: z.string().optional(), message: z.string().default('') });

/** @param endpoint the gateway, http://127.0.0.1:port */
export function callsTo(endpoint: string, region: string): Call {
  return async (service, operation, input) => {
    const target = JSON_TARGETS[service];
    const { path, method, headers } =
      target !== undefined
        ? jsonCall(`${target.prefix}.${operation}`, target.version)
        : restCall(service, operation, input);
    const response = await fetch(new URL(path, endpoint), {
      method,
      headers: {
        // The gateway reads the scope and does not check the signature.
        authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${region}/${service}/aws4_request`,
        ...headers,
      },
      body: method === 'POST' ? JSON.stringify(input) : null,
    });
    const text = await response.text();
    if (!response.ok) throw refusal(response, text);
    return text === '' ? {} : z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  };
}

function jsonCall(target: string, version: string) {
  return {
    path: '/',
    method: 'POST',
    headers: { 'x-amz-target': target, 'content-type': `application/x-amz-json-${version}` },
  };
}

function restCall(service: Service, operation: string, input: Readonly<Record<string, unknown>>) {
  const headers: Record<string, string> = {};
  if (service === 's3') return { path: `/${input['Bucket']}`, method: 'PUT', headers };
  return { path: `/v1/${operation.toLowerCase()}`, method: 'POST', headers };
}

function refusal(response: Response, text: string): ApiError {
  const json = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : { message: text };
  const { __type, message } = Refusal.parse(json);
  const name = response.headers.get('x-amzn-errortype') ?? __type ?? 'UnknownError';
  return new ApiError(name, message, response.status);
}
