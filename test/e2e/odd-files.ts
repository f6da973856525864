import { lines } from './resources.ts';

/** A change in a text: `[[before|after]]`. */
const CHANGE = /\[\[(.*?)\|(.*?)\]\]/g;

/** The text before and after its changes, and each change. */
export function beforeAndAfter(text: string) {
  return {
    before: text.replaceAll(CHANGE, '$1'),
    after: text.replaceAll(CHANGE, '$2'),
    changes: [...text.matchAll(CHANGE)].map(([, before, after]) => ({ before, after })),
  };
}

const WEB = '# {"$imagepolicy": "apps:web"}';
const WEB_TAG = '# {"$imagepolicy": "apps:web:tag"}';
const marker = (policy: string) => `# {"$imagepolicy": "apps:${policy}:tag"}`;

/**
 * Manifests as people write them, by path. `web` moves from 6.1.0 to 6.2.0; `float`, `octal` and `exp`
 * to tags that YAML would take for numbers.
 * @param image repository of `web`
 */
export function oddFiles(image: string): Readonly<Record<string, string>> {
  const pod = lines(
    'kind: Pod',
    'spec:',
    '  containers:',
    `  - image: ${image}:[[6.1.0|6.2.0]] ${WEB}`,
  );
  return {
    'crlf.yaml': pod.replaceAll('\n', '\r\n'),
    'mixed-line-ends.yml': pod.replace('\n', '\r\n'),
    'bom.yaml': `\uFEFF${pod}`,
    'no-final-newline.yaml': pod.trimEnd(),
    'tabs.yaml': pod.replace(' # {', '\t\t # {').replace('"$', '\t"$'),
    'quotes.yaml': lines(
      `a: "${image}:[[6.1.0|6.2.0]]" ${WEB}`,
      `b: '${image}:[[6.1.0|6.2.0]]'   ${WEB}`,
      `c:   ${image}:[[6.1.0|6.2.0]]${' '.repeat(5)}${WEB}`,
      `d: !!str "[[6.1.0|6.2.0]]" ${WEB_TAG}`,
    ),
    'number-like.yaml': lines(
      `a: [[1.19|"1.20"]] ${marker('float')}`,
      `b: "[[1.19|1.20]]" ${marker('float')}`,
      `c: '[[0122|0123]]' ${marker('octal')}`,
      `d: [[0100|"0123"]] ${marker('octal')}`,
      `e: "[[12e4566|12e4567]]" ${marker('exp')}`,
      `f: { tag: [[11e4567|"12e4567"]] } ${marker('exp')}`,
    ),
    'anchors.yaml': lines(
      'base: &base',
      `  image: &image ${image}:[[6.1.0|6.2.0]] ${WEB}`,
      'web:',
      '  <<: *base',
      '  name: web',
      'job: {image: *image}',
    ),
    'flow.yaml': lines(
      `one: {repository: x, tag: [[6.1.0|6.2.0]]} ${WEB_TAG}`,
      `two: [a, '${image}:[[6.1.0|6.2.0]]'] ${WEB}`,
      'three: {',
      `  image: ${image}:[[6.1.0|6.2.0]], ${WEB}`,
      `  tag: "[[6.1.0|6.2.0]]" ${WEB_TAG}`,
      '  , other: 6.1.0',
      '}',
    ),
    'block-scalars.yaml': lines(
      'before: |',
      `  image: ${image}:6.1.0 ${WEB}`,
      `image: ${image}:[[6.1.0|6.2.0]] ${WEB}`,
      'after: >-',
      `  image: ${image}:6.1.0 ${WEB}`,
      '',
      `  # image: ${image}:6.1.0`,
    ),
    'many-documents.yaml': lines(
      '%YAML 1.2',
      '---',
      pod.trimEnd(),
      '--- # the second',
      '',
      '---',
      pod.trimEnd(),
      '...',
    ),
    'list.yaml': lines(
      'apiVersion: v1',
      'kind: List',
      'items:',
      '- kind: Pod',
      `  spec: {containers: [{image: "${image}:[[6.1.0|6.2.0]]"}]} ${WEB}`,
    ),
    'top-level-sequence.yaml': lines(
      '- op: replace',
      '  path: /spec/image',
      `  value: ${image}:[[6.1.0|6.2.0]] ${WEB}`,
    ),
    'kustomize/Kustomization': lines(
      'images:',
      '- name: web',
      `  newName: ${image} # {"$imagepolicy": "apps:web:name"}`,
      `  newTag: [[6.1.0|6.2.0]] ${WEB_TAG}`,
    ),
    'chart/templates/web.yaml': lines(
      '{{- if .Values.enabled }}',
      `image: ${image}:{{ .Values.tag }}`,
      '{{- end }}',
    ),
    'chart/values.yaml': lines(
      'image:',
      `  repository: ${image}`,
      `  tag: [[6.1.0|6.2.0]] ${WEB_TAG}`,
    ),
    'notes.txt': `image: ${image}:6.1.0 ${WEB}\n`,
    'unmarked.yaml': `image: ${image}:6.1.0\n`,
    'emoji 🚢/ünïcode.yaml': `note: "🚢 ahoi"\nimage: ${image}:[[6.1.0|6.2.0]] ${WEB}\n`,
  };
}
