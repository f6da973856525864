import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stateFiles } from '../../../src/adapters/files/state-files.ts';

describe('state files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lockkeeper-state-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('give back what was saved under a name, whatever the name holds', async () => {
    const files = stateFiles(join(folder, 'new'));
    const names = ['status', 'blobs of main at https://a/../b', 'blobs of main at https://a/../c'];
    for (const name of names) await files.save(name, { name });
    for (const name of names) expect(await files.load(name)).toEqual({ name });
    expect(await files.load('other')).toBeUndefined();
  });

  it('leave no draft behind', async () => {
    await stateFiles(folder).save('status', 1);
    await stateFiles(folder).save('status', 2);
    expect(readdirSync(folder)).toEqual(['status.json']);
  });

  it('take a damaged document for none', async () => {
    writeFileSync(join(folder, 'status.json'), '{"half":');
    expect(await stateFiles(folder).load('status')).toBeUndefined();
  });

  it.each(['null', '[]', '"text"', '{"version": "1"}'])(
    'take %s, which no version wrote, for none',
    async (text) => {
      writeFileSync(join(folder, 'status.json'), text);
      expect(await stateFiles(folder, '1').load('status')).toBeUndefined();
    },
  );

  it('take what this version concluded for nothing where a single byte is otherwise', async () => {
    const files = stateFiles(folder, '1.0.0');
    await files.save('blobs', { tags: ['1.2.3', 'ü'] });
    const path = join(folder, 'blobs.json');
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      writeFileSync(path, damaged);
      expect(await files.load('blobs'), `byte ${at}`).toBeUndefined();
      writeFileSync(path, whole.subarray(0, at));
      expect(await files.load('blobs'), `the first ${at} bytes`).toBeUndefined();
    }
    writeFileSync(path, whole);
    expect(await files.load('blobs')).toEqual({ tags: ['1.2.3', 'ü'] });
  });

  it('take what another version concluded for nothing', async () => {
    await stateFiles(folder, '1.0.0').save('blobs', { a: 1 });
    expect(await stateFiles(folder, '1.0.0').load('blobs')).toEqual({ a: 1 });
    expect(await stateFiles(folder, '1.0.1').load('blobs')).toBeUndefined();
  });

  it('say where they cannot be written, why, and what to do', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(stateFiles(file).save('status', 1)).rejects.toMatchObject({
      code: 'file/unreadable',
      message: `cannot write ${file}/status.json (EEXIST); name a folder with room by --state-dir or LOCKKEEPER_CACHE_DIR`,
    });
  });
});
