/** What reaches a terminal, and what a program reads. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { aligned, jsonText, output, plain } from '../../../cli/program/output.ts';

function written(
  { json = false, width = 80, colour = false },
  use: (out: ReturnType<typeof output>) => void,
) {
  let [out, err] = ['', ''];
  const streams = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    width,
    colour,
  };
  use(output(streams, json));
  return { out, err };
}

/** All but a line break and a tab: escapes move the cursor, set the title, fill the clipboard. */
const CONTROL = /[^\P{Cc}\n\t]/u;

describe('no control character of a tenant reaches the terminal', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 40 });

  test('in a line, a cell, a block, a sentence or a JSON document', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, other) => {
        const { out, err } = written({}, ({ show, note, warn }) => {
          show([], (page) => {
            page.line(text, { text: other, tone: 'bad' });
            page.table([text, other], [[other, { text, tone: 'dim' }]]);
            page.block(text);
          });
          note(text);
          warn(other);
        });
        const json = written({ json: true }, ({ show }) => show([{ [text]: other }], () => undefined));
        expect(CONTROL.exec(out + err + json.out)).toBeNull();
        expect(JSON.parse(json.out)).toEqual({ [text]: other });
      }),
    );
  });

  test.each([
    ['a title', '\u001b]0;owned\u0007', '\\u001b]0;owned\\u0007'],
    ['a C1 control sequence', '\u009b31m', '\\u009b31m'],
    ['a line that writes over itself', 'safe\rrm -rf', 'safe rm -rf'],
    ['a text that runs backwards', '\u202efdp.exe', '\\u202efdp.exe'],
  ])('%s is shown as an escape', (_, text, shown) => {
    expect(plain(text)).toBe(shown);
  });
});

test('with --json stdout has one document on each line, and remarks go to stderr', () => {
  const { out, err } = written({ json: true }, ({ show, note }) => {
    show([{ a: 1 }, { b: 'x\u0085y' }], (page) => page.line('for people'));
    note('2 records.');
  });
  expect(out).toBe('{"a":1}\n{"b":"x\\u0085y"}\n');
  expect(err).toBe('2 records.\n');
});

test('JSON reads back as what was written', () => {
  // JSON has no negative zero.
  const values = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)));
  fc.assert(fc.property(values, (value) => expect(JSON.parse(jsonText(value))).toEqual(value)));
});

test('without colour no escape is written, and with it only ours', () => {
  const use = ({ show }: ReturnType<typeof output>) =>
    show([], (page) => page.line('state ', { text: 'fail\u001b[2Jed', tone: 'bad' }));
  expect(written({}, use).out).toBe('state fail\\u001b[2Jed\n');
  expect(written({ colour: true }, use).out).toBe('state \u001b[31mfail\\u001b[2Jed\u001b[39m\n');
});

test('columns are as wide as their widest cell, and the last one takes what is left of the line', () => {
  const rows = [
    ['ID', 'REASON'],
    ['job_1', 'a reason that is longer than the line'],
    ['ø', 'short'],
  ];
  const lines = (width?: number) => aligned(rows, width).map((row) => row.join('').trimEnd());
  expect(lines()).toEqual(['ID     REASON', 'job_1  a reason that is longer than the line', 'ø      short']);
  expect(lines(30)).toEqual(['ID     REASON', 'job_1  a reason that is longe…', 'ø      short']);
});
