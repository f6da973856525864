import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { GIT_TEST_ENV, scratch } from '../../support/git/repo.ts';
import { hasTool } from '../../support/git/tools.ts';
import { commitAndPush, NEVER, readAll, startFixture, type Fixture } from './fixture.ts';

const canRun = hasTool('git') && hasTool('git-http-backend');
const area = scratch();
const child = join(area.path, 'child.mjs');

function manyFiles(): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [`apps/${i}.yaml`, `${Math.sin(i)}\n`.repeat(50)]),
  );
}

/** Runs the child until `step` has been printed `times` times and `afterMs` passed, then kills it. */
async function runAndKill(
  fixture: Fixture,
  engine: string,
  { step, times, afterMs }: { step: string; times: number; afterMs: number },
): Promise<void> {
  const process_ = spawn(
    process.execPath,
    [child, engine, fixture.server.url('config.git'), fixture.storeRoot],
    { env: GIT_TEST_ENV, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let out = '';
  let err = '';
  process_.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise<void>((resolve) => process_.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    process_.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.split(step).length > times) resolve();
    });
    void ended.then(() => reject(new Error(`the child ended by itself: ${err}`)));
  });
  await delay(afterMs);
  process_.kill('SIGKILL');
  await ended;
}

describe.skipIf(!canRun).each(['native', 'isomorphic'] as const)(
  'a killed process, with the %s engine',
  (engine) => {
    let fixture: Fixture;
    beforeAll(async () => {
      await build({
        input: fileURLToPath(new URL('./crash-child.ts', import.meta.url)),
        platform: 'node',
        output: { file: child, format: 'esm', inlineDynamicImports: true },
        logLevel: 'silent',
      });
      return () => area.remove();
    });
    afterEach(() => fixture.close());

    it.each([
      { step: 'head', times: 1, afterMs: 0 },
      { step: 'fetch', times: 1, afterMs: 2 },
      { step: 'fetch', times: 1, afterMs: 15 },
      { step: 'fetch', times: 1, afterMs: 40 },
      { step: 'read', times: 1, afterMs: 1 },
      { step: 'history', times: 1, afterMs: 5 },
      { step: 'history', times: 1, afterMs: 30 },
      { step: 'history', times: 2, afterMs: 15 },
      { step: 'commit', times: 1, afterMs: 0 },
      { step: 'commit', times: 1, afterMs: 5 },
      { step: 'commit', times: 3, afterMs: 3 },
      { step: 'push', times: 1, afterMs: 0 },
      { step: 'push', times: 2, afterMs: 10 },
      { step: 'push', times: 3, afterMs: 40 },
    ])('does no harm when killed $afterMs ms after "$step" ($times)', async (moment) => {
      fixture = await startFixture(engine);
      fixture.remote.git('config', 'uploadpack.allowFilter', 'true');
      for (let i = 0; i < 5; i += 1) fixture.remote.commit({ 'apps/3.yaml': `${i}\n` });
      fixture.remote.commit(manyFiles());
      await runAndKill(fixture, engine, moment);
      fixture.remote.fsck();
      const branch = await fixture.open();
      const all = await readAll(branch.files(await branch.head(NEVER)));
      expect(Object.keys(all)).toHaveLength(200);
      const told: string[] = [];
      for await (const { id } of branch.log(await branch.head(NEVER), 300, NEVER)) told.push(id);
      expect(told).toEqual(fixture.remote.git('rev-list', 'main').split('\n'));
      // The server may still be ending the killed one's push: then ours is rejected once, as it should be.
      const push = async () => (await commitAndPush(branch, { 'apps/2.yaml': 'after\n' })).result;
      const pushed = { kind: 'pushed' };
      await vi.waitFor(async () => expect(await push()).toEqual(pushed), { timeout: 10_000 });
      expect(fixture.remote.read('apps/2.yaml')).toBe('after\n');
      fixture.remote.fsck();
      // The killed one's store was taken over, not left behind.
      expect(readdirSync(fixture.storeRoot)).toHaveLength(1);
    });

    it('works beside a live process on the same store folder', async () => {
      fixture = await startFixture(engine);
      fixture.remote.commit(manyFiles());
      const killed = runAndKill(fixture, engine, { step: 'push', times: 4, afterMs: 0 });
      for (let round = 0; round < 4; round++) {
        const branch = await fixture.open();
        for (let pushed = false; !pushed;) {
          const { result } = await commitAndPush(branch, { 'apps/2.yaml': `${round}\n` });
          pushed = result.kind === 'pushed';
        }
        await branch.close();
      }
      await killed;
      fixture.remote.fsck();
      expect(fixture.remote.read('apps/2.yaml')).toBe('3\n');
      // Each commit has the one before as its only parent: nothing was forced away.
      const bot = fixture.remote.git('log', '--format=%P', '--author=bot@example.com', 'main');
      expect(bot.split('\n').every((parents) => /^[0-9a-f]{40}$/.test(parents))).toBe(true);
    });

    it('removes lock files and half-written packs that a kill left', async () => {
      fixture = await startFixture(engine);
      fixture.remote.commit(manyFiles());
      const first = await fixture.open();
      await readAll(first.files(await first.head(NEVER)));
      await first.close();
      const repo = join(fixture.storeRoot, readdirSync(fixture.storeRoot)[0] ?? '', 'repo');
      for (const name of ['shallow.lock', 'packed-refs.lock', 'objects/pack/tmp_pack_x']) {
        writeFileSync(join(repo, name), 'half');
      }
      fixture.remote.commit({ 'apps/3.yaml': 'human\n' });
      const second = await fixture.open();
      const all = await readAll(second.files(await second.head(NEVER)));
      expect(all['apps/3.yaml']).toBe('human\n');
    });

    it('fetches a damaged store anew', async () => {
      fixture = await startFixture(engine);
      fixture.remote.commit(manyFiles());
      const first = await fixture.open();
      const all = await readAll(first.files(await first.head(NEVER)));
      await first.close();
      const repo = join(fixture.storeRoot, readdirSync(fixture.storeRoot)[0] ?? '', 'repo');
      const packs = join(repo, 'objects/pack');
      for (const name of readdirSync(packs).filter((file) => file.endsWith('.pack'))) {
        writeFileSync(join(packs, `${name}.new`), Buffer.alloc(20_000, 7));
        chmodSync(join(packs, name), 0o644);
        renameSync(join(packs, `${name}.new`), join(packs, name));
      }
      const second = await fixture.open();
      expect(await readAll(second.files(await second.head(NEVER)))).toEqual(all);
      expect((await commitAndPush(second, { 'apps/2.yaml': 'after\n' })).result.kind).toBe(
        'pushed',
      );
      fixture.remote.fsck();
    });
  },
);
