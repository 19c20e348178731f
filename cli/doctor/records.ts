/** The table, the key of webhooks and the clock of this machine. */
import { EncryptCommand } from '@aws-sdk/client-kms';
import { countSetAside, oldestLateMs } from '../../application/repair/upkeep.ts';
import { lateCheck, setAsideCheck } from '../../domain/reading/upkeep-view.ts';
import { dueIndex, SET_ASIDE } from '../../io/table/due.ts';
import { duration } from '../program/time.ts';
import { queueUrl } from '../stack/find.ts';
import { type Check, judged, ok, wrong } from './check.ts';

export const lateItems: Check = {
  ...lateCheck,
  async look({ records: { items, clock } }) {
    return judged(lateCheck.judge({ lateMs: await oldestLateMs({ due: dueIndex(items), clock }) }));
  },
};

export const setAside: Check = {
  ...setAsideCheck,
  async look({ records: { items } }) {
    const ports = { due: dueIndex(items), setAsideShards: SET_ASIDE };
    return judged(setAsideCheck.judge(await countSetAside(ports)));
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
