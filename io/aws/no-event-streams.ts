/**
 * Takes the place of the SDK's event streams in bundles, 15 KB that no call of ours uses. The SDK asks for it when an
 * operation has a stream of events as its input or output, as SelectObjectContent of S3 has; no function calls one.
 */
export class EventStreamSerde {
  constructor() {
    throw new Error('This bundle carries no event streams: see io/aws/no-event-streams.ts');
  }
}

export const eventStreamSerdeProvider = (): EventStreamSerde => new EventStreamSerde();

/** Called when a client is made; the configuration stays without streams. */
export const resolveEventStreamSerdeConfig = <Config>(config: Config): Config => config;
