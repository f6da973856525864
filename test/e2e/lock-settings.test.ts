import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startGitHttpServer } from '../support/git/http-server.ts';
import { createRemote, type RemoteRepo } from '../support/git/repo.ts';
import { makeSshKey, SIGNER, verifyCommit, type TestKey } from '../support/git/signing-keys.ts';
import { startSshServer } from '../support/git/sshd.ts';
import { hasTool } from '../support/git/tools.ts';
import { automation, deployment, imagePolicy } from './resources.ts';
import { openStage, type Stage } from './stage.ts';

const LOGIN = { username: 'bot', password: 'let-me-in-4711' };

/** What servers do about commits without a signature, by the words of GitHub. */
const ONLY_SIGNED = `#!/bin/sh
while read old new ref; do
  git cat-file commit "$new" | grep -q '^gpgsig ' && continue
  echo 'GH006: Protected branch update failed: Commits must have verified signatures.' >&2
  exit 1
done
`;

const PROTECTED = `#!/bin/sh
while read old new ref; do
  [ "$ref" = refs/heads/main ] || continue
  echo 'GH006: Protected branch update failed' >&2
  exit 1
done
`;

const WAYS = [
  { transport: 'http', engine: 'native', needs: ['git-http-backend'] },
  { transport: 'http', engine: 'isomorphic', needs: ['git-http-backend'] },
  { transport: 'ssh', engine: 'native', needs: ['git', 'sshd'] },
] as const;

describe.each(WAYS)(
  'lock commands with the settings of an automation ($transport, $engine)',
  ({ transport, engine, needs }) => {
    const canRun = [...needs, 'ssh-keygen' as const].every(hasTool);
    let stage: Stage;
    let remote: RemoteRepo;
    let key: TestKey;
    let repo: string;
    let close = async () => undefined as void;
    beforeAll(async () => {
      stage = openStage({ LOCKKEEPER_GIT_ENGINE: engine, USER: 'ana' });
      if (!canRun) return;
      remote = createRemote(stage.path('remotes/config.git'));
      remote.commit({ 'web.yaml': deployment('x.test/web:1.0.0') });
      key = makeSshKey(stage.path('signing'), ['-t', 'ed25519']);
      const login = await serve();
      stage.write({
        'config/policy.yaml': imagePolicy({ image: 'x.test/web' }),
        'config/automation.yaml': automation(
          [`url: ${repo}`, 'secretRef: {name: login}'],
          [
            'commit:',
            `  author: {name: Bot, email: ${SIGNER}}`,
            '  signingKey: {secretRef: {name: signing}}',
            '  signOff: true',
          ],
        ),
        'secrets/signing/identity': key.text,
        ...Object.fromEntries(
          Object.entries(login).map(([name, text]) => [`secrets/apps/login/${name}`, text]),
        ),
      });
    });
    afterAll(async () => {
      await close();
      await stage.close();
    });
    afterEach(() => {
      if (canRun) remote.hook('pre-receive', '#!/bin/sh\n');
    });

    /** A server that wants a login. @returns the Secret that has it */
    async function serve(): Promise<Readonly<Record<string, string>>> {
      if (transport === 'http') {
        const server = await startGitHttpServer({ root: stage.path('remotes'), basic: LOGIN });
        repo = server.url('config.git');
        close = () => server.close();
        return LOGIN;
      }
      const server = await startSshServer(stage.path('sshd'));
      repo = server.url(remote.path);
      close = () => server.close();
      return { identity: server.identity, known_hosts: server.knownHosts };
    }

    const SETTINGS = ['--policies', 'config', '--secrets', 'secrets'];
    const run = (...args: readonly string[]) => stage.run([...args, '--repo', repo, ...SETTINGS]);
    const done = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await run(...args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };

    it.skipIf(!canRun)('log in, sign and sign off as it does', async () => {
      remote.hook('pre-receive', ONLY_SIGNED);
      await done('lock', 'Deployment/web', '--tag', '1.0.0');
      expect(await done('locks')).toMatch(/^LOCKED .*\nDeployment apps\/web +1\.0\.0 +ana /);
      await done('unlock', 'Deployment/web');
      for (const commit of ['main', 'main^']) {
        expect(verifyCommit(remote.path, commit, key).isGood).toBe(true);
        expect(remote.git('log', '-1', '--format=%an <%ae>%n%B', commit)).toMatch(
          /^Bot <bot@example\.com>\n(.*\n)*Signed-off-by: Bot <bot@example\.com>/,
        );
      }
      remote.fsck();
    });

    it.skipIf(!canRun)('say without them what the server wants, and change nothing', async () => {
      const before = remote.head();
      const env = {
        LOCKKEEPER_GIT_USERNAME: LOGIN.username,
        LOCKKEEPER_GIT_PASSWORD: LOGIN.password,
      };
      const plain = ['lock', 'Deployment/web', '--repo', repo];
      const refused = await stage.run(plain);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(/^error: [^\n]+\n$/);
      if (transport === 'http') {
        remote.hook('pre-receive', ONLY_SIGNED);
        const unsigned = await stage.run(plain, { env });
        expect(unsigned).toMatchObject({ code: 1, stdout: '' });
        expect(unsigned.stderr).toMatch(
          /^error: [^\n]* takes only signed commits on main: have them signed, [^\n]*; --push-branch NAME puts [^\n]*\n$/,
        );
      }
      expect(remote.head()).toBe(before);
    });

    it.skipIf(!canRun)('go to a new branch where the one that is read is protected', async () => {
      remote.hook('pre-receive', PROTECTED);
      const before = remote.head();
      const lock = ['lock', 'Deployment/web', '--reason', 'leaks'];
      const { code, stdout, stderr } = await run(...lock);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(
        /^error: [^\n]* protects main: let this login push to it \([^\n]*\); --push-branch NAME puts the change on a new branch instead, to be merged\n$/,
      );
      const aside = [...lock, '--push-branch', `hold-${engine}`];
      expect(await done(...aside, '--dry-run')).toMatch(
        new RegExp(
          `\nwould lock Deployment apps/web in web.yaml\nwould push to branch hold-${engine}\n$`,
        ),
      );
      expect(await done(...aside)).toMatch(
        new RegExp(
          `\ncommit [0-9a-f]{12}\npushed to branch hold-${engine}: it counts when it is merged\n$`,
        ),
      );
      expect(remote.read('web.yaml', `hold-${engine}`)).toContain('lockkeeper.dev/lock: "true"');
      expect([remote.head(), remote.git('rev-parse', `hold-${engine}^`)]).toEqual([before, before]);
      expect(await run(...aside)).toMatchObject({
        code: 2,
        stderr: `error: the branch hold-${engine} is there already: give --push-branch another name, or add to it with --branch hold-${engine}\n`,
      });
      const more = ['unlock', 'Deployment/web', '--branch', `hold-${engine}`, '-o', 'json'];
      expect(JSON.parse(await done(...more))).toMatchObject({ changed: true });
      expect(remote.read('web.yaml', `hold-${engine}`)).toBe(remote.read('web.yaml'));
    });
  },
);
