import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { CommitToMake, ForgeCommit } from '../../../src/ports/forge.ts';
import { hasTool } from '../../support/git/tools.ts';
import { BOT, NEVER, NOON, startFixture, type Fixture } from './fixture.ts';

/** What an honest forge makes. */
function honest({ tree, parent, message }: CommitToMake): string {
  const by = 'author Forge <forge@example.com> 1780000000 +0000';
  return `tree ${tree}\nparent ${parent}\n${by}\n${by.replace('author', 'committer')}\n\n${message}`;
}

function made(text: string): ForgeCommit {
  const content = Buffer.from(text);
  const hash = createHash('sha1').update(`commit ${content.length}\0`).update(content);
  return { id: hash.digest('hex'), content };
}

describe.skipIf(!hasTool('git-http-backend')).each(['native', 'isomorphic'] as const)(
  'a commit that a forge makes (%s)',
  (engine) => {
    let fixture: Fixture;
    afterEach(() => fixture.close());

    async function commit(make: (asked: CommitToMake) => ForgeCommit) {
      fixture = await startFixture(engine);
      const parent = fixture.remote.commit({
        'apps/run.yaml': { executable: '1\n' },
        'other.yaml': 'x\n',
      });
      const branch = await fixture.open();
      let asked: CommitToMake | undefined;
      const request = {
        parent,
        files: [{ path: 'apps/run.yaml', bytes: Buffer.from('2\n') }],
        message: 'Update\0 ü\n\nImage-Update: a -> b\n',
        author: BOT,
        time: NOON,
        signer: {
          kind: 'forge',
          make: async (given: CommitToMake) => make((asked = given)),
        },
      } as const;
      const id = await branch.commit(request, NEVER);
      return { id, parent, branch, asked };
    }

    it('is pushed like any other, with its tree and message as they are to be', async () => {
      let text = '';
      const { id, parent, branch, asked } = await commit((given) => made((text = honest(given))));
      const parentTree = fixture.remote.git('rev-parse', `${parent}^{tree}`);
      expect(asked).toMatchObject({
        parent,
        parentTree,
        files: [{ path: 'apps/run.yaml', mode: '100755' }],
        message: 'Update ü\n\nImage-Update: a -> b\n',
      });
      expect((await branch.push({ commit: id, parent }, NEVER)).kind).toBe('pushed');
      expect(fixture.remote.head()).toBe(id);
      expect(fixture.remote.git('cat-file', 'commit', id)).toBe(text.trimEnd());
      expect(fixture.remote.git('rev-parse', 'main^{tree}')).toBe(asked?.tree);
      expect(fixture.remote.read('apps/run.yaml')).toBe('2\n');
      fixture.remote.fsck();
    });

    it('may lack the line end of its message', async () => {
      const { id } = await commit((given) => made(honest(given).trimEnd()));
      expect(id).toMatch(/^[0-9a-f]{40}$/);
    });

    it.each([
      ['another message', (text: string) => made(text.replace('Image-Update', 'X'))],
      ['another tree', (text: string) => made(text.replace(/^tree \w{4}/, 'tree 0000'))],
      ['another parent', (text: string) => made(text.replace(/parent \w{4}/, 'parent 0000'))],
      ['a second parent', (text: string) => made(text.replace(/(parent \w+\n)/, '$1$1'))],
      ['another id', (text: string) => ({ ...made(text), id: '0'.repeat(40) })],
    ])('is refused with %s', async (_, alter) => {
      await expect(commit((given) => alter(honest(given)))).rejects.toMatchObject({
        code: 'git/rejected',
        message: expect.stringMatching(
          /^the forge made commit \w{12}, which is not the one that was asked for: .*; nothing was pushed$/,
        ) as string,
      });
    });
  },
);
