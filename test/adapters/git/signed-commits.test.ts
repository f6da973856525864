import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createSigningKeys } from '../../../src/adapters/signing/open-signer.ts';
import {
  makeOpenPgpKey,
  makeSshKey,
  SIGNER,
  verifyCommit,
} from '../../support/git/signing-keys.ts';
import { hasTool } from '../../support/git/tools.ts';
import { NEVER, NOON, startFixture, type Fixture } from './fixture.ts';

const signingKeys = createSigningKeys();
const canRun = ['git', 'git-http-backend', 'gpg', 'ssh-keygen'] as const;

describe.skipIf(!canRun.every(hasTool)).each(['native', 'isomorphic'] as const)(
  'signed commits by the %s engine',
  (engine) => {
    let fixture: Fixture;
    afterEach(() => fixture.close());

    it.each(['openpgp', 'ssh'] as const)('are verified by git: %s', async (kind) => {
      fixture = await startFixture(engine);
      const folder = join(fixture.folder, 'key');
      const key = kind === 'ssh' ? makeSshKey(folder, ['-t', 'ed25519']) : makeOpenPgpKey(folder);
      const signer = await signingKeys.open({ kind, text: key.text, source: 'a test' });
      const parent = fixture.remote.commit({ 'a.yaml': '1\n' });
      const branch = await fixture.open();
      const request = {
        parent,
        files: [{ path: 'a.yaml', bytes: Buffer.from('2\n') }],
        message: 'Update ü\n\nImage-Update: a -> b\n',
        author: { name: 'Bot', email: SIGNER },
        time: NOON,
      };
      const commit = await branch.commit({ ...request, signer }, NEVER);
      expect((await branch.push({ commit, parent }, NEVER)).kind).toBe('pushed');
      fixture.remote.fsck();
      expect(verifyCommit(fixture.remote.path, 'main', key)).toEqual({ isGood: true, words: '' });
      const plain = await branch.commit(request, NEVER);
      await branch.push(
        { commit: plain, parent, target: { branch: 'plain', expected: undefined } },
        NEVER,
      );
      expect(verifyCommit(fixture.remote.path, 'plain', key).isGood).toBe(false);
    });
  },
);
