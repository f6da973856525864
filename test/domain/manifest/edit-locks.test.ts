import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { formatLocation, type AppError } from '../../../src/domain/errors.ts';
import {
  clearMarkerLock,
  clearPolicyLock,
  clearWorkloadLock,
  setMarkerLock,
  setPolicyLock,
  setWorkloadLock,
} from '../../../src/domain/manifest/edit-locks.ts';
import { attempt } from '../../../src/domain/resources/attempt.ts';
import { locateLocks } from '../../../src/domain/manifest/locate-fields.ts';

const target = { kind: 'deployment', name: 'app' };
const lock = {
  tag: '6.1.0',
  reason: 'bad "release": #42',
  by: 'Ada',
  until: '2030-01-31T18:00:00Z',
};

function deployment(metadata: string): string {
  return `apiVersion: apps/v1\nkind: Deployment\n${metadata}spec: {}\n`;
}

const cases = [
  {
    title: 'no annotations',
    text: deployment('metadata:\n  name: app # the app\n  labels:\n    a: b\n'),
  },
  { title: 'four spaces', text: deployment('metadata:\n    labels: {a: b}\n    name: app\n') },
  { title: 'flow metadata', text: deployment('metadata: {name: app, labels: {a: b}}\n') },
  { title: 'flow metadata with a trailing comma', text: deployment('metadata: {name: app,}\n') },
  {
    title: 'empty flow annotations',
    text: deployment('metadata:\n  annotations: {}\n  name: app\n'),
  },
  {
    title: 'spaced empty flow annotations',
    text: deployment('metadata:\n  annotations: { }\n  name: app\n'),
  },
  {
    title: 'flow annotations',
    text: deployment('metadata:\n  name: app\n  annotations: {a: b, "c": d} # all\n'),
  },
  {
    title: 'flow annotations over several lines',
    text: deployment(
      'metadata:\n  name: app\n  annotations: {\n    a: b, # one\n    c: d # two\n  }\n',
    ),
  },
  {
    title: 'block annotations with a comment above the first',
    text: deployment(
      'metadata:\n  annotations: # all\n    # about a\n    a: |\n      x\n\n    c: d\n  name: app\n',
    ),
  },
  {
    title: 'an item of a list',
    text: 'apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata:\n    name: app\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata:\n    name: other\n',
  },
  {
    title: 'an item of a list that starts with its metadata',
    text: 'apiVersion: v1\nkind: List\nitems:\n  - metadata:\n      name: app\n    apiVersion: apps/v1\n    kind: Deployment\n',
  },
  {
    title: 'a second document without a final newline',
    text: 'a: b\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app',
  },
  {
    title: 'JSON',
    text: '{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"}}',
  },
];

describe('a workload lock', () => {
  it.each(cases)('can be set, replaced and taken away in $title', ({ text }) => {
    for (const file of [text, text.replaceAll('\n', '\r\n'), `\uFEFF${text}`]) {
      const locked = setWorkloadLock('f.yaml', file, target, lock);
      expect(locateLocks('f.yaml', locked).locks.map((found) => found.lock)).toMatchObject([
        { scope: 'workload', ...lock },
      ]);
      const again = setWorkloadLock('f.yaml', locked, target, { by: 'Bob' });
      const [held] = locateLocks('f.yaml', again).locks;
      expect(held).toMatchObject({
        on: 'workload',
        lock: { by: 'Bob' },
        resource: { name: 'app' },
      });
      expect(held?.lock).not.toHaveProperty('tag');
      expect(held?.lock).not.toHaveProperty('until');
      expect(clearWorkloadLock('f.yaml', again, target)).toBe(file);
      expect(clearWorkloadLock('f.yaml', file, target)).toBeUndefined();
    }
  });
});

describe('a workload that cannot be locked', () => {
  const shared = `x: &a {b: c}\n---\n`;
  it.each([
    {
      title: 'is not there',
      text: deployment('metadata:\n  name: other\n'),
      code: 'manifest/not-found',
      message: /^f\.yaml: there is no deployment app in this file/,
    },
    {
      title: 'is there twice',
      text: `${deployment('metadata: {name: app}\n')}---\n${deployment('metadata: {name: app}\n')}`,
      code: 'manifest/ambiguous',
      message: /2 resources/,
    },
    {
      title: 'takes its annotations through an alias',
      text: deployment('x: &a {a: b}\nmetadata:\n  name: app\n  annotations: *a\n'),
      code: 'manifest/unprovable',
      message: /f\.yaml:5:3: annotations is not a map/,
    },
    {
      title: 'takes its metadata through an alias',
      text: deployment('x: &a {name: app}\nmetadata: *a\n'),
      code: 'manifest/unprovable',
      message: /f\.yaml:1:1: metadata is not a map/,
    },
    {
      title: 'has annotations that are a text',
      text: deployment('metadata: {name: app, annotations: "x"}\n'),
      code: 'manifest/unprovable',
      message: /annotations is not a map/,
    },
    {
      title: 'has an empty key for annotations between braces',
      text: deployment('metadata: {name: app, annotations}\n'),
      code: 'manifest/unprovable',
      message: /f\.yaml:3:11: cannot be changed/,
    },
    {
      title: 'shares its metadata with another',
      text: deployment('metadata: &m\n  name: app\nx: *m\n'),
      code: 'manifest/unprovable',
      message: /shared through an anchor/,
    },
    {
      title: 'shares its annotations with another',
      text: deployment('metadata:\n  name: app\n  annotations: &a {a: b}\nx: *a\n'),
      code: 'manifest/unprovable',
      message: /shared through an anchor/,
    },
    {
      title: 'is in a broken file',
      text: `${shared}a: [`,
      code: 'manifest/unparsable',
      message: /^f\.yaml:3/,
    },
  ])('is refused when it $title', ({ text, code, message }) => {
    const set = () => setWorkloadLock('f.yaml', text, target, { tag: '1.0' });
    const error = attempt(set) as AppError;
    expect(error.code).toBe(code);
    expect(`${formatLocation(error.at!)}: ${error.message}`).toMatch(message);
  });

  it.each([
    { tag: 'not a tag' },
    { tag: 'true' },
    { digest: 'sha256:short' },
    { until: 'tomorrow' },
    { until: '2030-13-01T00:00:00Z' },
  ])('is refused when the lock is %o', (bad) => {
    const set = () => setWorkloadLock('f.yaml', deployment('metadata: {name: app}\n'), target, bad);
    expect(set).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('annotations that are empty', () => {
  it.each([
    {
      written: 'annotations: # none',
      locked: 'annotations: # none\n    lockkeeper.dev/lock: "1"',
      unlocked: undefined,
    },
    {
      written: 'annotations: ~ # none',
      locked: 'annotations: {"lockkeeper.dev/lock": "1"} # none',
      unlocked: 'annotations: {} # none',
    },
  ])('are filled where $written stands', ({ written, locked, unlocked }) => {
    const text = (annotations: string) =>
      deployment(`metadata:\n  name: app\n${annotations === '' ? '' : `  ${annotations}\n`}`);
    const result = setWorkloadLock('f.yaml', text(written), target, { tag: '1' });
    expect(result).toBe(text(locked));
    expect(clearWorkloadLock('f.yaml', result, target)).toBe(text(unlocked ?? ''));
  });

  it('or not a map have no lock to take away', () => {
    const text = deployment('metadata: {name: app, annotations: }\n');
    expect(clearWorkloadLock('f.yaml', text, target)).toBeUndefined();
  });
});

describe('an annotation over several lines', () => {
  it('of ours cannot be written over in place, and is refused', () => {
    const text = deployment(
      'metadata:\n  name: app\n  annotations:\n    lockkeeper.dev/lock: |\n      1\n',
    );
    expect(() => setWorkloadLock('f.yaml', text, target, { tag: '2' })).toThrow(
      expect.objectContaining({ code: 'manifest/unprovable' }),
    );
    expect(clearWorkloadLock('f.yaml', text, target)).toBe(deployment('metadata:\n  name: app\n'));
  });
});

describe('an unlock', () => {
  it('takes away a lock of Flux v1, too, and leaves other annotations alone', () => {
    const text = deployment(
      'metadata:\n  name: app\n  annotations:\n    fluxcd.io/locked: "true" # for now\n    fluxcd.io/locked_msg: x\n    # mine\n    a: b\n',
    );
    expect(clearWorkloadLock('f.yaml', text, target)).toBe(
      deployment('metadata:\n  name: app\n  annotations:\n    # mine\n    a: b\n'),
    );
  });

  it('chooses by group between resources of one kind and name', () => {
    const one = (apiVersion: string) =>
      `apiVersion: ${apiVersion}\nkind: Service\nmetadata: {name: app}\n`;
    const text = `${one('v1')}---\n${one('serving.knative.dev/v1')}`;
    const service = { kind: 'Service', name: 'app' };
    const locked = setWorkloadLock('f.yaml', text, { ...service, apiVersion: 'v1' }, { tag: '1' });
    expect(locked.endsWith(one('serving.knative.dev/v1'))).toBe(true);
    const none = () =>
      setWorkloadLock(
        'f.yaml',
        text,
        { ...service, namespace: 'x', apiVersion: 'v2' },
        { tag: '1' },
      );
    expect(none).toThrow(
      expect.objectContaining({ message: 'there is no Service x/app in this file' }),
    );
  });

  it('chooses by namespace between resources of one name', () => {
    const one = (namespace: string) =>
      deployment(`metadata:\n  name: app\n  namespace: ${namespace}\n`);
    const text = `${one('a')}---\n${one('b')}`;
    const locked = setWorkloadLock('f.yaml', text, { ...target, namespace: 'b' }, { tag: '1.0' });
    expect(locked.startsWith(one('a'))).toBe(true);
    expect(locateLocks('f.yaml', locked).locks).toMatchObject([{ resource: { namespace: 'b' } }]);
    expect(clearWorkloadLock('f.yaml', locked, { ...target, namespace: 'a' })).toBeUndefined();
  });
});

describe('a policy lock', () => {
  const policy = (spec: string) =>
    `apiVersion: lockkeeper.dev/v1alpha1\nkind: ImagePolicy\nmetadata:\n  name: app\n${spec}`;
  const specs = [
    'spec:\n  image: nginx # main\n  policy:\n    semver: {range: 1.x}\n',
    'spec: {image: nginx, policy: {semver: {range: 1.x}}}\n',
    'spec:\n    policy: {semver: {range: 1.x}}\n    image: nginx',
  ];

  it('goes below "spec:" where there is no image to put it behind', () => {
    const locked = setPolicyLock('f.yaml', policy('spec: # odd\n  x: y\n'), { name: 'app' }, lock);
    expect(locked).toContain('spec: # odd\n  lock:\n    tag: "6.1.0"\n');
  });

  it.each(specs)('can be set, replaced and taken away in %j', (spec) => {
    const flux = `apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: {name: app}\n---\n`;
    for (const file of [flux + policy(spec), policy(spec).replaceAll('\n', '\r\n')]) {
      const locked = setPolicyLock('f.yaml', file, { name: 'app' }, lock);
      const documents = parseAllDocuments(locked).map((document) => document.toJS() as unknown);
      expect(documents.at(-1)).toMatchObject({ spec: { image: 'nginx', lock } });
      const again = setPolicyLock('f.yaml', locked, { name: 'app' }, { by: 'Bob' });
      expect(parseAllDocuments(again).at(-1)?.toJS()).toMatchObject({
        spec: { lock: { by: 'Bob' } },
      });
      expect(again).not.toContain('6.1.0');
      expect(clearPolicyLock('f.yaml', again, { name: 'app' })).toBe(file);
      expect(clearPolicyLock('f.yaml', file, { name: 'app' })).toBeUndefined();
    }
  });

  it('without a tag and without words is an empty object', () => {
    const file = policy(specs[0] ?? '');
    const locked = setPolicyLock('f.yaml', file, { name: 'app' }, {});
    expect(locked).toContain('\n  lock: {}\n');
    expect(clearPolicyLock('f.yaml', locked, { name: 'app' })).toBe(file);
  });

  it('takes the place of a lock that a person wrote, comments and all', () => {
    const spec = 'spec:\n  lock:\n    # because\n    tag: 1.0 # so\n\n  image: nginx\n';
    const locked = setPolicyLock('f.yaml', policy(spec), { name: 'app' }, { tag: '2.0' });
    expect(locked).toBe(policy('spec:\n\n  image: nginx\n  lock:\n    tag: "2.0"\n'));
  });
});

describe('a marker lock', () => {
  const file = 'a:\n  tag: 1.0 # {"$imagepolicy": "ns:app:tag"}\n# {"$imagepolicy": no}\nb: c\n';

  it('can be set, replaced and taken away', () => {
    for (const text of [file, file.replaceAll('\n', '\r\n')]) {
      const locked = setMarkerLock('f.yaml', text, 2, lock);
      expect(locateLocks('f.yaml', locked).locks).toMatchObject([
        { on: 'field', marker: 'ns/app', lock: { scope: 'field', ...lock } },
      ]);
      expect(locked.split('\n')).toHaveLength(text.split('\n').length);
      const again = setMarkerLock('f.yaml', locked, 2, { by: 'Bob' });
      expect(again).toContain('{"$imagepolicy": "ns:app:tag", "lock": true, "lock-by": "Bob"}');
      expect(clearMarkerLock('f.yaml', again, 2)).toBe(text);
      expect(clearMarkerLock('f.yaml', text, 2)).toBeUndefined();
    }
  });

  it('keeps the spacing of the marker and a lock key in front of it', () => {
    const text = 'a: b #{ "lock" : "1" ,"$imagepolicy":"ns:app" }\n';
    expect(clearMarkerLock('f.yaml', text, 1)).toBe('a: b #{ "$imagepolicy":"ns:app" }\n');
    expect(setMarkerLock('f.yaml', text, 1, { tag: '2' })).toBe(
      'a: b #{ "$imagepolicy":"ns:app", "lock": "2" }\n',
    );
  });

  it('writes a reason of any characters on one line', () => {
    const reason = 'line\nbreak\r\u0085\u2028"\\ \u0007é😀 # x';
    const locked = setMarkerLock('f.yaml', file, 2, { reason });
    expect(locateLocks('f.yaml', locked).locks).toMatchObject([{ lock: { reason } }]);
    for (const char of ['\u0085', '\u2028', '\r', '\u0007']) expect(locked).not.toContain(char);
  });

  it.each([
    { line: 1, message: /^f\.yaml:1: no marked field on this line/ },
    { line: 3, message: /^f\.yaml:3: the marker is not one JSON object/ },
    { line: 99, message: /^f\.yaml:99: no marked field/ },
  ])('is refused on line $line', ({ line, message }) => {
    const error = attempt(() => setMarkerLock('f.yaml', file, line, lock)) as AppError;
    expect(error.code).toBe('manifest/not-found');
    expect(`${formatLocation(error.at!)}: ${error.message}`).toMatch(message);
  });

  it('goes to the marker above an item of a list by the line of either', () => {
    const text = 'a:\n  # {"$imagepolicy": "ns:app"}\n  - nginx:1.0\n';
    const locked = setMarkerLock('f.yaml', text, 3, { tag: '1.0' });
    expect(locked).toBe('a:\n  # {"$imagepolicy": "ns:app", "lock": "1.0"}\n  - nginx:1.0\n');
    expect(clearMarkerLock('f.yaml', locked, 2)).toBe(text);
  });
});
