/**
 * Takes the place of the SDK's cache of discovered endpoints in bundles, 7 KB. The client of DynamoDB makes one for endpoint
 * discovery, which is off unless AWS_ENABLE_ENDPOINT_DISCOVERY turns it on; with it, the client would ask this cache.
 */
export class EndpointCache {
  getEndpoint(): never {
    throw new Error('This bundle carries no endpoint discovery: see io/aws/no-endpoint-cache.ts');
  }
}
