/** headgate-exec that is killed, and programs that leave something behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { folder, ran, script, stack, start } from '../support/headgate-exec.ts';
import { FIRST } from '../support/jobs.ts';
import { root } from '../support/root.ts';
import { until } from '../support/until.ts';

test.each([1, 2, 3])(
  'a wrapper that is killed at its call %i leaves a record that the next try can take',
  async (at) => {
    let kill = (): unknown => undefined;
    const here = await stack({
      onCall: (_, number) => {
        if (number === at) kill();
        return 'answer';
      },
    });
    const { child, ended } = start(here.environment, ...script('echo 1 >"$HEADGATE_RESULT"'));
    kill = () => process.kill(-(child.pid ?? 0), 'SIGKILL');
    expect((await ended).code).toBeNull();
    const job = await until('the last call', async () =>
      here.answered.length === at ? here.job() : undefined,
    );
    expect(job.state).toBe('running');
    here.close();
  },
);

/** The shell tells of each of its commands before it runs it. */
test.each([3, 9, 16, 24, 33, 45, 60, 80])(
  'a wrapper that is killed at its command %i is followed by a try that does the work',
  async (at) => {
    const here = await stack({ facts: { kind: 'known', tries: 1 } });
    // The record knows the first try, AWS Batch the second.
    const program = script('echo 1 >"$HEADGATE_RESULT"');
    const traced = spawn('sh', ['-x', join(root, 'worker/headgate-exec'), ...program], {
      env: here.environment,
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = once(traced, 'close');
    let commands = 0;
    for await (const chunk of traced.stderr) {
      commands += String(chunk).split('\n').length - 1;
      if (commands >= at) break;
    }
    expect(commands).toBeGreaterThanOrEqual(at);
    process.kill(-(traced.pid ?? 0), 'SIGKILL');
    await ended;
    const again = start({ ...here.environment, AWS_BATCH_JOB_ATTEMPT: '2' }, ...program);
    expect(await again.ended).toMatchObject({ code: 0 });
    expect(await here.job()).toMatchObject({ result: { inline: 1 }, claim: { runId: FIRST, try: 2 } });
    here.close();
  },
  60_000,
);

test('a program that leaves a process behind has done its work, and its container ends', async () => {
  const text =
    '(trap "" TERM HUP; exec sleep 300) >/dev/null 2>&1 & echo $! >left; echo 1 >"$HEADGATE_RESULT"';
  const { code, job } = await ran(text);
  // What AWS does with the container; here it is another process of this machine.
  process.kill(Number(readFileSync(join(folder, 'left'), 'utf8')), 'SIGKILL');
  expect(code).toBe(0);
  expect(job).toMatchObject({ result: { inline: 1 } });
}, 30_000);
