import { expect, it } from 'vitest';
import { storeError, withStore } from '../../../src/adapters/git/store-error.ts';
import { AppError } from '../../../src/domain/errors.ts';

const ROOM = '; make room there, or name another folder by LOCKKEEPER_CACHE_DIR';
const WRITABLE = '; name a folder that can be written to by LOCKKEEPER_CACHE_DIR';

it.each([
  [new Error('ENOSPC: no space left on device, write'), ROOM],
  [new Error('EDQUOT: disk quota exceeded, mkdir'), ROOM],
  ["EROFS: read-only file system, mkdir '/cache'", WRITABLE],
  ["EACCES: permission denied, mkdir '/cache'", WRITABLE],
  ["ENOENT: no such file or directory, mkdir '/cache/lockkeeper'", WRITABLE],
  ["ENOENT: no such file or directory, open '/cache/x'", ''],
  [new Error('an object is missing\nat once'), ''],
])('says how a store is mended that fails with %j', (reason, mend) => {
  const [line = ''] = (reason instanceof Error ? reason.message : reason).split('\n');
  expect(storeError('open', reason)).toMatchObject({
    code: 'git/store',
    retry: true,
    message: `the local Git store failed to open (${line})${mend}`,
  });
});

it('keeps what has a name, and names the rest', async () => {
  const named = new AppError('git/unreachable', 'gone');
  await expect(withStore('open', () => Promise.reject(named))).rejects.toBe(named);
  await expect(withStore('open', () => Promise.reject(new Error('x')))).rejects.toMatchObject({
    code: 'git/store',
  });
  await expect(withStore('open', () => Promise.resolve(1))).resolves.toBe(1);
});
