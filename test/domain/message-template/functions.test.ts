import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../../../src/domain/message-template/functions.ts';
import { parseTemplate } from '../../../src/domain/message-template/parse.ts';
import { renderTemplate } from '../../../src/domain/message-template/render.ts';
import type { TemplateObject, Value } from '../../../src/domain/message-template/value.ts';

/** An object such as that of two changes: equal fields, and another identity. */
function workload(name: string): TemplateObject {
  return { kind: 'object', fields: { Name: name, Kind: 'Deployment' }, text: name };
}

const DATA: TemplateObject = {
  kind: 'object',
  text: 'data',
  fields: {
    None: null,
    Web: workload('web'),
    Again: workload('web'),
    Api: workload('api'),
    Empty: [],
    Map: { kind: 'map', entries: [['a', 'x']] } satisfies Value,
    NoMap: { kind: 'map', entries: [] } satisfies Value,
  },
};

function rendered(template: string): string {
  return renderTemplate(parseTemplate(template), DATA);
}

/** Each row: what a template says, and what Go’s `text/template` with sprig makes of it. */
const AS_IN_GO: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  and: [
    ['and 1 0 2', '0'],
    ['and 1 "a"', 'a'],
    ['and "" 1 | quote', '""'],
    ['0 | and 1', '0'],
    ['and .None 1 | default "none"', 'none'],
    // What stands behind the value that decides is not looked at.
    ['if and .Empty (index .Empty 0) }}yes{{ else }}no{{ end', 'no'],
  ],
  or: [
    ['or 0 "" "b" "c"', 'b'],
    ['or 0 false', 'false'],
    ['or 0 .None | default "none"', 'none'],
    ['"c" | or ""', 'c'],
    ['or "a" (index .Empty 0)', 'a'],
  ],
  not: [
    ['not .Empty', 'true'],
    ['not .NoMap', 'true'],
    ['not .Map', 'false'],
    ['not .Web', 'false'],
    ['not .None', 'true'],
  ],
  eq: [
    ['eq "a" "b" "a"', 'true'],
    ['eq 1 2', 'false'],
    ['eq true true', 'true'],
    ['eq .None "a"', 'false'],
    ['eq .None nil', 'true'],
    ['eq .Web .Again', 'true'],
    ['eq .Web .Api', 'false'],
    ['eq .Web .None', 'false'],
  ],
  ne: [
    ['ne 1 2', 'true'],
    ['ne .Web .Again', 'false'],
  ],
  lt: [
    ['lt 9 10', 'true'],
    ['lt "9" "10"', 'false'],
    ['lt 2 2', 'false'],
  ],
  le: [
    ['le 2 2', 'true'],
    ['le "b" "a"', 'false'],
  ],
  gt: [
    ['gt 3 2', 'true'],
    ['gt "a" "b"', 'false'],
  ],
  ge: [
    ['ge "a" "a"', 'true'],
    ['ge 1 2', 'false'],
  ],
  empty: [
    ['empty 0', 'true'],
    ['empty "a"', 'false'],
    ['empty .None', 'true'],
  ],
  default: [
    ['default "x" ""', 'x'],
    ['default "x" "y"', 'y'],
    ['.None | default "x"', 'x'],
    ['0 | default 7', '7'],
  ],
  coalesce: [
    ['coalesce 0 "" .None "c" "d"', 'c'],
    ['coalesce "" | default "none"', 'none'],
  ],
  ternary: [
    ['ternary "a" "b" true', 'a'],
    ['false | ternary "a" "b"', 'b'],
  ],
  len: [
    ['len "größe"', '7'],
    ['len list', '0'],
    ['len .Map', '1'],
  ],
  index: [
    ['index (list "a" "b") 1', 'b'],
    ['index (list (list "a" "b")) 0 1', 'b'],
    ['index .Map "a"', 'x'],
    ['index "a"', 'a'],
  ],
  list: [
    ['list 1 "a" true', '[1 a true]'],
    ['list', '[]'],
  ],
  first: [
    ['first (list "a" "b")', 'a'],
    ['first .Empty | default "none"', 'none'],
  ],
  last: [
    ['last (list "a" "b")', 'b'],
    ['last .Empty | default "none"', 'none'],
  ],
  rest: [
    ['rest (list 1 2 3)', '[2 3]'],
    ['rest .Empty', '[]'],
  ],
  uniq: [['uniq (list "b" "a" "b" 1 "1")', '[b a 1 1]']],
  sortAlpha: [
    ['sortAlpha (list "b" "B" "a" 10 9)', '[10 9 B a b]'],
    ['sortAlpha "a"', '[a]'],
  ],
  has: [
    ['has "a" (list "b" "a")', 'true'],
    ['has 1 (list "1")', 'false'],
  ],
  join: [
    ['list 1 "a" .None true | join "-"', '1-a-true'],
    ['join "-" "a"', 'a'],
    ['join "-" .Empty | quote', '""'],
  ],
  splitList: [
    ['splitList "." "1.2.3"', '[1 2 3]'],
    ['splitList "" "añ😀"', '[a ñ 😀]'],
    ['splitList "," "" | len', '1'],
  ],
  add: [
    ['add 1 2 -4', '-1'],
    ['add "40" 2', '42'],
  ],
  sub: [['sub 1 3', '-2']],
  print: [
    ['print "a" "b"', 'ab'],
    ['print 1 2 "a" 3 true', '1 2a3 true'],
    ['print', ''],
  ],
  println: [['println "a" 1 "b"', 'a 1 b\n']],
  printf: [
    ['printf "%s is %d, %v, %t" "a" 3 (list 1 2) true', 'a is 3, [1 2], true'],
    ['printf "%q 100%%" "a\\"b"', '"a\\"b" 100%'],
    ['printf "%.7s|%.9s" "0123456789" "abc"', '0123456|abc'],
    ['printf "%5s|%-5s|%3d" "ab" "ab" 7', '   ab|ab   |  7'],
    ['printf "%-4.2q|" "abc"', '"ab"|'],
    ['printf "%.1s" "😀a"', '😀'],
    ['printf "none"', 'none'],
  ],
  lower: [['lower "ÄB"', 'äb']],
  upper: [['upper "äb"', 'ÄB']],
  title: [
    ['title "my-app is_here, 2nd étage"', 'My-App Is_here, 2nd Étage'],
    ['title "a\\tb"', 'A\tB'],
  ],
  trim: [['trim " a b\\n" | quote', '"a b"']],
  trimAll: [
    ['trimAll "$." "$.a.b$"', 'a.b'],
    ['trimAll "a" "aaa" | quote', '""'],
    ['trimAll "😀" "😁"', '😁'],
  ],
  trimPrefix: [
    ['trimPrefix "v" "v1v"', '1v'],
    ['trimPrefix "x" "v1"', 'v1'],
  ],
  trimSuffix: [
    ['trimSuffix "-rc" "1-rc"', '1'],
    ['trimSuffix "x" "1-rc"', '1-rc'],
    ['trimSuffix "" "1"', '1'],
  ],
  replace: [
    ['replace "." "$&" "1.2.3"', '1$&2$&3'],
    ['replace "" "-" "a😀"', '-a-😀-'],
  ],
  contains: [
    ['contains "b" "abc"', 'true'],
    ['contains "abc" "b"', 'false'],
  ],
  hasPrefix: [
    ['hasPrefix "a" "ab"', 'true'],
    ['hasPrefix "ab" "a"', 'false'],
  ],
  hasSuffix: [
    ['hasSuffix "b" "ab"', 'true'],
    ['hasSuffix "ab" "b"', 'false'],
  ],
  nospace: [['nospace " a\\tb c\\n"', 'abc']],
  quote: [
    ['quote "a\\"b" 1', '"a\\"b" "1"'],
    ['quote .None "a"', '"a"'],
  ],
  squote: [
    ['squote "a" true', "'a' 'true'"],
    ['squote .None "a"', "'a'"],
  ],
  toString: [['toString 12 | len', '2'] as const],
  trunc: [
    ['trunc 3 "abcdef"', 'abc'],
    ['trunc -3 "abcdef"', 'def'],
    ['trunc 9 "abc"', 'abc'],
    ['trunc -9 "abc"', 'abc'],
    ['trunc 1 "😀b"', '😀'],
  ],
  repeat: [
    ['repeat 3 "ab"', 'ababab'],
    ['repeat 0 "ab" | quote', '""'],
  ],
  indent: [['indent 2 "a\\r\\nb\\n"', '  a\r\n  b\n  ']],
  nindent: [['nindent 1 "a"', '\n a']],
  base: [
    ['base "apps/web/app.yaml"', 'app.yaml'],
    ['base "apps/web/"', 'web'],
    ['base ""', '.'],
    ['base "//"', '/'],
  ],
  dir: [
    ['dir "apps/web/app.yaml"', 'apps/web'],
    ['dir "apps//app.yaml"', 'apps'],
    ['dir "apps/web/"', 'apps/web'],
    ['dir "app.yaml"', '.'],
    ['dir "/app.yaml"', '/'],
    ['dir ""', '.'],
  ],
};

describe('a function of templates', () => {
  it('has a row for each there is', () => {
    expect(Object.keys(AS_IN_GO).toSorted()).toEqual([...FUNCTIONS.keys()].toSorted());
  });

  it.each(Object.values(AS_IN_GO).flat())('does as in Go: {{ %s }}', (action, want) => {
    expect(rendered(`{{ ${action} }}`)).toBe(want);
  });

  it.each([
    ['upper .None', 'there is no such value; guard it with `if` or `default`'],
    ['print .None', 'there is no such value'],
    ['toString nil', 'there is no such value'],
    ['eq 1 "1"', 'only two texts, numbers, truth values or objects can be equal'],
    ['eq .Map .Map', 'only two texts, numbers, truth values or objects can be equal'],
    ['ne .Empty .Empty', 'only two texts, numbers, truth values or objects can be equal'],
    ['eq .Web "web"', 'only two texts, numbers, truth values or objects can be equal'],
    ['lt 1 "2"', 'only two texts or two numbers can be compared'],
    ['lt "1" 2', 'only two texts or two numbers can be compared'],
    ['gt true false', 'only two texts or two numbers can be compared'],
    ['len 3', 'len needs a text, a list or a map'],
    ['len .None', 'len needs a text, a list or a map'],
    ['len .Web', 'len needs a text, a list or a map'],
    ['index (list "a") 1', 'index 1 is outside a list of 1'],
    ['index (list "a") -1', 'index -1 is outside a list of 1'],
    ['index (list "a") "b"', '"b" is no whole number'],
    ['index "abc" 0', '.0: this value has no fields'],
    ['.Web.Size', 'there is no .Size; there are .Name, .Kind'],
    ['first "abc"', 'a list is needed here'],
    ['add 1 "x"', '"x" is no whole number'],
    ['add 1 .None', 'there is no such value'],
    ['repeat -1 "a"', 'repeat: from 0 to 1000 times'],
    ['repeat 1001 "a"', 'repeat: from 0 to 1000 times'],
    ['indent -1 "a"', 'an indent is from 0 to 100'],
    ['indent 101 "a"', 'an indent is from 0 to 100'],
    ['printf "%s"', 'printf: there is no value for %s'],
    ['printf "%s" "a" "b"', 'printf: there are more values than verbs'],
    ['printf "%x" "a"', 'printf: %x is none of %s, %v, %d, %t and %q'],
    ['printf "50% off" 1', 'printf: %  is none of'],
    ['printf "%d" "a"', '"a" is no whole number'],
    ['printf "%s" .None', 'there is no such value'],
    ['ternary "a" "b"', 'ternary takes 3 values, and not 2'],
    ['and', 'and takes at least 1 values, and not 0'],
  ])('says what is wrong with {{ %s }}', (action, fault) => {
    expect(() => rendered(`{{ ${action} }}`)).toThrow(`line 1: ${fault}`);
  });
});
