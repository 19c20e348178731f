/** The door for tenants: that it answers, and that a flood of strangers cannot take the account's concurrency. */
import { GetFunctionConcurrencyCommand, GetFunctionUrlConfigCommand } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { type Check, ok, onAws, type Patient, wrong } from './check.ts';

const Health = z.object({ status: z.literal('ok'), audience: z.string() });
const PATIENCE_MS = 10_000;

export const apiHealth: Check = {
  id: 'api.health',
  fix: 'Read the log of the function api. A Region without Function URLs cannot have this door: deploy to another one.',
  async look(patient) {
    const url = await urlOf(patient);
    const answer = await fetch(new URL('v1/health', url), {
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch(() => undefined);
    const health = Health.safeParse(await answer?.json().catch(() => undefined));
    if (health.success) return ok(`the API answers for ${health.data.audience}`);
    return wrong(
      `expected an answer of ${url}v1/health, found ${answer === undefined ? 'none' : `status ${answer.status}`}`,
    );
  },
};

async function urlOf({ apiUrl, lambda, stage }: Patient): Promise<string> {
  if (apiUrl !== undefined) return apiUrl;
  const { FunctionUrl = '' } = await lambda.send(
    new GetFunctionUrlConfigCommand({ FunctionName: `headgate-${stage}-api` }),
  );
  return FunctionUrl;
}

export const apiConcurrency: Check = onAws({
  id: 'api.concurrency',
  fix: 'Deploy with ApiConcurrency: without a limit, strangers who call the API take the concurrency of every function of the account.',
  async look({ lambda, stage }) {
    const command = new GetFunctionConcurrencyCommand({ FunctionName: `headgate-${stage}-api` });
    const { ReservedConcurrentExecutions: reserved } = await lambda.send(command);
    if (reserved !== undefined) return ok(`at most ${reserved} requests run at once`);
    return stage === 'prod'
      ? wrong('expected reserved concurrency of the function api, found none')
      : ok('the function api has no limit of its own, as a stage for trials may');
  },
});
