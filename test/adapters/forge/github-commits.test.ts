import { afterEach, describe, expect, it } from 'vitest';
import { openForgeCommits } from '../../../src/adapters/forge/open-forge.ts';
import type { CommitToMake } from '../../../src/ports/forge.ts';
import {
  startRecordedForge,
  type Exchange,
  type RecordedForge,
} from '../../support/forge/recorded-forge.ts';

const signal = new AbortController().signal;
const [TREE, PARENT_TREE, PARENT, COMMIT] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(40));
const TO_MAKE = {
  tree: TREE ?? '',
  parent: PARENT ?? '',
  parentTree: PARENT_TREE ?? '',
  files: [
    { path: 'apps/web.yaml', mode: '100644', bytes: Buffer.from('\uFEFFimage: ü\r\n') },
    { path: 'run.yaml', mode: '100755', bytes: Buffer.from('x\n') },
  ],
  message: 'Update web\n',
} satisfies CommitToMake;

const PAYLOAD = `tree ${TREE}\nparent ${PARENT}\nauthor lock[bot] <7+lock[bot]@users.noreply.github.com> 1780000000 +0000\ncommitter GitHub <noreply@github.com> 1780000000 +0000\n\nUpdate web\n`;
const SIGNATURE = '-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n';

/** After docs.github.com/rest/git/trees (API version 2022-11-28). */
const tree = (sha = TREE): Exchange => ({
  request: 'POST /repos/org/config/git/trees',
  body: {
    base_tree: PARENT_TREE,
    tree: [
      { path: 'apps/web.yaml', mode: '100644', type: 'blob', content: '\uFEFFimage: ü\r\n' },
      { path: 'run.yaml', mode: '100755', type: 'blob', content: 'x\n' },
    ],
  },
  status: 201,
  answer: {
    sha,
    url: `https://api.github.com/repos/org/config/git/trees/${sha}`,
    tree: [{ path: 'run.yaml', mode: '100755', type: 'blob', size: 2, sha: 'e'.repeat(40) }],
    truncated: false,
  },
});

/** After docs.github.com/rest/git/commits: neither author nor committer is named. */
const commit = (verification: object = {}): Exchange => ({
  request: 'POST /repos/org/config/git/commits',
  body: { message: 'Update web\n', tree: TREE, parents: [PARENT] },
  status: 201,
  answer: {
    sha: COMMIT,
    node_id: 'C_kwDO',
    author: { name: 'lock[bot]', email: '7+lock[bot]@users.noreply.github.com' },
    committer: { name: 'GitHub', email: 'noreply@github.com' },
    message: 'Update web\n',
    tree: { sha: TREE },
    parents: [{ sha: PARENT }],
    verification: {
      verified: true,
      reason: 'valid',
      signature: SIGNATURE,
      payload: PAYLOAD,
      verified_at: '2026-11-29T12:00:00Z',
      ...verification,
    },
  },
});

const UNSIGNED = { verified: false, reason: 'unsigned', signature: null, payload: null };

let server: RecordedForge | undefined;
afterEach(() => server?.close());

async function make(exchanges: readonly Exchange[], more: Partial<CommitToMake> = {}) {
  server = await startRecordedForge(exchanges);
  const commits = openForgeCommits({
    kind: 'github',
    repoUrl: 'https://github.com/org/config.git',
    apiUrl: server.url,
    basic: { username: 'x-access-token', password: 'ghs_planted' },
  });
  return commits.make({ ...TO_MAKE, ...more }, signal);
}

describe('a commit that GitHub makes', () => {
  it('has the tree that is wanted and the signature that GitHub tells of', async () => {
    const exchanges = [tree(), commit()];
    const { id, content } = await make(exchanges);
    expect(server?.asked.map(({ request, body }) => ({ request, body }))).toEqual(
      exchanges.map(({ request, body }) => ({ request, body })),
    );
    expect(server?.asked.map(({ authorization }) => authorization)).toEqual(
      Array(2).fill('Bearer ghs_planted'),
    );
    const text = Buffer.from(content).toString();
    const header =
      'gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n \n';
    expect({ id, text }).toEqual({
      id: COMMIT,
      text: PAYLOAD.replace('\n\n', `\n${header}\n`),
    });
  });

  it.each([
    {
      name: 'another tree',
      exchanges: [tree('f'.repeat(40))],
      code: 'git/rejected',
      message:
        'GitHub made tree ffffffffffff of the changed files, and not aaaaaaaaaaaa as it is here; nothing was pushed',
    },
    {
      name: 'no signature',
      exchanges: [tree(), commit(UNSIGNED)],
      code: 'git/rejected',
      message:
        /without a signature that it verifies \(unsigned\); nothing was pushed\. .*web commit/,
    },
    {
      name: 'a signature that is not told',
      exchanges: [tree(), commit({ payload: null })],
      code: 'git/rejected',
      message: /without a signature that it verifies \(valid\)/,
    },
    {
      name: 'no signature for now',
      exchanges: [tree(), commit({ ...UNSIGNED, reason: 'gpgverify_unavailable' })],
      code: 'git/unreachable',
      message: 'GitHub cannot sign commits for now (gpgverify_unavailable); nothing was pushed',
      retry: true,
    },
    {
      name: 'no permission',
      exchanges: [
        {
          ...tree(),
          status: 403,
          answer: { message: 'Resource not accessible by integration', status: '403' },
        },
      ],
      code: 'git/unauthorized',
      message:
        /: access denied; the login must be allowed to write the repo’s contents .*\(403: Resource not accessible by integration\)$/,
    },
    {
      name: 'a token that has ended',
      exchanges: [{ ...tree(), status: 401, answer: { message: 'Bad credentials ghs_planted' } }],
      code: 'git/unauthorized',
      message: /\(401: Bad credentials (?!ghs_planted)/,
    },
    {
      name: 'no such repo',
      exchanges: [{ ...tree(), status: 404, answer: { message: 'Not Found' } }],
      code: 'git/not-found',
      message: /there is no such repo/,
    },
    {
      name: 'a spent budget',
      exchanges: [tree(), { ...commit(), status: 403, headers: { 'retry-after': '60' } }],
      code: 'git/unreachable',
      message: /the forge allows no more requests for now/,
      retry: true,
      afterMs: 60_000,
    },
    {
      name: 'a spent budget of which only words tell',
      exchanges: [
        {
          ...tree(),
          status: 403,
          answer: { message: 'You have exceeded a secondary rate limit. Please wait.' },
        },
      ],
      code: 'git/unreachable',
      message: /the forge allows no more requests for now \(403: You have exceeded/,
      retry: true,
    },
    {
      name: 'a refusal',
      exchanges: [{ ...tree(), status: 422, answer: { message: 'tree.mode is not valid' } }],
      code: 'git/rejected',
      message: /refused \(422: tree\.mode is not valid\)/,
    },
    {
      name: 'trouble of its own',
      exchanges: [tree(), { ...commit(), status: 502 }],
      code: 'git/unreachable',
      message: /502/,
      retry: true,
    },
    {
      name: 'another answer',
      exchanges: [{ ...tree(), answer: { sha: 'main' } }],
      code: 'git/rejected',
      message: /git\/trees: unexpected answer/,
    },
  ])(
    'is not taken where it has $name',
    async ({ exchanges, code, retry = false, afterMs, ...want }) => {
      const message = (
        want.message instanceof RegExp ? expect.stringMatching(want.message) : want.message
      ) as string;
      await expect(make(exchanges)).rejects.toMatchObject({ code, message, retry, afterMs });
    },
  );

  it.each([
    {
      name: 'a name that is no UTF-8',
      files: [{ path: 'gr\udcfcn.yaml', mode: '100644', bytes: Buffer.from('x') }],
      message: /whose name is not UTF-8/,
    },
    {
      name: 'more than goes into a request',
      files: Array.from({ length: 5 }, (_, index) => ({
        path: `${index}.yaml`,
        mode: '100644',
        bytes: Buffer.alloc(5 * 1024 * 1024),
      })),
      message: /a change of 5 files, which together are larger than 20 MiB/,
    },
  ])('cannot be of $name', async ({ files, message }) => {
    await expect(make([], { files })).rejects.toMatchObject({
      code: 'git/unsupported',
      message: expect.stringMatching(message) as string,
    });
    expect(server?.asked).toEqual([]);
  });

  it('of no file has the tree of its parent, which GitHub has', async () => {
    const same = { request: commit().request, answer: commit().answer };
    await make([same], { files: [], tree: TO_MAKE.parentTree });
    expect(server?.asked).toMatchObject([{ body: { tree: PARENT_TREE, parents: [PARENT] } }]);
  });

  it('is made by no other forge', () => {
    const access = { kind: 'gitea', repoUrl: 'https://git.example.com/org/config' } as const;
    expect(() => openForgeCommits(access)).toThrow(
      'a forge of kind gitea signs no commits of ours',
    );
  });
});
