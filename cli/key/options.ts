/** The options of `headgate key`. */
import * as z from 'zod';
import { KeySettings } from '../../domain/access/key.ts';
import { Scope } from '../../domain/access/scope.ts';
import { JobTypeId, TenantId } from '../../domain/job/ids.ts';
import { flag, option } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';

const scopes = z.enum(Scope.options, `expected one of ${Scope.options.join(', ')}`);
const seconds = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, 'expected a whole number of seconds')
  .transform(Number);

export const keyOptions = {
  id: { effect: '', schema: z.string().regex(/^[a-z2-7]{8,16}$/, 'expected the id of a key') },
  ...placeOptions,
};

export const createOptions = {
  scope: option('SCOPE', `${Scope.options.join(', ')}; may be repeated`, z.array(scopes).min(1)),
  tenant: option(
    'TENANT',
    'for which it may sign, * for every one; may be repeated',
    z.array(z.string()).min(1),
  ),
  name: option('TEXT', 'for its readers', z.string().min(1).max(64).optional()),
  'max-token-seconds': option('N', 'the longest token (3600)', seconds.optional()),
  'expires-at': option('TIME', 'its end', KeySettings.shape.expiresAt),
  'tokens-may-set-up': flag('let its tokens ask for schedules:write, whose schedules outlive them'),
  bearer: flag('let the key itself be sent, as on a laptop'),
  ...placeOptions,
};

const Tag = z
  .string()
  .regex(/^[^=]+=.*$/, 'expected NAME=VALUE')
  .transform((text) => ({
    name: text.slice(0, text.indexOf('=')),
    value: text.slice(text.indexOf('=') + 1),
  }));

export const mintOptions = {
  tenant: option('TENANT', 'whom the token is for', TenantId),
  scope: option('SCOPE', `${Scope.options.join(', ')}; may be repeated`, z.array(scopes).min(1)),
  'expires-in': option('SECONDS', 'how long it is good for (300)', seconds.optional()),
  job: option('JOB', 'opens this job alone', z.string().min(1).optional()),
  tag: option('NAME=VALUE', 'opens jobs with this tag alone', Tag.optional()),
  type: option('JOB_TYPE', 'starts jobs of this type alone; may be repeated', z.array(JobTypeId).optional()),
  once: option(
    'KEY',
    'starts one job, with this idempotency key; needs --type',
    z.string().min(1).max(128).optional(),
  ),
  audience: option('TEXT', 'of the stack; else asked for at --url', z.string().min(1).optional()),
  url: option('URL', "the stack's output ApiUrl, else HEADGATE_URL", z.url('expected a URL').optional()),
  ...placeOptions,
};
