import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitHttpServer, type GitHttpServer } from '../support/git/http-server.ts';
import { createRemote, git } from '../support/git/repo.ts';
import { hasTool } from '../support/git/tools.ts';
import { deployment, imagePolicy, lines } from './resources.ts';
import { openStage, type Stage } from './stage.ts';
import { startTagServer, type TagServer } from './tag-server.ts';

/** What stands in the place of a file that Git LFS keeps elsewhere. */
const LFS_POINTER = lines(
  'version https://git-lfs.github.com/spec/v1',
  'oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393',
  'size 12345',
);

describe.skipIf(!hasTool('git-http-backend')).each(['native', 'isomorphic'])(
  'an update of a repo that holds more than files (%s)',
  (engine) => {
    let stage: Stage;
    let server: GitHttpServer;
    let registry: TagServer;
    beforeAll(async () => {
      stage = openStage();
      registry = await startTagServer({ web: ['1.0.0', '1.1.0'] });
      server = await startGitHttpServer({ root: stage.path('remotes') });
    });
    afterAll(async () => {
      await stage.close();
      await server.close();
      await registry.close();
    });

    const update = (name: string) =>
      stage.run(['update', '--repo', server.url(name), '--git-engine', engine]);

    it('changes marked values and nothing else: links, submodules, pointers and modes stay', async () => {
      const remote = createRemote(stage.path('remotes/odd.git'));
      const old = deployment(`${registry.image('web')}:1.0.0`);
      remote.commit({
        'policy.yaml': imagePolicy({ image: registry.image('web') }),
        'apps/web.yaml': old,
        'apps/WEB.yaml': old.replaceAll('\n', '\r\n'),
        'apps/tool.yaml': { executable: old },
        'apps/d\uFFFDp\u00f4t.yaml': old,
        'links/same.yaml': { symlink: '../apps/web.yaml' },
        'links/folder.yaml': { symlink: '../apps' },
        'links/nowhere.yaml': { symlink: 'gone.yaml' },
        'big.yaml': LFS_POINTER,
        'vendor.yaml': { submodule: '1234567890123456789012345678901234567890' },
        '.gitmodules': '[submodule "vendor"]\n\tpath = vendor.yaml\n\turl = ../elsewhere.git\n',
        '.gitattributes': '* text=auto eol=crlf ident\nbig.yaml filter=lfs\napps export-ignore\n',
      });
      const before = remote.git('ls-tree', '-r', 'main').split('\n');
      const { code, stderr } = await update('odd.git');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const changed = [
        'apps/WEB.yaml',
        'apps/d\uFFFDp\u00f4t.yaml',
        'apps/tool.yaml',
        'apps/web.yaml',
      ];
      const files = remote
        .git('diff', '-z', '--name-only', 'main~', 'main')
        .split('\0')
        .filter(Boolean);
      expect(files.toSorted()).toEqual(changed.toSorted());
      const now = old.replace('1.0.0', '1.1.0');
      const crlf = now.replaceAll('\n', '\r\n');
      expect(changed.map((path) => remote.read(path))).toEqual([crlf, now, now, now]);
      const modes = (all: readonly string[]) => all.map((line) => line.replace(/[0-9a-f]{40}/, ''));
      expect(modes(remote.git('ls-tree', '-r', 'main').split('\n'))).toEqual(modes(before));
      remote.fsck();
    });

    it('tells of a link out of the repo, and does the rest', async () => {
      const remote = createRemote(stage.path('remotes/links.git'));
      remote.commit({
        'policy.yaml': imagePolicy({ image: registry.image('web') }),
        'apps/web.yaml': deployment(`${registry.image('web')}:1.0.0`),
        'out.yaml': { symlink: '../../../etc/web.yaml' },
      });
      const { code, stderr } = await update('links.git');
      expect(code).toBe(1);
      expect(stderr).toMatch(/^out\.yaml: error: symbolic link to a place outside the repo; .*\n$/);
      expect(remote.git('diff', '--name-only', 'main~', 'main')).toBe('apps/web.yaml');
    });

    it('changes a file whose name is no UTF-8', async () => {
      const remote = createRemote(stage.path('remotes/latin.git'));
      remote.commit({
        'policy.yaml': imagePolicy({ image: registry.image('web') }),
        'x.yaml': deployment(`${registry.image('web')}:1.0.0`),
      });
      // "caf<E9>.yaml" is "café.yaml" in Latin-1.
      const renamed = remote.git('ls-tree', 'main').replace('x.yaml', '"caf\\351.yaml"');
      const root = git(remote.path, ['mktree'], renamed);
      remote.git('update-ref', 'refs/heads/main', remote.git('commit-tree', root, '-m', 'odd'));
      const { code, stderr } = await update('latin.git');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const names = remote.git('diff', '--name-only', 'main~', 'main');
      expect(names).toBe('"caf\\351.yaml"');
      expect(remote.git('diff', 'main~', 'main')).toContain(':1.1.0 # {"$imagepolicy"');
      remote.fsck();
    });
  },
);
