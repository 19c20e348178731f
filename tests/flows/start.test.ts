/** What `npm start` promises the person in front of it. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, jest } from '@jest/globals';
import { startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

jest.setTimeout(120_000);

it('--once shows every job come to its end and exits 0', async () => {
  const program = startProgram('--once');
  const { code } = await program.ended();
  const output = program.output();
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toMatch(/Ready in \d+\.\d s\. No AWS account, no Docker\./);
  expect(output).toMatch(/acme +job_\S+ +succeeded +[\d.]+ s, 10000 rows/);
  expect(output).toMatch(/initech +job_\S+ +succeeded +[\d.]+ s, 3 thumbnails/);
  expect(output).toMatch(/acme +job_\S+ +failed +invalid_input: input_not_found/);
  expect(output).toMatch(/dead letter +field_unknown at \/prioirty: .* Did you mean priority\?/);
  expect(output.match(/job\.(succeeded|failed), signature verified/g)).toHaveLength(5);
  expect(output).toContain('All 6 messages came to their expected end.');
});

it('a taken port is told in one sentence, not a stack', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const program = startProgram('--port', String(port));
  const { code } = await program.ended();
  other.close();
  expect(code).toBe(1);
  expect(program.output()).toMatch(new RegExp(`port ${port} is taken`, 'i'));
  expect(program.output()).not.toMatch(/\n\s+at /);
});

it('Ctrl-C ends it while jobs run, and leaves no child behind', async () => {
  const program = startProgram();
  await program.printed(/ running /);
  program.child.kill('SIGINT');
  expect(await program.ended()).toEqual({ code: 0, signal: null });
  await until('no container process left', async () =>
    childrenOf(String(program.child.pid)).length === 0 ? true : undefined,
  );
});

/** Containers are process groups of their own, so they are found by the parent that started them or by their command. */
function childrenOf(pid: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => statusOf(entry).includes(`PPid:\t${pid}\n`));
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return ''; // ended while we looked
  }
}
