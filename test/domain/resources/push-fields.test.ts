import { describe, expect, it } from 'vitest';
import { automation, complaints } from './resource-text.ts';

describe('where an automation pushes to', () => {
  it.each([
    ['the branch itself', automation('  push: { branch: main }')],
    ['another branch, with options', automation('  push: { branch: bot/x, options: { a: "" } }')],
    ['a ref for review', automation('  push: { refspec: "HEAD:refs/for/main%topic=x" }')],
    ['a ref by the branch’s name', automation('  push: { refspec: "refs/heads/main:refs/for/x" }')],
    [
      'a branch and a ref',
      automation('    branch: prod\n  push: { branch: b, refspec: "refs/heads/b:refs/heads/c" }'),
    ],
    [
      'a ref by the name of a branch that a source will tell',
      automation('').replace(/ {2}git:[^]*/, '') +
        '  sourceRef: { kind: GitRepository, name: x }\n  push: { refspec: "any:refs/for/main" }\n',
    ],
    [
      'pull requests',
      automation('  pullRequest: { provider: gitea, apiUrl: "https://git.example.com/api/v1" }'),
    ],
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
      ],
    ],
    [
      'no address of an API',
      automation('  pullRequest: { provider: gitea, apiUrl: "git.example.com" }'),
      [
        'a.yaml:7:43: spec.pullRequest.apiUrl: must be the address of an API, such as https://git.example.com/api/v1',
      ],
    ],
    ...[
      ['+HEAD:refs/heads/x', 'nothing is ever forced: leave out the "+"'],
      [':refs/heads/main', 'nothing is deleted: begin with HEAD:'],
      ...['HEAD', 'HEAD:', 'HEAD:main', 'a:refs/b:refs/c', ':'].map((refspec) => [
        refspec,
        'must be HEAD:REF with the full name of a ref, such as HEAD:refs/for/main',
      ]),
      ['HEAD:refs/', '"" cannot be in the name of a ref'],
      ['HEAD:refs/heads/*', '"heads/*" cannot be in the name of a ref'],
      ['a b:refs/for/x', '"a b" cannot be in the name of a ref'],
      [
        'other:refs/for/main',
        'a refspec for "other" would push something else than our commits; begin it with HEAD: or refs/heads/main:',
      ],
    ].map(([refspec = '', message = '']): [string, string, string[]] => [
      `a refspec and not ${refspec}`,
      automation(`  push: { refspec: "${refspec}" }`),
      [`a.yaml:7:20: spec.push.refspec: ${message}`],
    ]),
    [
      'a refspec beside the branches of pull requests',
      automation('  push: { refspec: "HEAD:refs/x" }\n  pullRequest: { provider: github }'),
      [
        'a.yaml:7:20: spec.push.refspec: spec.pullRequest has branches of its own; name them by pullRequest.branch, or leave one of the two out',
      ],
    ],
    ...[
      ['a b', '"a b" is not the name of a branch, such as main'],
      ['main', 'main is the branch that is read; give the branch of a pull request another name'],
      ['{{ .Values.none }}', 'line 1: there is no such value; guard it with `if` or `default`'],
    ].map(([template = '', message = '']): [string, string, string[]] => [
      `the branch of pull requests “${template}”`,
      automation(`    branch: main\n  pullRequest: { provider: github, branch: "${template}" }`),
      [`a.yaml:8:44: spec.pullRequest.branch: ${message}`],
    ]),
    [
      'one branch for the pull requests of several groups',
      automation('  groupBy: path\n  pullRequest: { provider: github, branch: bot }'),
      [
        'a.yaml:8:44: spec.pullRequest.branch: “policy default/web” and “policy default/api” would both be written to the branch bot; tell them apart by {{ .Group }}',
      ],
    ],
  ])('is told to be %s, with the place and the mend', (_, text, want) => {
    expect(complaints(text)).toEqual(want);
  });
});
