/** The wrapper that makes any program a worker, as a real process: what it gives to the program, and what it makes of its end. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { advance } from '../../domain/job/advance.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { jobTypes } from '../../job-types.ts';
import { type Fate, folder, INPUT, jobs, ran, script, stack, start } from '../support/headgate-exec.ts';
import { context, FIRST, JOB_ID } from '../support/jobs.ts';
import { root } from '../support/root.ts';
import { until } from '../support/until.ts';

describe('a program', () => {
  test('finds its input in a file, byte for byte, and its result is on the record', async () => {
    const { code, job, calls } = await ran('cp "$HEADGATE_INPUT" "$HEADGATE_RESULT"');
    expect(code).toBe(0);
    expect(job).toMatchObject({ state: 'running', result: { inline: INPUT } });
    expect(calls.map(({ call }) => call)).toEqual(['claim', 'heartbeat', 'complete']);
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });

  test('that leaves no result has done its work, and the result is null', async () => {
    expect((await ran('exit 0')).job).toMatchObject({ result: { inline: null } });
  });

  test('sees no ticket and no token, and neither does a list of processes', async () => {
    const { out, calls } = await ran(
      'env; cat /proc/*/cmdline 2>/dev/null | tr "\\0" " "; ls -R "$TMPDIR"; cat "$TMPDIR"/*/* ',
    );
    const [{ ticket }] = calls as unknown as [{ ticket: string }];
    const { token } = calls[1] as unknown as { token: string };
    expect(out).not.toContain(ticket);
    expect(out).not.toContain(token);
    expect(out).not.toMatch(/aws4_request|X-Amz-Signature/);
  });

  test('finds credentials for its objects where an SDK looks for them, if its job type asks for them', async () => {
    const text = 'cat "$AWS_CONFIG_FILE"; sh -c "$(sed -n "s/^credential_process = //p" "$AWS_CONFIG_FILE")"';
    const types = new Map(
      [...jobTypes].map(([id, type]) => [id, { ...type, scopedCredentials: true }] as const),
    );
    const { code, out } = await ran(text, { types });
    expect(code).toBe(0);
    expect(out).toContain('region = eu-west-1');
    expect(JSON.parse(out.split('\n').at(-2) ?? '')).toEqual({
      Version: 1,
      AccessKeyId: `acme-${JOB_ID}-${FIRST}`,
      SecretAccessKey: 'secret',
      SessionToken: 'session',
      Expiration: expect.stringMatching(/^2026-.*Z$/),
    });
  });

  test('finds no credentials of AWS for its objects if its job type does not ask for them', async () => {
    expect((await ran('env')).out).not.toContain('AWS_CONFIG_FILE');
  });

  test.each([
    ['never again', 64, 'input_rejected'],
    ['try later', 75, 'try_later'],
    ['anything else', 3, 'exit_code'],
  ])('that says %s by its exit code is taken at its word', async (_, code, reported) => {
    const ended = await ran(`echo "canary: what it says is the operator's"; exit ${code}`);
    expect(ended.code).toBe(code);
    expect(ended.job).toMatchObject({ reportedFailure: { code: reported } });
    expect(ended.job.result).toBeUndefined();
    expect(JSON.stringify(ended.job)).not.toContain('canary');
    expect(ended.out).toContain('canary');
  });

  test('reports progress by lines of a file, and only what is progress is written', async () => {
    const lines = `printf '%s\\n' '{"done":1}' '"},"token":"FORGED"' '{"done":2,"total":3,"note":"\\"x\\\\"}' >>"$HEADGATE_PROGRESS"`;
    const { job } = await ran(`${lines}; sleep 7`);
    expect(job).toMatchObject({ progress: { done: 2, total: 3, note: '"x\\' }, result: { inline: null } });
  }, 30_000);

  test('may print a gigabyte', async () => {
    const { code, bytes } = await ran('head -c 1000000000 /dev/zero');
    expect(code).toBe(0);
    expect(bytes).toBeGreaterThan(999_999_999);
  }, 60_000);

  test('whose result is larger than 5 MiB has failed for good', async () => {
    const { code, job } = await ran('head -c 6000000 /dev/zero >"$HEADGATE_RESULT"');
    expect(code).toBe(64);
    expect(job).toMatchObject({ reportedFailure: { code: 'result_too_large' } });
  });

  test('whose result the bucket does not take is tried again later', async () => {
    const { code, job } = await ran('echo 1 >"$HEADGATE_RESULT"', { refusesObjects: true });
    expect(code).toBe(75);
    expect(job).toMatchObject({ reportedFailure: { code: 'try_later' } });
    expect(job.result).toBeUndefined();
  });

  test('whose task token has ended when it is done is tried again later', async () => {
    const { code, job } = await ran('true', {
      onCall: ({ call }) => (call === 'complete' ? 'spoil_token' : 'answer'),
    });
    expect(code).toBe(75);
    expect(job.result).toBeUndefined();
  });

  test('whose result is no JSON keeps it as an object', async () => {
    const { job } = await ran('echo "not JSON" >"$HEADGATE_RESULT"');
    expect(job).toMatchObject({ result: { object: expect.stringMatching(/result\.json$/), bytes: 9 } });
  });

  test('leaves nothing behind', async () => {
    await ran('echo 1 >"$HEADGATE_RESULT"');
    expect(readdirSync(folder)).toEqual(['program']);
  });
});

describe('an end', () => {
  test('by AWS Batch reaches the program, which may still do its work', async () => {
    const here = await stack();
    const program = script(
      `trap 'echo 7 >"$HEADGATE_RESULT"; exit 0' TERM; touch begun; while :; do sleep 0.1; done`,
    );
    const { child, ended } = start(here.environment, ...program);
    await until('the program', async () => existsSync(join(folder, 'begun')) || undefined);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0 });
    expect(await here.job()).toMatchObject({ result: { inline: 7 } });
    here.close();
  }, 30_000);

  test('of the job reaches the program at the next heartbeat, and what it has started', async () => {
    const here = await stack({
      onCall: async ({ call }): Promise<Fate> => {
        if (call !== 'heartbeat') return 'answer';
        const job = (await jobs.get(JOB_ID)) as JobRecord; // recorded before
        const next = advance(job, { kind: 'cancel' }, context);
        if (next !== undefined) await jobs.replace(job, next);
        return 'answer';
      },
    });
    const program = script(`sh -c 'trap "touch child-ended; exit" TERM; while :; do sleep 0.1; done' &
      echo '{"done":1}' >>"$HEADGATE_PROGRESS"; wait`);
    expect(await start(here.environment, ...program).ended).toMatchObject({ code: 75 });
    await until('the end of the child', async () => existsSync(join(folder, 'child-ended')) || undefined);
    expect(await here.job()).toMatchObject({ state: 'cancelling', reportedFailure: { code: 'try_later' } });
    here.close();
  }, 30_000);

  test('that the program ignores comes after 25 seconds', async () => {
    const here = await stack();
    const { child, ended } = start(
      here.environment,
      ...script(`trap '' TERM; touch begun; while :; do sleep 0.2; done`),
    );
    await until('the program', async () => existsSync(join(folder, 'begun')) || undefined);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 75 });
    here.close();
  }, 60_000);
});

describe('an example', () => {
  const examples = join(root, 'worker/examples');
  const sums = { input: { numbers: [1, 2.5, 3] } };

  test('in Python sums numbers', async () => {
    const here = await stack({ change: sums });
    const { code } = await start(here.environment, 'python3', join(examples, 'python/main.py')).ended;
    expect(code).toBe(0);
    expect(await here.job()).toMatchObject({ result: { inline: { count: 3, sum: 6.5 } } });
    here.close();
  });

  test('in Python refuses what is no number for good', async () => {
    const here = await stack({ change: { input: { numbers: ['1'] } } });
    const { code, out } = await start(here.environment, 'python3', join(examples, 'python/main.py')).ended;
    expect([code, out]).toEqual([64, expect.stringContaining('expected numbers alone')]);
    here.close();
  });

  test('in shell counts bytes', async () => {
    const here = await stack({ change: { input: { text: 'é' } } });
    await start(here.environment, 'sh', join(examples, 'shell/count.sh')).ended;
    expect(await here.job()).toMatchObject({ result: { inline: { bytes: 13 } } });
    here.close();
  });

  const hasGo = spawnSync('go', ['version']).status === 0;
  (hasGo ? test : test.skip)(
    'in Go sums numbers (skipped where there is no Go)',
    async () => {
      const program = join(folder, 'sums');
      const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOPROXY: 'off' };
      const built = spawnSync('go', ['build', '-o', program, '.'], {
        cwd: join(examples, 'go'),
        encoding: 'utf8',
        env,
      });
      expect(built).toMatchObject({ status: 0 });
      const here = await stack({ change: sums });
      await start(here.environment, program).ended;
      expect(await here.job()).toMatchObject({ result: { inline: { count: 3, sum: 6.5 } } });
      here.close();
    },
    180_000,
  );
});

test('a container whose attempt another one has claimed ends well, and runs nothing', async () => {
  const change = { claim: { runId: FIRST, try: 1, nonce: 'another' } };
  const { code, job } = await ran('touch ran; exit 3', { change });
  expect(code).toBe(0);
  expect(existsSync(join(folder, 'ran'))).toBe(false);
  expect(job.claim?.nonce).toBe('another');
});

test('every call whose answer is lost is made again, and the work is done once', async () => {
  const lost = new Set<string>();
  const { code, job } = await ran('echo run >>runs; echo 1 >"$HEADGATE_RESULT"', {
    onCall: ({ call }) => {
      if (lost.has(call)) return 'answer';
      lost.add(call);
      return 'lose';
    },
  });
  expect(code).toBe(0);
  expect(lost).toEqual(new Set(['claim', 'heartbeat', 'complete']));
  expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('run\n');
  expect(job).toMatchObject({ result: { inline: 1 } });
}, 30_000);
