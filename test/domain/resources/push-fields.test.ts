import { describe, expect, it } from 'vitest';
import { automation, complaints } from './resource-text.ts';

const PULL_REQUESTS_TO_COME = 'a.yaml:8:3: spec.pullRequest: not supported yet';

describe('where an automation pushes to', () => {
  it.each([
    ['the branch itself', automation('  push: { branch: main }')],
    ['another branch, with options', automation('  push: { branch: bot/x, options: { a: "" } }')],
    ['no options', automation('  push: { options: {} }')],
  ])('may be %s', (_, text) => {
    expect(complaints(text)).toEqual([]);
  });

  it.each([
    [
      'a branch that Git refuses',
      automation('  push: { branch: "a b" }'),
      ['a.yaml:7:19: spec.push.branch: "a b" is not the name of a branch, such as main'],
    ],
    [
      'an option of two lines',
      automation('  push: { options: { a: x, b: "1\\n2" } }'),
      ['a.yaml:7:31: spec.push.options.b: a push option is one line of text'],
    ],
    [
      'an option without a name',
      automation('  push: { options: { "": x } }'),
      ['a.yaml:7:26: spec.push.options[""]: a push option is one line of text'],
    ],
    [
      'a branch beside those of pull requests',
      automation('  push: { branch: bot }\n  pullRequest: { provider: github }'),
      [
        'a.yaml:7:19: spec.push.branch: spec.pullRequest has branches of its own; name them by pullRequest.branch, or leave one of the two out',
        PULL_REQUESTS_TO_COME,
      ],
    ],
    ...[
      ['a b', '"a b" is not the name of a branch, such as main'],
      ['main', 'main is the branch that is read; give the branch of a pull request another name'],
      ['{{ .Values.none }}', 'line 1: there is no such value; guard it with `if` or `default`'],
    ].map(([template = '', message = '']): [string, string, string[]] => [
      `the branch of pull requests “${template}”`,
      automation(`    branch: main\n  pullRequest: { provider: github, branch: "${template}" }`),
      [PULL_REQUESTS_TO_COME, `a.yaml:8:44: spec.pullRequest.branch: ${message}`],
    ]),
    [
      'one branch for the pull requests of several groups',
      automation('  groupBy: path\n  pullRequest: { provider: github, branch: bot }'),
      [
        PULL_REQUESTS_TO_COME,
        'a.yaml:8:44: spec.pullRequest.branch: “policy default/web” and “policy default/api” would both be written to the branch bot; tell them apart by {{ .Group }}',
      ],
    ],
  ])('is told to be %s, with the place and the mend', (_, text, want) => {
    expect(complaints(text)).toEqual(want);
  });
});
