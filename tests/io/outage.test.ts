import { expect, test } from '@jest/globals';
import { NameUnresolved, type Resolve } from '../../io/http/egress.ts';
import { outage } from '../../io/http/outage.ts';

test('name resolution that fails for a host that is always there is an outage of ours', async () => {
  const failing: Resolve = () => Promise.reject(new NameUnresolved('dns_failed'));
  expect(await outage('sts.example.com', failing)()).toBe(true);
});

test('a host that is always there and has no public address is an outage, and nothing private is dialled', async () => {
  const hijacked: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];
  expect(await outage('sts.example.com', hijacked)()).toBe(true);
});

test('an outage that fails everything at once is looked at once', async () => {
  let looks = 0;
  const failing: Resolve = () => {
    looks++;
    return Promise.reject(new NameUnresolved('dns_failed'));
  };
  const ours = outage('sts.example.com', failing);
  expect(await Promise.all([ours(), ours(), ours()])).toEqual([true, true, true]);
  expect(looks).toBe(1);
});
