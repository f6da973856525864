import { describe, expect, it } from 'vitest';
import { InterestMemory, interestOf } from '../../../src/app/read/interest-memory.ts';
import { ParsedFiles } from '../../../src/app/read/parsed-files.ts';
import { ManifestReader, type ReadScope } from '../../../src/app/read/manifest-reader.ts';
import { MemoryFiles, never, type Files } from '../../support/memory-ports.ts';
import { deploymentText, policyText } from '../../support/texts.ts';

const SETTERS: ReadScope = { strategy: 'Setters' };
const IMAGES: ReadScope = { strategy: 'Images' };

function reading(files: Files, { ids = true, memory = InterestMemory.from(undefined) } = {}) {
  let current = files;
  const source = new MemoryFiles(() => current, ids);
  const reader = new ManifestReader(memory);
  return {
    memory,
    change: (changed: Files) => (current = changed),
    read: (scope: ReadScope) => reader.read(source, scope, never),
    /** Paths read since the last call. */
    reads: () => source.usage.reads.splice(0),
    usage: source.usage,
  };
}

const FILES = {
  'a.yaml': deploymentText(),
  'b.yaml': 'plain: true\n',
  'image.yaml': deploymentText('nginx:1', { marker: '' }),
  'policy.yml': policyText(),
  'readme.md': '# {"$imagepolicy": "apps:podinfo"}',
};

describe('a reader', () => {
  it('finds marked fields and resources in manifests alone', async () => {
    const { read, reads } = reading(FILES);
    const contents = await read(SETTERS);
    expect([...contents.files.keys()]).toEqual(['a.yaml']);
    expect(contents.resources.map(({ policies }) => policies.length)).toEqual([1]);
    expect(contents.findings).toEqual([]);
    expect(reads()).not.toContain('readme.md');
  });

  it('finds unmarked images with the Images strategy', async () => {
    const contents = await reading(FILES).read(IMAGES);
    expect([...contents.files.keys()]).toEqual(['a.yaml', 'image.yaml']);
  });

  it('reads each blob once, and then only what is new', async () => {
    const { read, reads, change } = reading(FILES);
    const first = await read(SETTERS);
    expect(reads()).toHaveLength(4);
    expect(await read(SETTERS)).toEqual(first);
    expect(reads()).toEqual([]);
    change({ ...FILES, 'c.yaml': 'new: true\n', 'moved.yaml': FILES['b.yaml'] });
    await read(SETTERS);
    // The moved file's blob is known to hold nothing, whatever its path is.
    expect(reads()).toEqual(['c.yaml']);
  });

  it('reads a blob that holds something again under another path, which findings name', async () => {
    const { read, reads, change } = reading(FILES);
    await read(SETTERS);
    reads();
    change({ 'z.yaml': FILES['a.yaml'] });
    const contents = await read(SETTERS);
    expect(reads()).toEqual(['z.yaml']);
    expect([...contents.files.keys()]).toEqual(['z.yaml']);
  });

  it('does not even list a revision that it knows', async () => {
    const { read, usage } = reading(FILES);
    const first = await read({ ...SETTERS, revision: 'c1' });
    await read({ ...IMAGES, revision: 'c1' });
    expect(await read({ ...SETTERS, revision: 'c1' })).toBe(first);
    expect(usage.lists).toBe(2);
    await read({ ...SETTERS, revision: 'c2' });
    expect(usage.lists).toBe(3);
  });

  it('reads a folder without ids each time', async () => {
    const { read, reads } = reading(FILES, { ids: false });
    await read(SETTERS);
    reads();
    await read(SETTERS);
    expect(reads()).toHaveLength(4);
  });

  it('forgets blobs that are gone', async () => {
    const { read, reads, change } = reading(FILES);
    await read(SETTERS);
    change({});
    await read(SETTERS);
    reads();
    change(FILES);
    await read(SETTERS);
    expect(reads()).toHaveLength(4);
  });

  it.each([
    {
      name: 'with a marker is an error',
      text: '{{ if }}\na: b # {"$imagepolicy": "x:y"}\n: [',
      severity: 'error',
    },
    { name: 'without a marker is a warning', text: '{{ if }}\nimage: [', severity: 'warning' },
  ])('finds that an unparsable file $name', async ({ text, severity }) => {
    const contents = await reading({ 'a.yaml': text }).read(IMAGES);
    expect(contents.findings).toMatchObject([{ severity, code: 'manifest/unparsable' }]);
  });

  it.each([
    { link: 'b.yaml', want: [] },
    { link: '../b.yaml', want: [] },
    { link: 'x/../../../b.yaml', want: ['file/outside'] },
    { link: '/etc/passwd', want: ['file/outside'] },
    { link: 'x'.repeat(5000), want: ['file/outside'] },
  ])('says of a link in a folder to $link: $want', async ({ link, want }) => {
    const { findings } = await reading({ 'deploy/a.yaml': { link } }).read(SETTERS);
    expect(findings.map(({ code }) => code)).toEqual(want);
  });
});

describe('the memory of parsed files', () => {
  const STRANGE = {
    'a.yaml': deploymentText('podinfo:1', {
      annotations: ['lockkeeper.dev/lock: "1"', 'lockkeeper.dev/lock-until: 2030-01-01T00:00:00Z'],
    }),
    'b.yaml': policyText(),
    'broken.yaml': 'a: b # {"$imagepolicy": "x:y"}\n: [',
    'dangling.yaml': '# {"$imagepolicy": "x:y"}\na: {}\n',
    'invalid.yaml': policyText().replace('semver', 'semvr'),
  };

  it.each(['Setters', 'Images'] as const)(
    'makes a new process see the same without a look at the files, with strategy %s',
    async (strategy) => {
      const [interest, parsed] = [InterestMemory.from(undefined), ParsedFiles.from(undefined)];
      const source = new MemoryFiles(() => STRANGE, true);
      const first = await new ManifestReader(interest, parsed).read(source, { strategy }, never);
      const saved = JSON.parse(JSON.stringify([interest.save(), parsed.save()])) as unknown[];
      const next = new ManifestReader(InterestMemory.from(saved[0]), ParsedFiles.from(saved[1]));
      source.usage.reads.length = 0;
      expect(await next.read(source, { strategy }, never)).toEqual(first);
      expect(source.usage.reads).toEqual([]);
      expect(first.findings.length + first.resources.length).toBeGreaterThan(3);
    },
  );

  it('takes anything but its own saving for nothing', () => {
    for (const saved of [undefined, null, 'text', 7]) {
      expect(ParsedFiles.from(saved).get({ path: 'a', id: 'b', kind: 'file' }, 'Setters')).toBe(
        undefined,
      );
    }
  });

  it('keeps nothing of files without an id', () => {
    const parsed = ParsedFiles.from(undefined);
    parsed.set({ path: 'a', kind: 'file' }, 'Setters', {});
    expect(parsed.changed).toBe(false);
  });
});

describe('the memory of blobs', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  it('survives a round trip through JSON', () => {
    const memory = InterestMemory.from(undefined);
    const seen = {
      marker: interestOf(bytes(deploymentText())),
      resources: interestOf(bytes(policyText('a', 'x'))),
      nothing: interestOf(bytes('a: b')),
    };
    for (const [id, interest] of Object.entries(seen)) memory.set(id, interest);
    const saved: unknown = JSON.parse(JSON.stringify(memory.save()));
    const loaded = InterestMemory.from(saved);
    for (const [id, interest] of Object.entries(seen)) expect(loaded.get(id)).toEqual(interest);
    expect(seen.marker).toEqual({ marker: true, image: true, resources: false });
    expect(seen.nothing).toEqual({ marker: false, image: false, resources: false });
  });

  it('says when there is something to save', () => {
    const memory = InterestMemory.from(undefined);
    expect(memory.changed).toBe(false);
    memory.set('a', interestOf(bytes('')));
    expect(memory.changed).toBe(true);
    memory.save();
    expect(memory.changed).toBe(false);
    memory.keepOnly(new Set(['a']));
    expect(memory.changed).toBe(false);
    memory.keepOnly(new Set());
    expect(memory.changed).toBe(true);
    expect(memory.get('a')).toBeUndefined();
  });

  it.each([
    undefined,
    null,
    'text',
    7,
    { version: 99, blobs: { a: 1 } },
    { version: 1, blobs: null },
    { version: 1, blobs: { a: 'x' } },
    { version: 1, blobs: [1, 2] },
  ])('takes %j for nothing', (saved) => {
    expect(InterestMemory.from(saved).get('a')).toBeUndefined();
  });

  it('knows nothing of files without an id', () => {
    const memory = InterestMemory.from(undefined);
    memory.set(undefined, interestOf(bytes('image: x')));
    expect(memory.get(undefined)).toBeUndefined();
    expect(memory.changed).toBe(false);
  });
});
