/** How the clock of a cloud is moved from outside, and who may not. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Clock, createClock } from '../../local/clock.ts';
import { advanceClock, createControl, readDuration, timeOf } from '../../local/control.ts';
import { setUp } from './gateway/set-up.ts';

const HOUR_MS = 3_600_000;
let clock: Clock;
let cloud: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  clock = createClock();
  cloud = await setUp({ control: createControl(clock) });
});
afterEach(async () => {
  await cloud.close();
  clock.release();
});

const ask = (request: RequestInit, path: string) => fetch(new URL(path, cloud.endpoint), request);
const allowed = { 'x-cloud-control': '1' };

test('its time is read and moved forward over HTTP', async () => {
  expect(await timeOf(cloud.endpoint)).toMatchObject({ aheadMs: 0 });
  expect(await advanceClock(cloud.endpoint, HOUR_MS)).toMatchObject({ aheadMs: HOUR_MS });
  expect(clock.offsetMs()).toBe(HOUR_MS);
});

test.each<[string, RequestInit, number, string]>([
  [
    'a page of a browser, which cannot send the header',
    { method: 'POST', body: '{"advanceMs":1}' },
    403,
    '/_cloud/clock',
  ],
  ['a step backwards', { method: 'POST', headers: allowed, body: '{"advanceMs":-1}' }, 400, '/_cloud/clock'],
  [
    'half a millisecond',
    { method: 'POST', headers: allowed, body: '{"advanceMs":0.5}' },
    400,
    '/_cloud/clock',
  ],
  ['what is no JSON', { method: 'POST', headers: allowed, body: 'soon' }, 400, '/_cloud/clock'],
  ['another method', { method: 'DELETE', headers: allowed }, 405, '/_cloud/clock'],
  ['another path', { headers: allowed }, 404, '/_cloud/batch'],
])('%s is refused, and moves nothing', async (_, request, status, path) => {
  expect((await ask(request, path)).status).toBe(status);
  expect(clock.offsetMs()).toBe(0);
});

test('a cloud without a control takes the request for one to AWS that lacks a signature', async () => {
  const other = await setUp();
  await expect(advanceClock(other.endpoint, 1)).rejects.toThrow('has no clock that can be moved: status 403');
  await other.close();
});

test.each([
  ['90s', 90_000],
  ['2h', 2 * HOUR_MS],
  ['1h30m', 1.5 * HOUR_MS],
  ['7d', 7 * 24 * HOUR_MS],
  ['', undefined],
  ['2', undefined],
  ['-2h', undefined],
  ['2 hours', undefined],
])('the time %j is %s ms', (text, expected) => expect(readDuration(text)).toBe(expected));
