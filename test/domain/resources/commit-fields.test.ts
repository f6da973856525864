import { describe, expect, it } from 'vitest';
import { automation, automationHead, complaints } from './resource-text.ts';

const APP = '    provider: github\n    secretRef: { name: app }\n';
const SOURCE = automationHead.replace(
  / {2}git:[^]*/,
  '  sourceRef: { kind: GitRepository, name: x }\n',
);
const ALONE =
  'signedBy goes without signingKey, author and signOff: GitHub signs with its own key, and only what the bot of the App is the author of';

describe('who signs the commits of an automation', () => {
  it.each([
    ['GitHub', automation(`${APP}  commit: { signedBy: github }`)],
    ['GitHub, as a source may say', `${SOURCE}  commit: { signedBy: github }\n`],
    [
      'GitHub, with a message of one’s own',
      automation(`${APP}  commit: { signedBy: github, messageTemplate: "x", signOff: false }`),
    ],
    ['a key', automation('  commit: { signingKey: { secretRef: { name: x } }, signOff: true }')],
  ])('may be %s', (_, text) => {
    expect(complaints(text)).toEqual([]);
  });

  it.each([
    [
      'GitHub without an App',
      automation('  commit: { signedBy: github }'),
      [
        'a.yaml:4:1: spec: commit.signedBy needs git.provider: github, with a GitHub App in git.secretRef',
      ],
    ],
    [
      'GitHub and a key',
      automation(
        `${APP}  commit: { signedBy: github, signingKey: { secretRef: { name: signing } } }`,
      ),
      [`a.yaml:9:3: spec.commit: ${ALONE}`],
    ],
    [
      'GitHub, for an author of one’s own',
      automation(`${APP}  commit: { signedBy: github, author: { email: a@example.com } }`),
      [`a.yaml:9:3: spec.commit: ${ALONE}`],
    ],
    [
      'GitHub, with a line of who answers for it',
      automation(`${APP}  commit: { signedBy: github, signOff: true }`),
      [`a.yaml:9:3: spec.commit: ${ALONE}`],
    ],
    [
      'another forge',
      automation(`${APP}  commit: { signedBy: bitbucket }`),
      ['a.yaml:9:23: spec.commit.signedBy: must be one of github'],
    ],
  ])('cannot be %s', (_, text, want) => {
    expect(complaints(text)).toEqual(want);
  });
});
