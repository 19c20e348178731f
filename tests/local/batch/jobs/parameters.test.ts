import { expect, test } from '@jest/globals';
import { fillCommand } from '../../../../local/batch/jobs/parameters.ts';

test.each([
  ['a whole argument is replaced', ['--id', 'Ref::id'], ['--id', '7']],
  ['a value with blanks stays one argument', ['Ref::text'], ['a b; rm -rf /']],
  ['an unknown name stays literal', ['Ref::other'], ['Ref::other']],
  ['a part of an argument stays literal', ['--id=Ref::id'], ['--id=Ref::id']],
  ['an empty value is a value', ['Ref::empty'], ['']],
  ['an argument is no placeholder because its end is a name', ['12345id'], ['12345id']],
  ['a value is not searched again', ['Ref::nested'], ['Ref::id']],
  ['a name every object has is not set', ['Ref::constructor'], ['Ref::constructor']],
])('%s', (_, command, expected) => {
  const parameters = { id: '7', text: 'a b; rm -rf /', empty: '', nested: 'Ref::id' };
  expect(fillCommand(command, parameters)).toEqual(expected);
});
