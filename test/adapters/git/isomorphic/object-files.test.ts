import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import git from 'isomorphic-git';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ATOMIC_FS } from '../../../../src/adapters/git/isomorphic/atomic-fs.ts';
import { ObjectFiles } from '../../../../src/adapters/git/isomorphic/object-files.ts';
import { ObjectRepo } from '../../../../src/adapters/git/isomorphic/object-repo.ts';
import { scratch } from '../../../support/git/repo.ts';

const X = Buffer.from('the first text, which is short\n');
const Y = Buffer.from('the other text, which is short\n');

describe('reading packs that are not as they should be', () => {
  let area: ReturnType<typeof scratch>;
  let repo: ObjectRepo;
  beforeEach(async () => {
    area = scratch();
    repo = new ObjectRepo(gitDir());
    await repo.create();
  });
  afterEach(() => area.remove());

  const gitDir = () => join(area.path, 'repo');
  const packs = () => join(gitDir(), 'objects', 'pack');

  it.each([
    ['that go round in one pack', [delta(X, Y), delta(Y, X)], /go round in a circle/],
    ['against what is in no pack', [delta(X, Y)], /is not in the same pack/],
  ])(
    'refuses deltas %s, as an earlier release or a fault may have left',
    async (_, entries, message) => {
      // Indexed while the bases are there to be found; they are gone when it is read.
      await repo.write('blob', X);
      await repo.write('blob', Y);
      writeFileSync(join(packs(), 'pack-left.pack'), packOf(entries));
      await git.indexPack({
        fs: ATOMIC_FS,
        dir: packs(),
        gitdir: gitDir(),
        filepath: 'pack-left.pack',
      });
      const objects = new ObjectFiles(gitDir());
      await expect(objects.read(idOf(X))).rejects.toMatchObject({
        code: 'git/store',
        retry: true,
        message: expect.stringMatching(message),
      });
    },
  );
});

function idOf(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** An entry that makes `result` from an object named by its id, by inserting all of its bytes. */
function delta(result: Buffer, base: Buffer): Buffer {
  const data = Buffer.concat([
    ...[base.length, result.length].map(sizeOf),
    Buffer.from([result.length]),
    result,
  ]);
  const header = Buffer.from([(7 << 4) | 128 | (data.length & 15), data.length >> 4]);
  return Buffer.concat([header, Buffer.from(idOf(base), 'hex'), deflateSync(data)]);
}

/** Groups of 7 bits, the lowest first. */
function sizeOf(size: number): Buffer {
  const bytes: number[] = [];
  for (let rest = size; ; rest >>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}

function packOf(entries: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(12);
  header.write('PACK');
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(entries.length, 8);
  const content = Buffer.concat([header, ...entries]);
  return Buffer.concat([content, createHash('sha1').update(content).digest()]);
}
