import { afterEach, describe, expect, it } from 'vitest';
import { changeLock, locksOf, type LockRequest } from '../../../src/app/locks/change-lock.ts';
import { AppError } from '../../../src/domain/errors.ts';
import { makeSshKey } from '../../support/git/signing-keys.ts';
import { scratch } from '../../support/git/repo.ts';
import { hasTool } from '../../support/git/tools.ts';
import {
  FakeClock,
  MemoryBranch,
  MemoryCheckout,
  memoryPorts,
  never,
  type Files,
  type World,
} from '../../support/memory-ports.ts';
import { automationText, deploymentText, policyText } from '../../support/texts.ts';

const URL = 'https://git.example.com/config.git';
const REMOTE = { kind: 'remote', url: URL } as const;
const FOLDER = { kind: 'folder', dir: '.' } as const;
const FILES: Files = { 'policy.yaml': policyText(), 'web.yaml': deploymentText() };
const PLACE = { on: 'resource', kind: 'Deployment', name: 'web' } as const;
const LOGIN = { 'apps/login': { bearerToken: 't' } };

/** An automation for the repo. @param spec further lines of `spec` */
const forRepo = (name: string, url: string, ...spec: readonly string[]) =>
  automationText(name, ...spec).replace(
    /git: .*/,
    `git: {url: "${url}", branch: next, secretRef: {name: login}}`,
  );
const BOT = ['commit:', '  author: {name: Bot, email: bot@example.com}', '  signOff: true'];

function worldOf(world: World = {}) {
  const branch = new MemoryBranch(FILES);
  const ports = memoryPorts({
    branch,
    secrets: LOGIN,
    clock: new FakeClock(undefined, { auto: true }),
    ...world,
  });
  const lock = (over: Partial<LockRequest> = {}) =>
    changeLock(
      ports,
      {
        target: REMOTE,
        settings: { policies: [] },
        place: PLACE,
        wish: { by: 'ana' },
        dryRun: false,
        commit: false,
        ...over,
      },
      never,
    );
  return { branch: world.branch ?? branch, ports, lock };
}

const conf = (files: Files) => ({ folders: { conf: files } });
const GIVEN = { settings: { policies: ['conf'] } };

describe('a commit that a person asks for', () => {
  it('has no login, key or author but those of the process where no settings are given', async () => {
    const files = { ...FILES, 'automation.yaml': forRepo('config', URL, ...BOT) };
    const { branch, ports, lock } = worldOf({ branch: new MemoryBranch(files) });
    await lock();
    expect(ports.opened).toEqual([{ url: URL, branch: 'main' }]);
    expect(branch.requests).toMatchObject([{ author: { name: 'Lockkeeper' }, signer: undefined }]);
    expect(branch.requests[0]?.message).not.toContain('Signed-off-by');
  });

  it('is made with the login, branch, author, sign-off and push options of the given automation', async () => {
    const files = { 'a.yaml': forRepo('config', URL, ...BOT, 'push: {options: {ci.skip: ""}}') };
    const { branch, ports, lock } = worldOf(conf(files));
    await lock(GIVEN);
    expect(ports.opened).toEqual([{ url: URL, branch: 'next', bearerToken: 't' }]);
    expect(branch.requests).toMatchObject([{ author: { name: 'Bot', email: 'bot@example.com' } }]);
    expect(branch.requests[0]?.message).toMatch(
      /\nLock-By: ana\nSigned-off-by: Bot <bot@example\.com>\n$/,
    );
    expect(branch.pushes).toMatchObject([{ options: ['ci.skip'] }]);
  });

  it('leaves out push options that are about another branch, unless it goes to one', async () => {
    const push = 'push: {branch: bot, options: {merge_request.create: ""}}';
    const world = () => worldOf(conf({ 'a.yaml': forRepo('config', URL, push) }));
    const direct = world();
    await direct.lock(GIVEN);
    expect(direct.branch.pushes).toMatchObject([{ options: [] }]);
    const aside = world();
    await aside.lock({ ...GIVEN, pushBranch: 'hold-web' });
    expect(aside.branch.pushes).toMatchObject([
      { options: ['merge_request.create'], target: { branch: 'hold-web', expected: undefined } },
    ]);
  });

  it('takes an automation of the repo itself where one is named, but no login for that', async () => {
    const files = {
      ...FILES,
      'automations.yaml': [forRepo('one', URL), forRepo('two', 'ssh://x.test/y', ...BOT)].join(
        '---\n',
      ),
    };
    const { branch, ports, lock } = worldOf({ branch: new MemoryBranch(files) });
    await lock({ settings: { policies: [], automation: 'two' } });
    expect(ports.opened).toEqual([{ url: URL, branch: 'main' }]);
    expect(branch.requests).toMatchObject([{ author: { name: 'Bot' } }]);
    await expect(lock({ settings: { policies: [], automation: 'three' } })).rejects.toThrow(
      /no single .* is called three; there are: apps\/one, apps\/two$/,
    );
  });

  it('in a work tree has the same author and sign-off', async () => {
    const checkout = new MemoryCheckout(FILES);
    const { lock } = worldOf({ checkout, ...conf({ 'a.yaml': forRepo('config', URL, ...BOT) }) });
    await lock({ ...GIVEN, target: FOLDER, commit: true });
    expect(checkout.commits).toMatchObject([{ author: { name: 'Bot' } }]);
    expect(checkout.commits[0]?.message).toMatch(/\nSigned-off-by: Bot <bot@example\.com>\n$/);
  });

  it.each<{ name: string; files: Files; automation?: string; says: RegExp }>([
    { name: 'no automation', files: { 'p.yaml': policyText() }, says: /^there is no .* in conf$/ },
    {
      name: 'one for another address',
      files: { 'a.yaml': forRepo('config', 'ssh://x.test/y') },
      says: /^ImageUpdateAutomation apps\/config is for ssh:\/\/x\.test\/y; give --repo that address/,
    },
    {
      name: 'several for its address',
      files: { 'a.yaml': forRepo('a', URL), 'b.yaml': forRepo('b', URL) },
      says: /several ImageUpdateAutomations \(apps\/a, apps\/b\); choose one with --automation$/,
    },
    {
      name: 'one without its Secret',
      files: {
        'a.yaml': forRepo(
          'config',
          URL,
          'commit:',
          '  author: {email: a@b.c}',
          '  signingKey: {secretRef: {name: none}}',
        ),
      },
      says: /^there is no Secret apps\/none$/,
    },
  ])('is not made with settings that are $name', async ({ files, says }) => {
    const { branch, lock } = worldOf(conf(files));
    await expect(lock(GIVEN)).rejects.toThrow(says);
    expect(branch.requests).toEqual([]);
  });

  it.each(['main', 'taken'])('is not put on the branch %s, which is there', async (pushBranch) => {
    const { branch, lock } = worldOf();
    branch.commitElsewhere('taken', { 'x.txt': 'theirs' });
    await expect(lock({ pushBranch })).rejects.toMatchObject({
      code: 'usage',
      message: `the branch ${pushBranch} is there already: give --push-branch another name, or add to it with --branch ${pushBranch}`,
    });
    expect(branch.requests).toEqual([]);
  });

  it('is told of a way out where the branch is protected, and of none where that is no help', async () => {
    const { branch, lock } = worldOf();
    const refuse = (code: 'git/protected' | 'git/rejected') => {
      branch.beforePush = () => {
        throw new AppError(code, 'the server says no');
      };
    };
    refuse('git/protected');
    await expect(lock()).rejects.toThrow(
      /^the server says no; --push-branch NAME puts the change on a new branch instead, to be merged$/,
    );
    await expect(lock({ pushBranch: 'x' })).rejects.toThrow(/^the server says no$/);
    refuse('git/rejected');
    await expect(lock()).rejects.toThrow(/^the server says no$/);
  });
});

describe('the list of locks and holds', () => {
  it('is asked for with the given login', async () => {
    const { ports } = worldOf(conf({ 'a.yaml': forRepo('config', URL) }));
    await locksOf(ports, { target: REMOTE, ...GIVEN }, never);
    expect(ports.opened).toEqual([{ url: URL, branch: 'next', bearerToken: 't' }]);
  });
});

describe.skipIf(!hasTool('ssh-keygen'))('a key of the given automation', () => {
  const folder = scratch();
  afterEach(() => folder.remove());

  it('signs what a person asks for', async () => {
    const key = makeSshKey(folder.path, ['-t', 'ed25519']);
    const signing = [
      'commit:',
      '  author: {email: bot@example.com}',
      '  signingKey: {secretRef: {name: key}}',
    ];
    const { branch, lock } = worldOf({
      secrets: { ...LOGIN, 'apps/key': { identity: key.text } },
      ...conf({ 'a.yaml': forRepo('config', URL, ...signing) }),
    });
    await lock(GIVEN);
    const signer = branch.requests[0]?.signer;
    const signature = signer?.kind === 'key' && (await signer.sign(new Uint8Array([1])));
    expect(signature).toMatch(/^-----BEGIN SSH SIGNATURE-----/);
  });
});
