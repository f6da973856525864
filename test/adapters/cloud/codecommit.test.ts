import { describe, expect, it } from 'vitest';
import { signedLogin } from '../../../src/adapters/cloud/codecommit.ts';

describe('the login for a CodeCommit repo', () => {
  const repo = {
    provider: 'aws',
    region: 'us-west-2',
    host: 'git-codecommit.us-west-2.amazonaws.com',
    path: '/v1/repos/test_repo',
  } as const;
  const keys = { accessKeyId: 'access', secretAccessKey: 'secret' };
  const now = new Date('2017-12-24T11:53:20.789Z');
  // The figures that the tests of AWS's own git-remote-codecommit have for the same input.
  const password =
    '20171224T115320Zb6df2d758a8023b2f000a546417007b65494f3ce8ad0300fd45fcfa173f1959a';
  const elsewhere =
    '20171224T115320Za14a37a53035bbceb6e1748247b143124fe7326cdffd3d418236a592ce6158a0';

  it.each([
    ['keys for good', repo, keys, { username: 'access', password }],
    [
      'keys of a session',
      repo,
      { ...keys, sessionToken: 'token' },
      { username: 'access%token', password },
    ],
    [
      'another host',
      { ...repo, host: 'land.called.honahlee' },
      keys,
      { username: 'access', password: elsewhere },
    ],
  ])('is the one that AWS’s helper makes: %s', (_, of, by, basic) => {
    expect(signedLogin(of, by, now)).toEqual({ basic });
  });
});
