import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { SmartHttp } from '../../../../src/adapters/git/isomorphic/smart-http.ts';
import { UploadPack } from '../../../../src/adapters/git/isomorphic/upload-pack.ts';
import { parseRemote } from '../../../../src/adapters/git/remote.ts';
import { git } from '../../../support/git/repo.ts';
import { hasTool } from '../../../support/git/tools.ts';
import { commitAndPush, NEVER, readAll, startFixture, type Fixture } from '../fixture.ts';
import { startOldServer } from '../old-server.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');

describe.skipIf(!canRun)('reading from a server', () => {
  let fixture: Fixture;
  afterEach(() => fixture.close());

  it('sends only the objects that a known commit lacks', async () => {
    fixture = await startFixture('isomorphic');
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`apps/${i}.yaml`, `${Math.sin(i)}\n`]),
    );
    const first = fixture.remote.commit(files);
    const second = fixture.remote.commit({ 'apps/7.yaml': 'new\n' });
    const remote = parseRemote({ url: fixture.server.url('config.git'), branch: 'main' });
    const http = new SmartHttp(remote);
    const pack = await new UploadPack(remote, http).fetch(
      { commit: second, depth: 1, known: { have: [first], shallow: [] } },
      NEVER,
    );
    await http.close();
    expect(pack.toString('latin1', 0, 4)).toBe('PACK');
    // The commit, two trees and a blob; a thin pack's index is not needed to count them.
    expect(pack.readUInt32BE(8)).toBeLessThanOrEqual(5);
    expect(createHash('sha1').update(pack.subarray(0, -20)).digest('hex')).toBe(
      pack.toString('hex', pack.length - 20),
    );
  });

  it('works with a server that knows only the first protocol', async () => {
    fixture = await startFixture('isomorphic');
    const files = { 'a.yaml': '1\n', 'b/c.yaml': '1\n' };
    fixture.remote.commit(files);
    const plain = await startOldServer(fixture);
    const branch = await fixture.open({ url: plain.url });
    expect(await readAll(branch.files(await branch.head(NEVER)))).toEqual(files);
    fixture.remote.commit({ 'a.yaml': '2\n' });
    expect(await readAll(branch.files(await branch.head(NEVER)))).toMatchObject({
      'a.yaml': '2\n',
    });
    expect((await commitAndPush(branch, { 'a.yaml': '3\n' })).result.kind).toBe('pushed');
    await expect(
      (await fixture.open({ url: plain.url, branch: 'none' })).head(NEVER),
    ).rejects.toMatchObject({ code: 'git/not-found' });
    fixture.remote.fsck();
    await plain.close();
  });

  it('reads a commit whose objects are spread over thin packs, as Git does', async () => {
    fixture = await startFixture('isomorphic');
    const long = Array.from({ length: 400 }, (_, i) => `line ${i} ${Math.sin(i)}\n`);
    fixture.remote.commit({ 'long.yaml': long.join(''), 'other.yaml': 'x\n' });
    const branch = await fixture.open();
    for (let round = 0; round < 6; round++) {
      await readAll(branch.files(await branch.head(NEVER)));
      long[round * 50] = `changed ${round}\n`;
      fixture.remote.commit({ 'long.yaml': long.join('') });
    }
    const all = await readAll(branch.files(await branch.head(NEVER)));
    expect(all['long.yaml']).toBe(fixture.remote.read('long.yaml'));
    expect(git(fixture.remote.path, ['rev-list', '--count', 'main'])).toBe('7');
  });
});
