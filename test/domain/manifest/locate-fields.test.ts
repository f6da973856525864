import { describe, expect, it } from 'vitest';
import { locateFields, locateLocks } from '../../../src/domain/manifest/locate-fields.ts';

const fieldsIn = (text: string) => locateFields('f.yaml', text, 'Setters').fields;
const findingsIn = (text: string) => locateFields('f.yaml', text, 'Setters').findings;

describe('a marked field', () => {
  it.each([
    {
      marker: 'ns:app',
      part: 'reference',
      value: 'nginx:1.0',
      current: { name: 'nginx', tag: '1.0' },
    },
    { marker: 'ns:app:name', part: 'name', value: 'nginx', current: { name: 'nginx' } },
    { marker: 'ns:app:tag', part: 'tag', value: '1.20', current: { tag: '1.20' } },
    {
      marker: 'ns:app:tag',
      part: 'tag',
      value: '1.20@sha256:ab',
      current: { tag: '1.20', digest: 'sha256:ab' },
    },
    {
      marker: 'ns:app:digest',
      part: 'digest',
      value: 'sha256:ab',
      current: { digest: 'sha256:ab' },
    },
    { marker: 'ns:app', part: 'reference', value: 'NOT an image', current: {} },
  ])('of $marker says what $value is', ({ marker, part, value, current }) => {
    expect(fieldsIn(`a:\n- x: ${value} # {"$imagepolicy": "${marker}"}\n`)).toEqual([
      {
        at: { path: 'f.yaml', line: 2, column: 6 },
        document: 0,
        keyPath: ['a', 0, 'x'],
        part,
        value,
        current,
        separateDigest: false,
        marker: 'ns/app',
        locks: [],
        span: { start: 8, end: 8 + value.length },
      },
    ]);
  });

  it.each([
    { title: 'no space', comment: '#{"$imagepolicy":"ns:app"}' },
    { title: 'several signs', comment: '## {"$imagepolicy": "ns:app"}' },
    { title: 'spaces within', comment: '#   { "$imagepolicy" : "ns:app" }   ' },
    { title: 'other keys', comment: '# {"other": "x", "$imagepolicy": "ns:app"}' },
  ])('may have a marker with $title', ({ comment }) => {
    expect(fieldsIn(`x: nginx:1.0 ${comment}\n`)).toMatchObject([{ marker: 'ns/app', locks: [] }]);
  });

  it('keeps its digest apart where a digest field stands beside it', () => {
    const fields = fieldsIn('i:\n  tag: "1" # {"$imagepolicy": "ns:app:tag"}\n  digest: ""\n');
    expect(fields).toMatchObject([{ part: 'tag', separateDigest: true }]);
  });
});

describe('a comment that is meant to be a marker but is none', () => {
  it.each([
    { comment: '{"$imagepolicy": "ns:app"', says: 'not one JSON object' },
    { comment: '{"$imagepolicy": "ns:app"} and more', says: 'not one JSON object' },
    { comment: "{'$imagepolicy': 'ns:app'}", says: 'not one JSON object' },
    { comment: '{"$imagepolicy": ["ns:app"]}', says: 'must be a string' },
    { comment: '{"x": "$imagepolicy"}', says: 'must be a string' },
    { comment: '{"$imagepolicy": "app"}', says: '"app" is not "ns:name"' },
    { comment: '{"$imagepolicy": "ns:"}', says: 'is not "ns:name"' },
    { comment: '{"$imagepolicy": ":app"}', says: 'is not "ns:name"' },
    { comment: '{"$imagepolicy": "ns:app:tag:x"}', says: 'is not "ns:name"' },
    { comment: '{"$imagepolicy": "ns/app"}', says: 'is not "ns:name"' },
    {
      comment: '{"$imagepolicy": "ns:app:Tag"}',
      says: '":Tag" is none of ":name", ":tag" and ":digest"',
    },
  ])('is reported: $comment', ({ comment, says }) => {
    const { fields, findings } = locateFields(
      'f.yaml',
      `a: b\nx: nginx:1.0 # ${comment}\n`,
      'Setters',
    );
    expect(fields).toEqual([]);
    expect(findings).toEqual([
      {
        severity: 'error',
        code: 'marker/malformed',
        message: expect.stringContaining(says),
        at: { path: 'f.yaml', line: 2, column: 14 },
      },
    ]);
  });
});

describe('a marker', () => {
  const marker = '# {"$imagepolicy": "ns:app"}';

  it.each([
    { title: 'on a line of its own above a key', text: `${marker}\nx: nginx:1.0\n`, at: '1:1' },
    { title: 'behind the key of a map', text: `x: ${marker}\n  y: nginx:1.0\n`, at: '1:4' },
    { title: 'behind an empty map', text: `x: {} ${marker}\n`, at: '1:7' },
    { title: 'in an empty file', text: `${marker}\n`, at: '1:1' },
    { title: 'behind a document start', text: `--- ${marker}\nx: y\n`, at: '1:5' },
    { title: 'above a map in a list', text: `- a\n${marker}\n- x: nginx:1.0\n`, at: '2:1' },
    { title: 'two lines above an item', text: `a:\n${marker}\n\n- nginx:1.0\n`, at: '2:1' },
    {
      title: 'above an item that has its own',
      text: `a:\n${marker}\n- nginx:1.0 ${marker}\n`,
      at: '2:1',
    },
    {
      title: 'above an item between brackets',
      text: `a: [\n  ${marker}\n  nginx:1.0]\n`,
      at: '2:3',
    },
    { title: 'above a key with a tag', text: `a: b\n${marker}\n!!str x: y\n`, at: '2:1' },
    { title: 'at the end of the file', text: `x: y\n${marker}`, at: '2:1' },
    { title: 'below its value', text: `x: nginx:1.0\n  ${marker}\n`, at: '2:3' },
    { title: 'behind a closed list on its own line', text: `x: [\n  a\n] ${marker}\n`, at: '3:3' },
  ])('$title marks nothing, and says so', ({ text, at }) => {
    const found = findingsIn(text).filter(({ code }) => code === 'marker/dangling');
    expect(found.map(({ at: place }) => `${place?.line}:${place?.column}`)).toEqual([at]);
    expect(found[0]).toMatchObject({
      severity: 'warning',
      message: expect.stringMatching(/^this marker marks nothing/),
    });
  });

  it.each([
    { title: 'an alias', text: `a: &a nginx\nx: *a ${marker}\n`, says: 'alias' },
    { title: 'an empty value', text: `x: ${marker}\ny: z\n`, says: 'the value is empty' },
    {
      title: 'an empty value with a tag',
      text: `x: !!str ${marker}\n`,
      says: 'the value is empty',
    },
    { title: 'a value over two lines', text: `x: "a\n  b" ${marker}\n`, says: 'several lines' },
    { title: 'a block of two lines', text: `x: | ${marker}\n  a\n  b\n`, says: 'several lines' },
    { title: 'a block at the end of the file', text: `x: | ${marker}`, says: 'several lines' },
    {
      title: 'a folded block of two lines',
      text: `x: >- ${marker}\n  a\n\n  b\n`,
      says: 'several lines',
    },
    { title: 'an empty block', text: `x: | ${marker}\ny: z\n`, says: 'several lines' },
  ])('on $title cannot be followed, and says so', ({ text, says }) => {
    expect(fieldsIn(text)).toEqual([]);
    expect(findingsIn(text)).toMatchObject([
      { severity: 'error', code: 'field/unsupported', message: expect.stringContaining(says) },
    ]);
  });

  it.each([
    `# image: nginx:1.0 ${marker}\n`,
    `# see ${marker}\n`,
    `x: 'a ${marker}'\n`,
    `x: |\n  a ${marker}\n`,
    `x: http://host/#${marker.slice(2).replaceAll(' ', '')}\n`,
    'x: y # $imagepolicy markers go here\n',
  ])('in a comment or a text is none: %j', (text) => {
    expect(locateFields('f.yaml', text, 'Setters')).toEqual({ fields: [], findings: [] });
  });
});

describe('a file that does not parse', () => {
  it('is a finding and holds no fields', () => {
    const text = 'x: nginx:1.0 # {"$imagepolicy": "ns:app"}\n---\na: [\n';
    expect(locateFields('a/f.yaml', text, 'Setters')).toEqual({
      fields: [],
      findings: [
        {
          severity: 'error',
          code: 'manifest/unparsable',
          message: expect.stringMatching(/flow sequence/i),
          at: { path: 'a/f.yaml', line: 4, column: 1 },
        },
      ],
    });
    expect(locateLocks('a/f.yaml', text)).toMatchObject({ locks: [], findings: [{}] });
  });
});

describe('the resource of a field', () => {
  it('is its document or its item of a list', () => {
    const pod = (name: string, indent: string) =>
      [
        'apiVersion: v1',
        'kind: Pod',
        `metadata: {name: ${name}, namespace: ns}`,
        'x: a:1 # {"$imagepolicy": "ns:app"}',
      ]
        .map((line) => indent + line)
        .join('\n');
    const list = `apiVersion: v1\nkind: List\nitems:\n-${pod('one', '  ').slice(1)}\n-${pod('two', '  ').slice(1)}\n`;
    const fields = fieldsIn(
      `${list}---\n${pod('three', '')}\n---\nx: a:1 # {"$imagepolicy": "ns:app"}\n`,
    );
    expect(fields.map(({ resource, document }) => [resource?.name, document])).toEqual([
      ['one', 0],
      ['two', 0],
      ['three', 1],
      [undefined, 2],
    ]);
    expect(fields[0]?.resource).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'ns',
      name: 'one',
    });
  });

  it('may have no name', () => {
    const type = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' };
    const head = `apiVersion: ${type.apiVersion}\nkind: ${type.kind}\n`;
    const [field] = fieldsIn(`${head}images:\n- newTag: "1" # {"$imagepolicy": "ns:app:tag"}\n`);
    expect(field).toMatchObject({ unnamed: type });
    expect(field).not.toHaveProperty('resource');
  });
});

describe('locks', () => {
  const annotated = (annotations: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n${annotations}x: a:1 # {"$imagepolicy": "ns:app"}\n`;
  const digest = `sha256:${'a'.repeat(64)}`;

  it.each([
    { lock: '"6.1.0"', expected: { tag: '6.1.0' } },
    { lock: '6.10', expected: { tag: '6.10' } },
    { lock: '"true"', expected: {} },
    { lock: `"6.1.0@${digest}"`, expected: { tag: '6.1.0', digest } },
    { lock: digest, expected: { digest } },
  ])('of a workload read $lock', ({ lock, expected }) => {
    const text = annotated(`    lockkeeper.dev/lock: ${lock}\n`);
    expect(fieldsIn(text)[0]?.locks).toEqual([
      { scope: 'workload', ...expected, at: { path: 'f.yaml', line: 6, column: 26 } },
    ]);
    expect(findingsIn(text)).toEqual([]);
  });

  it('say who, why and until when', () => {
    const text = annotated(
      '    lockkeeper.dev/lock: "1"\n    lockkeeper.dev/lock-by: Ada\n    lockkeeper.dev/lock-reason: "bad: #1"\n    lockkeeper.dev/lock-until: 2030-01-01T00:00:00+01:00\n',
    );
    expect(fieldsIn(text)[0]?.locks).toMatchObject([
      { tag: '1', by: 'Ada', reason: 'bad: #1', until: '2030-01-01T00:00:00+01:00' },
    ]);
  });

  it('of Flux v1 hold what is there', () => {
    const text = annotated(
      '    fluxcd.io/locked: "true"\n    fluxcd.io/locked_user: Ada\n    fluxcd.io/locked_msg: why\n',
    );
    expect(fieldsIn(text)[0]?.locks).toMatchObject([
      { scope: 'workload', by: 'Ada', reason: 'why' },
    ]);
    expect(fieldsIn(annotated('    fluxcd.io/locked: "false"\n'))[0]?.locks).toEqual([]);
  });

  it('of a field come before those of its workload', () => {
    const text = annotated('    lockkeeper.dev/lock: "1"\n').replace(
      '"ns:app"',
      '"ns:app", "lock": "2", "lock-by": "Bob"',
    );
    expect(fieldsIn(text)[0]?.locks).toMatchObject([
      { scope: 'field', tag: '2', by: 'Bob', at: { line: 7, column: 8 } },
      { scope: 'workload', tag: '1' },
    ]);
  });

  it('hold through aliases and merge keys', () => {
    const lock = '{lockkeeper.dev/lock: "1"}';
    const by = (annotations: string) =>
      `apiVersion: v1\nkind: Pod\nspec: &held ${lock}\nmetadata: {name: a, annotations: ${annotations}}\nx: a:1 # {"$imagepolicy": "ns:app"}\n`;
    for (const text of [by('*held'), by('{<<: *held}'), by('{<<: [*held]}')]) {
      expect(fieldsIn(text)[0]?.locks).toMatchObject([{ tag: '1' }]);
    }
  });

  it.each([
    {
      title: 'no tag',
      annotations: 'lockkeeper.dev/lock: "not a tag"',
      says: '"not a tag" is no tag',
    },
    { title: 'an empty word', annotations: 'lockkeeper.dev/lock: ""', says: 'is no tag' },
    { title: 'a bad digest', annotations: 'lockkeeper.dev/lock: "1@sha256:x"', says: 'is no tag' },
    {
      title: 'an end that is no time',
      annotations: 'lockkeeper.dev/lock: "true"\n    lockkeeper.dev/lock-until: tomorrow',
      says: '"tomorrow" is no RFC 3339 time',
    },
    {
      title: 'an end on no day of the calendar',
      annotations:
        'lockkeeper.dev/lock: "true"\n    lockkeeper.dev/lock-until: "2030-02-30T99:00:00Z"',
      says: 'is no RFC 3339 time',
    },
  ])('with $title hold what is there without an end, and say so', ({ annotations, says }) => {
    const text = annotated(`    ${annotations}\n`);
    const [lock] = fieldsIn(text)[0]?.locks ?? [];
    expect(lock).toMatchObject({ scope: 'workload' });
    expect(lock).not.toHaveProperty('tag');
    expect(lock).not.toHaveProperty('until');
    expect(findingsIn(text)).toMatchObject([
      { severity: 'error', code: 'lock/invalid', message: expect.stringContaining(says) },
    ]);
  });

  it.each([
    { keys: '"lock": 6.10', says: '"lock" must be a tag in quotes' },
    { keys: '"lock": null', says: '"lock" must be a tag in quotes' },
    {
      keys: '"lock": "1", "lock-untill": "2030-01-01T00:00:00Z"',
      says: '"lock-untill" is none of',
    },
    { keys: '"lock": "1", "lock-by": 5', says: '"lock-by" must be a string' },
    { keys: '"lock-by": "Ada"', says: '"lock" is missing' },
    { keys: '"lock": "1", "lock-until": "soon"', says: '"soon" is no RFC 3339 time' },
  ])('in a marker with $keys hold all the same, and say so', ({ keys, says }) => {
    const text = `x: a:1 # {"$imagepolicy": "ns:app", ${keys}}\n`;
    expect(fieldsIn(text)[0]?.locks).toMatchObject([{ scope: 'field' }]);
    expect(findingsIn(text)).toMatchObject([
      { severity: 'error', code: 'lock/invalid', message: expect.stringContaining(says) },
    ]);
  });

  it('that are switched off lock nothing', () => {
    expect(fieldsIn('x: a:1 # {"$imagepolicy": "ns:app", "lock": false}\n')[0]?.locks).toEqual([]);
    expect(fieldsIn(annotated('    lockkeeper.dev/lock: "false"\n'))[0]?.locks).toEqual([]);
  });

  it('whose words stand alone are reported', () => {
    expect(findingsIn(annotated('    lockkeeper.dev/lock-by: Ada\n'))).toMatchObject([
      {
        severity: 'warning',
        code: 'lock/invalid',
        message: expect.stringContaining('locks nothing'),
      },
    ]);
  });

  it('are listed in file order, also where there is no image', () => {
    const text = `${annotated('    lockkeeper.dev/lock: "1"\n').replace('"ns:app"', '"ns:app", "lock": true')}---\napiVersion: v1\nkind: Service\nmetadata: {name: b, annotations: {lockkeeper.dev/lock: "2"}}\n`;
    expect(locateLocks('f.yaml', text)).toMatchObject({
      locks: [
        { on: 'workload', resource: { name: 'a' }, lock: { tag: '1' } },
        { on: 'field', resource: { name: 'a' }, marker: 'ns/app', field: { value: 'a:1' } },
        { on: 'workload', resource: { name: 'b', kind: 'Service' }, lock: { tag: '2' } },
      ],
      findings: [],
    });
  });
});
