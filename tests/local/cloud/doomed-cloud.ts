/** A cloud in a process of its own: says its endpoint, then runs until it is killed or its input ends. */
import { startCloud } from '../../../local/cloud.ts';
import { optionsFor } from './set-up.ts';

const [folder = '', dataDirectory = ''] = process.argv.slice(2);
const cloud = await startCloud({ ...optionsFor(folder), ...(dataDirectory && { dataDirectory }) });
process.stdout.write(`${cloud.endpoint}\n`);
for await (const _ of process.stdin) {
  // Nothing is said to it; the end of input is what counts.
}
await cloud.close();
