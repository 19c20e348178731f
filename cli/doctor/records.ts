/** The table, the key of webhooks and the clock of this machine. */
import { EncryptCommand } from '@aws-sdk/client-kms';
import { dueIndex, SET_ASIDE } from '../../io/table/due.ts';
import { duration } from '../program/time.ts';
import { queueUrl } from '../stack/find.ts';
import { type Check, ok, wrong } from './check.ts';

/** Tick comes every minute, and takes up to one. */
const MAX_LATE_MS = 3 * 60_000;

export const lateItems: Check = {
  id: 'due.late',
  fix: 'Read the log of the function tick: it does not run, or fails. headgate reconcile does its work by hand.',
  async look({ records }) {
    const due = dueIndex(records.items);
    const nowMs = records.clock.nowMs();
    const firsts = await Promise.all(due.shards.map(async (shard) => (await due.due(shard, nowMs)).due));
    const items = firsts.flat().filter(({ isSetAside }) => !isSetAside);
    const lateMs = Math.max(0, ...items.map(({ dueAt }) => nowMs - dueAt));
    return lateMs <= MAX_LATE_MS
      ? ok(items.length === 0 ? 'nothing is due' : `the oldest item has been due for ${duration(lateMs)}`)
      : wrong(
          `expected nothing due for more than ${duration(MAX_LATE_MS)}, found an item due for ${duration(lateMs)}`,
        );
  },
};

export const setAside: Check = {
  id: 'due.set_aside',
  fix: 'headgate reconcile --set-aside lists them; docs/operating/repair.md says what to do.',
  async look({ records }) {
    const due = dueIndex(records.items);
    const pages = await Promise.all(SET_ASIDE.map((shard) => due.due(shard, Number.MAX_SAFE_INTEGER)));
    const count = pages.reduce((sum, { due: items }) => sum + items.length, 0);
    return count === 0
      ? ok('no item was set aside')
      : wrong(`expected no item that was set aside, found ${count}`);
  },
};

export const webhookKey: Check = {
  id: 'webhooks.key',
  fix: 'Enable the key in KMS, or cancel its deletion: without it no webhook can be signed.',
  async look({ kms, stage }) {
    const KeyId = `alias/headgate-${stage}-webhooks`;
    // A use tells what a description would only claim.
    await kms.send(
      new EncryptCommand({ KeyId, Plaintext: new Uint8Array(1), EncryptionContext: { purpose: 'doctor' } }),
    );
    return ok(`${KeyId} encrypts`);
  },
};

/** AWS refuses signatures that are more than five minutes old. */
const MAX_SKEW_MS = 60_000;

export const clockSkew: Check = {
  id: 'clock.skew',
  fix: 'Set the clock of this machine: AWS refuses requests that are five minutes off, and --since would mean another time.',
  async look({ sqs, stage }) {
    const address = new URL(await queueUrl(sqs, `headgate-${stage}-front`)).origin;
    const beforeMs = Date.now();
    const { headers } = await fetch(address, {
      signal: AbortSignal.timeout(5000),
    });
    const there = Date.parse(headers.get('date') ?? '');
    if (Number.isNaN(there)) return wrong('expected a Date header of AWS, found none');
    // The header has whole seconds.
    const skewMs = Math.max(0, Math.abs(there + 500 - (beforeMs + Date.now()) / 2) - 500);
    return skewMs <= MAX_SKEW_MS
      ? ok(`${duration(skewMs)} off the clock of AWS`)
      : wrong(`expected at most ${duration(MAX_SKEW_MS)} off the clock of AWS, found ${duration(skewMs)}`);
  },
};
