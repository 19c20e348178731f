/** Where an operator reads what a container wrote. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { logUrl } from '../../../../domain/reading/log-link.ts';

const place = { region: 'eu-central-1', group: '/headgate/prod/worker' };

test('the link of a log stream opens it in the console of its region', () => {
  expect(logUrl(place, 'medium/default/0a1b2c')).toBe(
    'https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1' +
      '#logsV2:log-groups/log-group/$252Fheadgate$252Fprod$252Fworker' +
      '/log-events/medium$252Fdefault$252F0a1b2c',
  );
});

test('the console decodes the link to the same names, whatever they are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (group, stream) => {
      const [, encoded] = logUrl({ ...place, group }, stream).split('#logsV2:log-groups/log-group/');
      const names = (encoded ?? '').split('/log-events/');
      const decoded = names.map((name) => decodeURIComponent(decodeURIComponent(name.replaceAll('$', '%'))));
      expect(decoded).toEqual([group, stream]);
    }),
  );
});
