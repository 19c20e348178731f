/** A host in a process of its own, with one function for each bundle named: says what they print, and runs until it is killed. */
import { createClock } from '../../../local/clock.ts';
import { createLambdaHost } from '../../../local/lambda/host.ts';

const host = createLambdaHost({
  endpoint: 'http://127.0.0.1:9',
  queues: { receive: async () => ({}), remove: async () => ({}) },
  region: 'us-east-1',
  clock: createClock(),
  report: (line) => process.stdout.write(`${line}\n`),
  output: (_, line) => process.stdout.write(`${line}\n`),
});
for (const bundle of process.argv.slice(2)) {
  host.define({
    name: bundle,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${bundle}`,
    bundle,
    exportName: 'handler',
    timeoutSeconds: 900,
    memoryMiB: 128,
    environment: {},
  });
  void host.invoke(bundle, {});
}
