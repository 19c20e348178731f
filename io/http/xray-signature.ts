/** Signs spans for X-Ray's own address, which takes OTLP from callers that IAM knows. */
import type { SQSClient } from '@aws-sdk/client-sqs';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SignTraces } from './traces.ts';

/**
 * @param client any client of AWS: it has the credentials, the Region and the hash that a signature is made with
 * @see Amazon CloudWatch user guide, "OTLP endpoints"
 */
export function xraySignature({ config }: Pick<SQSClient, 'config'>): SignTraces {
  const signer = new SignatureV4({
    service: 'xray',
    region: config.region,
    credentials: config.credentials,
    sha256: config.sha256,
  });
  return async (endpoint, headers, body) => {
    const { hostname, host, pathname, protocol } = new URL(endpoint);
    const request = {
      method: 'POST',
      protocol,
      hostname,
      path: pathname,
      headers: { ...headers, host },
      body,
    };
    const signed = await signer.sign(request);
    // Whatever sends the request names the host itself.
    return Object.fromEntries(Object.entries(signed.headers).filter(([name]) => name !== 'host'));
  };
}
