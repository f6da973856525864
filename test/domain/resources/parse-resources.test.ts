import { describe, expect, it } from 'vitest';
import { parseResources } from '../../../src/domain/resources/parse-resources.ts';
import {
  automation,
  complaints,
  image,
  more,
  policy,
  policyHead,
  rule,
  semver,
} from './resource-text.ts';

describe('a valid file', () => {
  it('gives a policy with its defaults and its place', () => {
    const { policies, automations, findings } = parseResources('p/a.yaml', `---\n${more('')}`);
    expect(findings).toEqual([]);
    expect(automations).toEqual([]);
    expect(policies).toEqual([
      {
        kind: 'ImagePolicy',
        metadata: { name: 'podinfo', namespace: 'default', labels: {} },
        spec: {
          image: 'ghcr.io/org/podinfo',
          interval: '5m',
          timeout: '60s',
          suspend: false,
          policy: { semver: { range: '*' } },
          digestReflectionPolicy: 'Never',
          allowDowngrade: false,
          provider: 'generic',
          insecure: false,
        },
        at: { path: 'p/a.yaml', line: 2, column: 1 },
      },
    ]);
  });

  it('gives an automation with its defaults', () => {
    const { automations, findings } = parseResources('a.yaml', automation('  update: {}'));
    expect(findings).toEqual([]);
    expect(automations[0]?.spec).toEqual({
      git: {
        url: 'https://git.example.com/org/config',
        branch: 'main',
        provider: 'generic',
      },
      update: { strategy: 'Setters' },
      interval: '5m',
      suspend: false,
    });
  });

  it('may hold many documents and lists, with CRLF, a byte order mark and other kinds', () => {
    const item = (name: string) =>
      `- apiVersion: lockkeeper.dev/v1alpha1\n  kind: ImagePolicy\n  metadata: {name: ${name}, namespace: apps}\n  spec: {image: r/${name}, policy: {alphabetical: {}}}\n`;
    const text = `\uFEFF---\n${more('')}---\n# nothing\n---\napiVersion: apps/v1\nkind: Deployment\nbad: [1\n ]\n---\napiVersion: v1\nkind: List\nitems:\n${item('one')}${item('two')}---\n${automation('')}`;
    const { policies, automations, findings } = parseResources(
      'a.yaml',
      text.replaceAll('\n', '\r\n'),
    );
    expect(findings).toEqual([]);
    expect(policies.map(({ metadata, at }) => [metadata.name, at.line, at.column])).toEqual([
      ['podinfo', 2, 1],
      ['one', 21, 3],
      ['two', 25, 3],
    ]);
    expect(automations.map(({ at }) => at.line)).toEqual([30]);
  });

  it('may use anchors and merge keys, and point out of them', () => {
    const text = `${policyHead.replace('spec:\n', 'spec: &base\n')}${image}${semver}---\n`;
    expect(complaints(`${text}${policyHead}  <<: *base\n`)).not.toEqual([]); // anchors end with a document
    const list = `apiVersion: v1
kind: List
items:
  - apiVersion: lockkeeper.dev/v1alpha1
    kind: ImagePolicy
    metadata: { name: one }
    spec: &spec
      image: r/one
      policy: &rule { numerical: { order: desc } }
  - apiVersion: lockkeeper.dev/v1alpha1
    kind: ImagePolicy
    metadata: { name: two }
    spec:
      <<: *spec
      image: r/two
      lock: { tag: &tag "1.0" }
`;
    const { policies, findings } = parseResources('a.yaml', list);
    expect(findings).toEqual([]);
    expect(policies[1]?.spec).toMatchObject({
      image: 'r/two',
      policy: { numerical: { order: 'desc' } },
      lock: { tag: '1.0' },
    });
    expect(complaints(list.replace('order: desc', 'order: down'))).toEqual([
      'a.yaml:9:43: spec.policy.numerical.order: must be one of asc, desc',
      'a.yaml:9:43: spec.policy.numerical.order: must be one of asc, desc',
    ]);
  });

  it.each([
    ['Kubernetes metadata', 'metadata:\n  uid: x\n  generation: 3\n  managedFields: [{}]\n'],
    ['status', 'status: {anything: [1]}\nmetadata:\n'],
  ])('may have %s', (_, lines) => {
    expect(complaints(more('').replace('metadata:\n', lines))).toEqual([]);
  });

  it.each([
    ['yes', true],
    ['True', true],
    ['no', false],
    ['OFF', false],
  ])('takes %s for %s where a boolean stands, as kubectl does', (word, want) => {
    const { policies } = parseResources('a.yaml', more(`  suspend: ${word}`));
    expect(policies[0]?.spec.suspend).toBe(want);
  });

  it('takes an unquoted time for text', () => {
    const { policies, findings } = parseResources(
      'a.yaml',
      more('  lock: { until: 2030-01-31T18:00:00+01:00 }'),
    );
    expect(findings).toEqual([]);
    expect(policies[0]?.spec.lock?.until).toBe('2030-01-31T18:00:00+01:00');
  });

  it.each([
    ['another group', more('').replace('lockkeeper.dev', 'image.toolkit.fluxcd.io')],
    [
      'an annotation of ours',
      'kind: Deployment\nmetadata:\n  annotations: {lockkeeper.dev/lock: x}\n',
    ],
    ['no YAML at all', 'a: [\n'],
    ['no YAML, with an annotation of ours', 'lockkeeper.dev/lock: {{ .Values.lock }}: x\n'],
    ['an empty file', ''],
    ['a top-level list', '- lockkeeper.dev/v1alpha1\n'],
  ])('of %s holds nothing and raises nothing', (_, text) => {
    expect(parseResources('a.yaml', text)).toEqual({
      policies: [],
      receivers: [],
      automations: [],
      findings: [],
    });
  });
});

describe('a policy at fault', () => {
  it.each([
    [
      'an unknown field, near a known one',
      rule('    semver:\n      rnage: "*"'),
      [
        'a.yaml:8:5: spec.policy.semver.range: required, but not given',
        'a.yaml:9:7: spec.policy.semver.rnage: unknown field; did you mean "range"?',
      ],
    ],
    [
      'an unknown field like no other',
      more('  colour: red'),
      ['a.yaml:8:3: spec.colour: unknown field; remove it'],
    ],
    [
      'an unknown field beside spec',
      `${more('')}sepc: {}\n`,
      ['a.yaml:9:1: sepc: unknown field; did you mean "spec"?'],
    ],
    ['no spec', policyHead.replace('spec:\n', ''), ['a.yaml:1:1: spec: required, but not given']],
    ['an empty spec', policyHead, ['a.yaml:5:1: spec: is empty; give it a value, or remove it']],
    [
      'no image and no policy',
      policy('  suspend: true'),
      [
        'a.yaml:5:1: spec.image: required, but not given',
        'a.yaml:5:1: spec.policy: required, but not given',
      ],
    ],
    [
      'no name',
      more('').replace('  name: podinfo', '  labels: {}'),
      ['a.yaml:3:1: metadata.name: required, but not given'],
    ],
    [
      'a name that Kubernetes refuses',
      more('').replace('podinfo', 'Pod_Info'),
      [
        'a.yaml:4:9: metadata.name: must be a Kubernetes object name (lower case, digits, "-" and ".")',
      ],
    ],
    [
      'two policies in one',
      rule('    semver: { range: "1.x" }\n    numerical: {}'),
      [
        'a.yaml:7:3: spec.policy: exactly one of semver, numerical, alphabetical, newest, digest must be set; found semver, numerical',
      ],
    ],
    [
      'no policy in it',
      rule('    {}'),
      [
        'a.yaml:7:3: spec.policy: exactly one of semver, numerical, alphabetical, newest, digest must be set; found none',
      ],
    ],
    [
      'a number for a string',
      more('  lock: { tag: 1.10 }'),
      ['a.yaml:8:16: spec.lock.tag: must be a string; quote it: "1.10"'],
    ],
    [
      'an octal-looking number for a string',
      more('  lock:\n    tag: 0123'),
      ['a.yaml:9:10: spec.lock.tag: must be a string; quote it: "0123"'],
    ],
    [
      'a float-looking hash for a string',
      more('  lock:\n    tag: 12e4567'),
      ['a.yaml:9:10: spec.lock.tag: must be a string; quote it: "12e4567"'],
    ],
    [
      'a very long number for a string',
      more(`  lock: { tag: ${'1'.repeat(100)} }`),
      ['a.yaml:8:16: spec.lock.tag: must be a string; quote it'],
    ],
    [
      'a list for a string',
      more('  writtenName: [a]'),
      ['a.yaml:8:3: spec.writtenName: must be a string, not a list'],
    ],
    [
      'a string for a list',
      more('  filterTags: { exclude: a }'),
      ['a.yaml:8:26: spec.filterTags.exclude: must be a list, not a string'],
    ],
    [
      'a string for a map',
      more('  secretRef: name'),
      ['a.yaml:8:14: spec.secretRef: must be a map of fields, not a string'],
    ],
    [
      'a quoted boolean',
      more('  suspend: "true"'),
      ['a.yaml:8:12: spec.suspend: must be true or false, without quotes'],
    ],
    [
      'a word for a boolean',
      more('  insecure: maybe'),
      ['a.yaml:8:13: spec.insecure: must be true or false'],
    ],
    [
      'a null',
      more('  filterTags:'),
      ['a.yaml:8:3: spec.filterTags: is empty; give it a value, or remove it'],
    ],
    [
      'another word than the known ones',
      more('  digestReflectionPolicy: always'),
      [
        'a.yaml:8:27: spec.digestReflectionPolicy: must be one of Never, IfNotPresent, Always; did you mean Always?',
      ],
    ],
    [
      'a duration with days',
      more('  interval: 1d'),
      ['a.yaml:8:13: spec.interval: must be a duration such as 30s, 5m or 1h30m'],
    ],
    [
      'an interval of nothing',
      more('  interval: 0s'),
      ['a.yaml:8:13: spec.interval: must be at least 1s'],
    ],
    [
      'a flow key without a value',
      more('  lock: { tag }'),
      ['a.yaml:8:11: spec.lock.tag: is empty; give it a value, or remove it'],
    ],
    [
      'no word where one of some is wanted',
      more('  digestReflectionPolicy: ~'),
      [
        'a.yaml:8:3: spec.digestReflectionPolicy: is empty; it must be one of Never, IfNotPresent, Always',
      ],
    ],
    [
      'a number where a word is wanted',
      more('  digestReflectionPolicy: 7'),
      ['a.yaml:8:27: spec.digestReflectionPolicy: must be one of Never, IfNotPresent, Always'],
    ],
    [
      'a map where a word is wanted',
      more('  digestReflectionPolicy: {}'),
      ['a.yaml:8:3: spec.digestReflectionPolicy: must be one of Never, IfNotPresent, Always'],
    ],
    [
      'a list for a map',
      more('  lock: [x]'),
      ['a.yaml:8:3: spec.lock: must be a map of fields, not a list'],
    ],
    [
      'a map for a string',
      more('  writtenName: { a: b }'),
      ['a.yaml:8:3: spec.writtenName: must be a string, not a map'],
    ],
    [
      'a text that is too short',
      more('  schedule: { cron: x }'),
      ['a.yaml:8:21: spec.schedule.cron: must have at least 9 characters'],
    ],
    [
      'an extract without a pattern',
      more('  filterTags: { extract: $ts }'),
      ['a.yaml:8:3: spec.filterTags: extract needs pattern'],
    ],
    [
      'a digest to follow, written only if absent',
      policy(
        `${image}  policy: { digest: { tag: latest } }\n  digestReflectionPolicy: IfNotPresent`,
      ),
      [
        'a.yaml:5:1: spec: policy.digest follows a digest: digestReflectionPolicy must be left out, Never or Always',
      ],
    ],
    [
      'a digest to follow of what is no tag',
      policy(`${image}  policy: { digest: { tag: "a b" } }`),
      [
        'a.yaml:7:28: spec.policy.digest.tag: must be a tag: letters, digits, "_", "." and "-", not starting with "." or "-"',
      ],
    ],
    [
      'a time without a zone',
      more('  lock: { until: "2030-01-31T18:00:00" }'),
      [
        'a.yaml:8:18: spec.lock.until: must be an RFC 3339 time with a zone, such as 2026-12-24T18:00:00Z',
      ],
    ],
    [
      'a day that is not',
      more('  lock: { until: 2026-02-30T18:00:00Z }'),
      [
        'a.yaml:8:18: spec.lock.until: must be an RFC 3339 time with a zone, such as 2026-12-24T18:00:00Z',
      ],
    ],
    [
      'a list that is too long',
      more(`  filterTags: { exclude: [${Array(33).fill('a').join(', ')}] }`),
      ['a.yaml:8:17: spec.filterTags.exclude: must have at most 32 entries'],
    ],
    [
      'a text that is too long',
      more(`  lock: { by: ${'x'.repeat(257)} }`),
      ['a.yaml:8:15: spec.lock.by: must have at most 256 characters'],
    ],
    [
      'an empty text',
      policy(`  image: ""\n${semver}`),
      ['a.yaml:6:10: spec.image: must not be empty'],
    ],
    [
      'a tag in the image',
      policy(`  image: org/app:1.0\n${semver}`),
      ['a.yaml:6:10: spec.image: image "org/app:1.0" has a tag; leave ":1.0" out'],
    ],
    [
      'a scheme in the written name',
      more('  writtenName: https://r.io/app'),
      [
        'a.yaml:8:16: spec.writtenName: image "https://r.io/app" has a scheme; leave "https://" out',
      ],
    ],
    [
      'a range that is none',
      rule('    semver:\n      range: ">=x <"'),
      [expect.stringMatching(/^a\.yaml:9:14: spec\.policy\.semver\.range: semver range ">=x <" /)],
    ],
    [
      'patterns and a range that are none, all at once',
      policy(
        `${image}  policy: { semver: { range: "]" } }\n  filterTags:\n    pattern: "(a"\n    exclude: ["b", "[c"]`,
      ),
      [
        expect.stringMatching(/^a\.yaml:7:30: spec\.policy\.semver\.range: semver range "]" /),
        expect.stringMatching(/^a\.yaml:9:14: spec\.filterTags\.pattern: "\(a" /),
        expect.stringMatching(/^a\.yaml:10:20: spec\.filterTags\.exclude\[1\]: "\[c" /),
      ],
    ],
    [
      'an extract of a group that the pattern lacks',
      more('  filterTags:\n    pattern: "^(?P<ts>[0-9]+)$"\n    extract: "$when"'),
      [expect.stringMatching(/^a\.yaml:10:14: spec\.filterTags\.extract: "\$when" /)],
    ],
    [
      'a demand for signatures by nobody',
      more('  verify: { cosign: {} }'),
      ['a.yaml:8:13: spec.verify.cosign: secretRef, matchOIDCIdentity or both must be set'],
    ],
    [
      'a demand for signatures of no kind',
      more('  verify: {}'),
      ['a.yaml:8:3: spec.verify.cosign: required, but not given'],
    ],
    [
      'a trusted root without identities',
      more('  verify: { cosign: { secretRef: { name: k }, trustedRootSecretRef: { name: r } } }'),
      ['a.yaml:8:13: spec.verify.cosign: trustedRootSecretRef needs matchOIDCIdentity'],
    ],
    [
      'identities that are no patterns',
      more(
        '  verify:\n    cosign:\n      matchOIDCIdentity:\n        - { issuer: a, subject: "(b" }\n        - { issuer: "[c", subject: d }',
      ),
      [
        expect.stringMatching(
          /^a\.yaml:11:33: spec\.verify\.cosign\.matchOIDCIdentity\[0\]\.subject: "\(b" is not valid RE2/,
        ),
        expect.stringMatching(
          /^a\.yaml:12:21: spec\.verify\.cosign\.matchOIDCIdentity\[1\]\.issuer: "\[c" is not valid RE2/,
        ),
      ],
    ],
    [
      'a cron expression with seconds',
      more('  schedule: { cron: "0 0 6 * * *" }'),
      [
        'a.yaml:8:21: spec.schedule.cron: a cron expression must have five fields, such as "0 6 * * 1-5"',
      ],
    ],
    [
      'a time zone that is not',
      more('  schedule:\n    cron: "0 6 * * 1-5"\n    timeZone: Europe/Berln'),
      [
        'a.yaml:10:15: spec.schedule.timeZone: "Europe/Berln" is not an IANA time zone such as Europe/Berlin or UTC',
      ],
    ],
    [
      'a message template that cannot work',
      automation('  commit:\n    messageTemplate: "{{ .Updated.Images }}"'),
      [
        'a.yaml:8:22: spec.commit.messageTemplate: line 1: .Updated was Flux’s former data; use .Changed.FileChanges, .Changed.Objects or .Changed.Changes',
      ],
    ],
    [
      'windows that cannot be',
      automation(
        '  windows:\n    allow:\n      - { cron: "0 25 * * *", duration: 1h }\n    deny:\n      - { cron: "0 22 * * 5", duration: 0s, timeZone: Berlin }',
      ),
      [
        'a.yaml:9:17: spec.windows.allow[0].cron: hour "25" is not within 0-23, such as 0 or 0-23',
        'a.yaml:11:41: spec.windows.deny[0].duration: must be at least 1s',
        'a.yaml:11:55: spec.windows.deny[0].timeZone: "Berlin" is not an IANA time zone such as Europe/Berlin or UTC',
      ],
    ],
    [
      'a label that is a boolean to Kubernetes',
      more('').replace('  name: podinfo', '  name: podinfo\n  labels: { "a.b/c": yes }'),
      ['a.yaml:5:22: metadata.labels["a.b/c"]: must be a string; quote it: "yes"'],
    ],
  ])('by %s says where and how to mend it', (_, text, want) => {
    const { policies, findings } = parseResources('a.yaml', text);
    expect(complaints(text)).toEqual(want);
    expect(policies).toEqual([]);
    expect(findings.every(({ severity }) => severity === 'error')).toBe(true);
  });

  it('says everything at once, in file order', () => {
    const text = rule(
      '    semver: { range: 1.0 }\n    numericl: {}\n  interval: 5\n  lock: { unti1: x }\n  windows: {}',
    );
    expect(complaints(text)).toEqual([
      'a.yaml:8:22: spec.policy.semver.range: must be a string; quote it: "1.0"',
      'a.yaml:9:5: spec.policy.numericl: unknown field; did you mean "numerical"?',
      'a.yaml:10:13: spec.interval: must be a string; quote it: "5"',
      'a.yaml:11:11: spec.lock.unti1: unknown field; did you mean "until"?',
      'a.yaml:12:3: spec.windows: unknown field; remove it',
    ]);
  });

  it('does not take the good ones beside it along', () => {
    const { policies, findings } = parseResources('a.yaml', `${more('')}---\n${more('  x: 1')}`);
    expect(policies).toHaveLength(1);
    expect(findings).toHaveLength(1);
  });
});

describe('an automation at fault', () => {
  it.each([
    [
      'two sources',
      automation('  sourceRef: { kind: GitRepository, name: flux-system }'),
      ['a.yaml:4:1: spec: exactly one of git, sourceRef must be set; found git, sourceRef'],
    ],
    [
      'a login in the address',
      automation('').replace('https://', 'https://bot:hunter2@'),
      [
        'a.yaml:6:10: spec.git.url: must not hold a login; put it into a Secret and name that in git.secretRef',
      ],
    ],
    [
      'an address of another kind',
      automation('').replace('https://', 'ftp://'),
      [
        'a.yaml:6:10: spec.git.url: must be https://…, http://…, ssh://…, file://…, git@host:path or an absolute path',
      ],
    ],
    [
      'a branch that Git refuses',
      automation('    branch: a..b'),
      ['a.yaml:7:13: spec.git.branch: "a..b" is not the name of a branch, such as main'],
    ],
    [
      'a path out of the repo',
      automation('  update: { paths: [apps, ../x] }'),
      ['a.yaml:7:27: spec.update.paths[1]: leaves the repo; name a path below its root'],
    ],
    [
      'a selector without values',
      automation('  policySelector:\n    matchExpressions:\n      - { key: team, operator: In }'),
      [
        'a.yaml:9:9: spec.policySelector.matchExpressions[0]: In and NotIn need values; Exists and DoesNotExist have none',
      ],
    ],
    [
      'a label key that is too long',
      automation(`  policySelector: { matchLabels: { ${'k'.repeat(318)}: x } }`),
      [`a.yaml:7:36: spec.policySelector.matchLabels.${'k'.repeat(80)}…: the key is too long`],
    ],
    [
      'an author that Git cannot write',
      automation('  commit: { author: { email: "<bot@x.org>" } }'),
      ['a.yaml:7:30: spec.commit.author.email: must not contain "<", ">" or a line break'],
    ],
  ])('by %s says where and how to mend it', (_, text, want) => {
    expect(complaints(text)).toEqual(want);
  });
});

describe('a document that claims our group', () => {
  it.each([
    [
      'another version',
      more('').replace('v1alpha1', 'v1'),
      'a.yaml:1:13: apiVersion: "lockkeeper.dev/v1" is unknown; write lockkeeper.dev/v1alpha1',
    ],
    [
      'a kind with a slip',
      more('').replace('ImagePolicy', 'ImagePolcy'),
      'a.yaml:2:7: kind: "ImagePolcy" is unknown; did you mean ImagePolicy?',
    ],
    [
      'a kind that there is not',
      more('').replace('ImagePolicy', 'Pod'),
      'a.yaml:2:7: kind: "Pod" is unknown; lockkeeper.dev has ImagePolicy, ImageReceiver and ImageUpdateAutomation',
    ],
    [
      'no kind',
      more('').replace('kind: ImagePolicy\n', ''),
      'a.yaml:1:1: kind: required, but not given',
    ],
    [
      'a key twice',
      more('  suspend: true\n  suspend: false'),
      'a.yaml:9:3: the key "suspend" is there twice',
    ],
  ])('with %s is refused', (_, text, want) => {
    expect(complaints(text)).toEqual([want]);
  });

  it('and is not YAML is a finding with line and column', () => {
    const [finding] = parseResources('a.yaml', more('  lock: [')).findings;
    expect(finding).toMatchObject({ severity: 'error', code: 'manifest/unparsable' });
    expect(finding?.at?.line).toBeGreaterThanOrEqual(8);
    expect(finding?.message).not.toContain('a.yaml');
  });

  it.each([
    ['that is no YAML', '{{- if .Values.x }}\n' + more('') + '{{- end }}\n', 2],
    ['that stops being YAML later', more('  lock: {}\n{{- if .Values.x }}'), 9],
    ['that is YAML by accident', more('  writtenName: {{ .Values.name }}'), 8],
  ])('and is a Helm template %s gives one warning', (_, text, line) => {
    const [finding, ...others] = parseResources('a.yaml', text).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'warning',
      code: 'resource/invalid',
      message: 'a template ("{{") is not read; its resources do not count until they are rendered',
      at: { path: 'a.yaml', line },
    });
  });

  it('and has template text in a value is no template', () => {
    const text = automation(
      '  commit:\n    messageTemplate: |\n      {{ len .Changed.Changes }}\n  x: 1',
    );
    expect(complaints(text)).toEqual(['a.yaml:10:3: spec.x: unknown field; remove it']);
  });
});
