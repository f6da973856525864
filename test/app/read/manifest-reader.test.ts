import { describe, expect, it } from 'vitest';
import type { KeptFiles } from '../../../src/app/read/known-files.ts';
import { ManifestReader, type ReadScope } from '../../../src/app/read/manifest-reader.ts';
import { MemoryBranch, MemoryFiles, never, type Files } from '../../support/memory-ports.ts';
import { deploymentText, policyText } from '../../support/texts.ts';

const SETTERS: ReadScope = { strategy: 'Setters' };
const IMAGES: ReadScope = { strategy: 'Images' };

const FILES = {
  'a.yaml': deploymentText(),
  'b.yaml': 'plain: true\n',
  'image.yaml': deploymentText('nginx:1', { marker: '' }),
  'policy.yml': policyText(),
  'readme.md': '# {"$imagepolicy": "apps:podinfo"}',
};

/** Files whose every kind of outcome is another. */
const STRANGE: Files = {
  'a.yaml': deploymentText('podinfo:1', {
    annotations: ['lockkeeper.dev/lock: "1"', 'lockkeeper.dev/lock-until: 2030-01-01T00:00:00Z'],
  }),
  'b.yaml': policyText(),
  'broken.yaml': 'a: b # {"$imagepolicy": "x:y"}\n: [',
  'dangling.yaml': '# {"$imagepolicy": "x:y"}\na: {}\n',
  'invalid.yaml': policyText().replace('semver', 'semvr'),
  'image.yaml': deploymentText('nginx:1', { marker: '' }),
  'link.yaml': { link: '/etc/passwd' },
  'not-utf8.yaml': Buffer.from('a: \u00ff # {"$imagepolicy": "x:y"}\n', 'latin1'),
};

function readFolder(files: Files, scope: ReadScope) {
  return new ManifestReader().read(new MemoryFiles(() => files, false), scope, never);
}

/** A reader of a branch, and what it asks the branch for. */
function readingBranch(branch: MemoryBranch, kept?: KeptFiles) {
  const reader = new ManifestReader(kept);
  return {
    remember: () => reader.remember(),
    read: async ({ strategy }: ReadScope) => {
      const revision = await branch.head();
      return reader.read(branch.files(revision), { strategy, revision }, never);
    },
    /** Paths read and listings made since the last call. */
    usage: () => {
      const { lists } = branch.usage;
      branch.usage.lists = 0;
      return { reads: branch.usage.reads.splice(0).toSorted(), lists };
    },
  };
}

/** Keeps what is saved as JSON, as a file does. */
function keptInMemory() {
  const saved = new Map<string, string>();
  const kept: KeptFiles = {
    load: async (strategy) => JSON.parse(saved.get(strategy) ?? 'null') as unknown,
    save: async (strategy, value) => void saved.set(strategy, JSON.stringify(value)),
  };
  return { saved, kept };
}

describe('a reader', () => {
  it('finds marked fields and resources in manifests alone', async () => {
    const branch = new MemoryBranch(FILES);
    const { read, usage } = readingBranch(branch);
    const contents = await read(SETTERS);
    expect([...contents.files.keys()]).toEqual(['a.yaml']);
    expect(contents.resources.map(({ policies }) => policies.length)).toEqual([1]);
    expect(contents.findings).toEqual([]);
    expect(usage().reads).not.toContain('readme.md');
  });

  it('finds unmarked images with the Images strategy', async () => {
    const contents = await readFolder(FILES, IMAGES);
    expect([...contents.files.keys()]).toEqual(['a.yaml', 'image.yaml']);
  });

  it('reads a folder, which has no revisions, each time', async () => {
    const source = new MemoryFiles(() => FILES, false);
    const reader = new ManifestReader();
    const first = await reader.read(source, SETTERS, never);
    expect(await reader.read(source, SETTERS, never)).toEqual(first);
    expect(source.usage).toMatchObject({ lists: 2, reads: { length: 8 } });
  });

  it.each([
    {
      name: 'with a marker is an error',
      text: '{{ if }}\na: b # {"$imagepolicy": "x:y"}\n: [',
      severity: 'error',
    },
    { name: 'without a marker is a warning', text: '{{ if }}\nimage: [', severity: 'warning' },
  ])('finds that an unparsable file $name', async ({ text, severity }) => {
    const contents = await readFolder({ 'a.yaml': text }, IMAGES);
    expect(contents.findings).toMatchObject([{ severity, code: 'manifest/unparsable' }]);
  });

  it.each([
    { name: 'is passed over', text: '{{ if }}\nimage: [', want: [] },
    {
      name: 'with a marker is not',
      text: '{{ if }}\na: b # {"$imagepolicy": "x:y"}\n: [',
      want: ['error'],
    },
    { name: 'without an action is not', text: 'image: [', want: ['warning'] },
  ])('finds that an unparsable template of a chart $name', async ({ text, want }) => {
    const { findings } = await readFolder({ 'charts/web/templates/a.yaml': text }, IMAGES);
    expect(findings.map(({ severity }) => severity)).toEqual(want);
  });

  it.each([
    { link: 'b.yaml', want: [] },
    { link: '../b.yaml', want: [] },
    { link: 'x/../../../b.yaml', want: ['file/outside'] },
    { link: '/etc/passwd', want: ['file/outside'] },
    { link: 'x'.repeat(5000), want: ['file/outside'] },
  ])('says of a link in a folder to $link: $want', async ({ link, want }) => {
    const { findings } = await readFolder({ 'deploy/a.yaml': { link } }, SETTERS);
    expect(findings.map(({ code }) => code)).toEqual(want);
  });
});

describe('a reader of a branch', () => {
  it('neither lists nor reads a commit that it knows', async () => {
    const { read, usage } = readingBranch(new MemoryBranch(FILES));
    const first = await read(SETTERS);
    expect(usage()).toMatchObject({ lists: 1, reads: { length: 4 } });
    expect(await read(SETTERS)).toBe(first);
    expect(usage()).toEqual({ lists: 0, reads: [] });
  });

  it('reads of a later commit what differs, and lists nothing', async () => {
    const branch = new MemoryBranch(FILES);
    const { read, usage } = readingBranch(branch);
    await read(SETTERS);
    usage();
    branch.commitByOther({ 'b.yaml': 'plain: false\n', 'c.yaml': 'new: true\n', 'd.txt': '' });
    await read(SETTERS);
    expect(usage()).toEqual({ lists: 0, reads: ['b.yaml', 'c.yaml'] });
  });

  it('reads everything where an earlier commit is no longer there to be compared with', async () => {
    const branch = new MemoryBranch(FILES);
    const { read, usage } = readingBranch(branch);
    await read(SETTERS);
    usage();
    branch.forget(await branch.head());
    branch.commitByOther(FILES);
    expect([...(await read(SETTERS)).files.keys()]).toEqual(['a.yaml']);
    expect(usage()).toMatchObject({ lists: 1, reads: { length: 4 } });
  });

  it('looks, with another strategy, only at the files that may matter', async () => {
    const { read, usage } = readingBranch(new MemoryBranch(FILES));
    await read(SETTERS);
    usage();
    expect(await read(IMAGES)).toEqual(await readFolder(FILES, IMAGES));
    expect(usage()).toEqual({ lists: 0, reads: ['a.yaml', 'image.yaml', 'policy.yml'] });
  });

  it.each(['Setters', 'Images'] as const)(
    'finds by way of any commits what it would find at once, with strategy %s',
    async (strategy) => {
      const branch = new MemoryBranch({ 'z.yaml': deploymentText() });
      const { read } = readingBranch(branch);
      await read({ strategy });
      const paths = Object.keys(STRANGE);
      for (const path of ['not-utf8.yaml', 'a.yaml', 'link.yaml', ...paths]) {
        branch.commitByOther({ [path]: STRANGE[path] ?? '' });
        expect(await read({ strategy })).toEqual(await readFolder(branch.current, { strategy }));
      }
      for (const [index, path] of paths.entries()) {
        branch.commitByOther({ [path]: STRANGE[paths.at(index - 1) ?? ''] ?? '' });
        const contents = await read({ strategy });
        expect(contents).toEqual(await readFolder(branch.current, { strategy }));
        expect([...contents.files.keys()]).toEqual([...contents.files.keys()].toSorted());
      }
    },
  );
});

describe('what a reader remembers', () => {
  it.each(['Setters', 'Images'] as const)(
    'makes a new process see the same without a look at the files, with strategy %s',
    async (strategy) => {
      const branch = new MemoryBranch(STRANGE);
      const { kept } = keptInMemory();
      const first = readingBranch(branch, kept);
      const contents = await first.read({ strategy });
      await first.remember();
      first.usage();
      const next = readingBranch(branch, kept);
      expect(await next.read({ strategy })).toEqual(contents);
      expect(next.usage()).toEqual({ lists: 0, reads: [] });
      expect(contents.findings.length + contents.resources.length).toBeGreaterThan(3);
    },
  );

  it('grows with what is marked, and not with the repo', async () => {
    const many = Array.from({ length: 200 }, (_, n) => [`${n}.yaml`, `plain: ${n}\n`]);
    const sizeOf = async (files: Files) => {
      const { kept, saved } = keptInMemory();
      const { read, remember } = readingBranch(new MemoryBranch(files), kept);
      await read(SETTERS);
      await remember();
      return saved.get('Setters')?.length;
    };
    expect(await sizeOf({ ...FILES, ...Object.fromEntries(many) })).toBe(await sizeOf(FILES));
  });

  it('is written only where there is something new', async () => {
    const branch = new MemoryBranch(FILES);
    const { kept, saved } = keptInMemory();
    const { read, remember } = readingBranch(branch, kept);
    await read(SETTERS);
    await remember();
    expect([...saved.keys()]).toEqual(['Setters']);
    saved.clear();
    await read(SETTERS);
    await remember();
    expect(saved.size).toBe(0);
  });

  it.each([
    undefined,
    null,
    'text',
    7,
    [],
    {},
    { revision: 'c0' },
    { revision: 7, files: [] },
    { revision: 'c0', files: { 'a.yaml': {} } },
  ])('counts for nothing where it is %j', async (saved) => {
    const kept: KeptFiles = { load: async () => saved, save: async () => undefined };
    const { read, usage } = readingBranch(new MemoryBranch(FILES), kept);
    expect([...(await read(SETTERS)).files.keys()]).toEqual(['a.yaml']);
    expect(usage().lists).toBe(1);
  });
});
