import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployment, imagePolicy } from './resources.ts';
import { changedFiles, openStage, snapshot, type Stage } from './stage.ts';

describe('wrong usage', () => {
  let stage: Stage;
  beforeAll(() => {
    stage = openStage();
    stage.write({
      'policy.yaml': imagePolicy({ image: '127.0.0.1:1/team/web' }),
      'web.yaml': deployment('127.0.0.1:1/team/web:1.0.0'),
      'empty/x.txt': '1.0.0\n',
    });
  });
  afterAll(() => stage.close());

  it.each<{ name: string; args: readonly string[]; says: RegExp }>([
    {
      name: 'neither DIR nor --repo',
      args: ['update'],
      says: /^error: give either a folder or --repo URL\n$/,
    },
    {
      name: 'both DIR and --repo',
      args: ['update', '.', '--repo', 'http://127.0.0.1:1/x.git'],
      says: /^error: give either a folder or --repo URL\n$/,
    },
    {
      name: 'a folder that is not there',
      args: ['update', 'none'],
      says: /^error: there is no folder none\n$/,
    },
    {
      name: 'a folder to validate that is not there',
      args: ['validate', 'none'],
      says: /^error: there is no folder none\n$/,
    },
    {
      name: 'policies that are not there',
      args: ['update', '.', '--policies', 'none'],
      says: /^error: cannot read none: no such file or folder\n$/,
    },
    {
      name: 'a folder without policies',
      args: ['update', '.', '--policies', 'empty'],
      says: /^error: there is no ImagePolicy in empty\n$/,
    },
    {
      name: 'a branch of a folder',
      args: ['update', '.', '--branch', 'main'],
      says: /^error: --branch goes with --repo\n$/,
    },
    {
      name: 'an automation that is not there',
      args: ['update', '.', '--automation', 'x'],
      says: /^error: no single ImageUpdateAutomation is called x; there are: none\n$/,
    },
    {
      name: 'a new branch of a folder',
      args: ['lock', 'Deployment/web', '.', '--push-branch', 'x'],
      says: /^error: --push-branch goes with --repo\n$/,
    },
    {
      name: 'a new branch with no name of one',
      args: [
        'lock',
        'Deployment/web',
        '--repo',
        'http://127.0.0.1:1/x.git',
        '--push-branch',
        'a b',
      ],
      says: /^error: "a b" is not the name of a branch, such as main\n$/,
    },
    {
      name: 'settings without an automation',
      args: ['lock', 'Deployment/web', '--repo', 'http://127.0.0.1:1/x.git', '--policies', '.'],
      says: /^error: there is no ImageUpdateAutomation in \.\n$/,
    },
    {
      name: 'settings for a list of a folder’s locks',
      args: ['locks', '.', '--automation', 'x'],
      says: /^error: --policies and --automation go with --repo\n$/,
    },
    {
      name: 'a namespace of one field',
      args: ['lock', 'web.yaml:11', '-n', 'apps', '.'],
      says: /^error: -n goes with KIND\/NAME; web\.yaml:11 says by itself which field it is\n$/,
    },
    {
      name: 'a reason that says nothing',
      args: ['lock', 'Deployment/web', '--reason', ' ', '.'],
      says: /^error: --reason is empty; leave it out, or give it a text\n$/,
    },
    {
      name: 'a release in a folder',
      args: ['release', 'Deployment/web'],
      says: /^error: holds are part of history: name the repo with --repo URL\n$/,
    },
    {
      name: 'a release by nobody',
      args: ['release', 'Deployment/web', '--by', '', '--repo', 'http://127.0.0.1:1/x.git'],
      says: /^error: --by is empty; leave it out, or give it a text\n$/,
    },
    {
      name: 'a CA file that is not there',
      args: ['update', '.', '--ca-file', 'none'],
      says: /^error: cannot read the certificates in none\n$/,
    },
    {
      name: 'a range that is none',
      args: ['select', '--tags-from', 'empty/x.txt', '--semver', 'banana'],
      says: /^error: .*banana/,
    },
    {
      name: 'a pattern that is none',
      args: ['select', '--tags-from', 'empty/x.txt', '--semver', '1.x', '--filter', '('],
      says: /^error: /,
    },
    {
      name: 'two orders',
      args: ['select', '--tags-from', 'empty/x.txt', '--semver', '1.x', '--numerical', 'asc'],
      says: /^error: give exactly one of --semver, --numerical, --alphabetical and --newest\n$/,
    },
    {
      name: 'an image that is none',
      args: ['select', '--image', 'https://x.test/y', '--semver', '1.x'],
      says: /^error: /,
    },
    {
      name: 'a controller without a config',
      args: ['run', '--standalone'],
      says: /^error: --standalone needs --config DIR\n$/,
    },
    {
      name: 'a controller whose config is not there',
      args: ['run', '--standalone', '--config', 'none', '--listen', '127.0.0.1:0'],
      says: /error: cannot read none: no such file or folder\n$/,
    },
    {
      name: 'an address that is none',
      args: ['run', '--standalone', '--config', '.', '--listen', 'here'],
      says: /^error: cannot listen on "here"; give HOST:PORT or :PORT\n$/,
    },
  ])('such as $name is refused with exit code 2 and changes nothing', async ({ args, says }) => {
    const before = snapshot(stage.folder);
    const { stderr, ...outcome } = await stage.run(args);
    expect(stderr).toMatch(says);
    expect(outcome).toEqual({ code: 2, stdout: '' });
    expect(changedFiles(before, snapshot(stage.folder))).toEqual([]);
  });
});
