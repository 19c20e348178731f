/** The wrapper that makes any program a worker, as a real process: what it gives to the program, and what it makes of its end. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { advance } from '../../domain/job/advance.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import { type JobStore, jobStore } from '../../io/table/jobs.ts';
import { jobTypes } from '../../job-types.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { type Change, context, FIRST, JOB_ID, jobIn } from '../support/jobs.ts';
import { createJobsTable } from '../support/jobs-table.ts';
import { root } from '../support/root.ts';
import { until } from '../support/until.ts';
import { memoryBucket, openWorkerApi, ticketFor } from '../support/worker-api.ts';

const INPUT = { name: 'Ada', note: '"; rm -rf /\n$(touch pwned)\ntoken=FORGED\n\\"é' };

let cloud: Awaited<ReturnType<typeof setUp>>;
let jobs: JobStore;
let folder: string;
beforeEach(async () => {
  cloud = await setUp();
  folder = mkdtempSync(join(tmpdir(), 'headgate-exec-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cloud.close();
});

type Fate = 'answer' | 'lose';

interface Given {
  readonly change?: Change;
  readonly types?: JobTypes;
  /** Called before each call is answered; 'lose' runs it and does not answer. */
  readonly onCall?: (call: { readonly call: string }, number: number) => Fate | Promise<Fate>;
}

/** Lambda and S3 at one address. */
async function stack({ change = {}, types = jobTypes, onCall = () => 'answer' }: Given = {}) {
  jobs = jobStore(await createJobsTable(cloud.dynamodb));
  await jobs.create(
    jobIn('submitted', { jobType: 'csv.summarise', input: INPUT, claim: undefined, ...change }),
  );
  const bucket = memoryBucket();
  const calls: { readonly call: string; readonly as: string }[] = [];
  const requests: string[] = [];
  const answered: string[] = [];
  const urlOf = (key: string) => `${origin}/objects/${encodeURIComponent(key)}`;
  const api = openWorkerApi({
    jobs,
    types,
    bucket,
    ports: {
      objects: {
        ...bucket.signed,
        readUrl: async (key) => urlOf(key),
        writeUrl: async (key, { sha256 }) => ({
          url: urlOf(key),
          headers: { 'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64') },
        }),
      },
    },
  });
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const key = decodeURIComponent((request.url ?? '').replace('/objects/', ''));
    requests.push(
      `${request.method} ${request.headers.authorization ?? ''} ${request.headers['if-none-match'] ?? ''}`,
    );
    if (request.method === 'PUT' && !bucket.objects.has(key)) bucket.objects.set(key, body);
    if (request.method !== 'POST') {
      response.end(request.method === 'GET' ? bucket.objects.get(key) : undefined);
      return;
    }
    const call = JSON.parse(body.toString());
    calls.push(call);
    const fate = await onCall(call, calls.length);
    const answer = await api.lines(call);
    answered.push(call.call);
    if (fate === 'lose') response.destroy();
    else response.end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has one
  return {
    calls,
    answered,
    requests,
    bucket,
    job: async () => (await jobs.get(JOB_ID)) as JobRecord, // recorded above
    environment: {
      PATH: process.env['PATH'] ?? '',
      TMPDIR: folder,
      HEADGATE_API: 'worker-api',
      HEADGATE_TICKET: ticketFor(),
      AWS_BATCH_JOB_ID: FIRST,
      AWS_BATCH_JOB_ATTEMPT: '1',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: origin,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly bytes: number;
}

/** In a process group of its own, as a container is. */
function start(
  environment: NodeJS.ProcessEnv,
  ...command: string[]
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn('sh', [join(root, 'worker/headgate-exec'), ...command], {
    env: environment,
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, bytes] = ['', 0];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (out.length < 100_000) out += chunk;
    });
  return { child, ended: once(child, 'close').then(([code]) => ({ code, out, bytes })) };
}

const script = (text: string): string[] => {
  const file = join(folder, 'program');
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return [file];
};

async function ran(text: string, given: Given = {}) {
  const here = await stack(given);
  const ended = await start(here.environment, ...script(text)).ended;
  here.close();
  return { ...here, ...ended, job: await here.job() };
}

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
