import { describe, expect, it } from 'vitest';
import { locateFields } from '../../../src/domain/manifest/locate-fields.ts';
import type { ImageField } from '../../../src/domain/manifest/image-field.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

function located(text: string, path = 'f.yaml'): readonly ImageField[] {
  return locateFields(path, text, 'Images').fields;
}

/** `path part value -> name:tag@digest`, with a `+` when the digest has a field of its own. */
function summary(text: string, path?: string): string[] {
  return located(text, path).map(({ keyPath, part, value, current, separateDigest }) => {
    const { name, tag = '', digest } = current;
    const image = `${name}:${tag}${digest === undefined ? '' : `@${digest.slice(0, 10)}`}`;
    return `${keyPath.join('.')} ${part} ${value.slice(0, 20)} -> ${image}${separateDigest ? ' +' : ''}`;
  });
}

const resource = (kind: string, spec: string, apiVersion = 'v1') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\nspec: ${spec}\n`;

describe('an unmarked image field', () => {
  it.each([
    {
      title: 'of a container of any kind',
      text: resource('Rollout', '{template: {spec: {containers: [{image: "a/b:1"}]}}}'),
      found: ['spec.template.spec.containers.0.image reference a/b:1 -> a/b:1'],
    },
    {
      title: 'of an image volume',
      text: resource('Pod', '{volumes: [{name: v, image: {reference: "a/b:1"}}, {image: x}]}'),
      found: ['spec.volumes.0.image.reference reference a/b:1 -> a/b:1'],
    },
    {
      title: 'of a kustomization that states its kind',
      text: 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: [{name: a/b, newTag: "1"}]\n',
      found: ['images.0.newTag tag 1 -> a/b:1'],
    },
    {
      title: 'with tag and digest in one tag field',
      text: `image: {repository: a/b, tag: "1@${DIGEST}"}\n`,
      found: ['image.tag tag 1@sha256:aaaaaaaaaaa -> a/b:1@sha256:aaa'],
    },
    {
      title: 'with nothing but a digest in its tag field',
      text: `image: {repository: a/b, tag: "@${DIGEST}"}\n`,
      found: ['image.tag tag @sha256:aaaaaaaaaaaa -> a/b:@sha256:aaa'],
    },
    {
      title: 'of a kustomize option in quotes, but not where it needs an escape',
      text: resource(
        'Application',
        '{source: {kustomize: {images: ["x=a/b:1", "x=a\\/b:2", "x=not an image", [x], ~]}}}',
        'argoproj.io/v1alpha1',
      ),
      found: ['spec.source.kustomize.images.0 reference a/b:1 -> a/b:1'],
    },
    {
      title: 'with a digest and no tag',
      text: `image: {repository: a/b, digest: "${DIGEST}"}\n`,
      found: ['image.digest digest sha256:aaaaaaaaaaaaa -> a/b:@sha256:aaa +'],
    },
    {
      title: 'with a digest field that waits to be filled',
      text: 'image: {repository: a/b, tag: "1", digest: ""}\n',
      found: ['image.tag tag 1 -> a/b:1 +', 'image.digest digest  -> a/b:1 +'],
    },
    {
      title: 'with a registry that ends in a slash',
      text: 'image: {registry: ghcr.io/, repository: a/b, tag: "1"}\n',
      found: ['image.tag tag 1 -> ghcr.io/a/b:1'],
    },
    {
      title: 'under a key that ends in Image',
      text: 'sideImage: a/b:1\nmyImage: {repository: a/b, tag: "2"}\nimageX: a/b:3\n',
      found: ['sideImage reference a/b:1 -> a/b:1', 'myImage.tag tag 2 -> a/b:2'],
    },
    {
      title: 'of a compose file',
      text: 'services: {web: {image: "a/b:1"}}\n',
      found: ['services.web.image reference a/b:1 -> a/b:1'],
    },
    {
      title: 'in parameters of a chart, with every part',
      text: resource(
        'Application',
        `{source: {helm: {parameters: [{name: web.image.registry, value: ghcr.io}, {name: web.image.repository, value: a/b}, {name: web.image.tag, value: "1"}, {name: web.image.digest, value: "${DIGEST}"}, {name: image, value: c/d}, {name: tag, value: "2"}, {name: x}, x]}}}`,
        'argoproj.io/v1alpha1',
      ),
      found: [
        'spec.source.helm.parameters.2.value tag 1 -> ghcr.io/a/b:1@sha256:aaa +',
        'spec.source.helm.parameters.3.value digest sha256:aaaaaaaaaaaaa -> ghcr.io/a/b:1@sha256:aaa +',
        'spec.source.helm.parameters.5.value tag 2 -> c/d:2',
      ],
    },
    {
      title: 'in values that are text',
      text: 'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source:\n    helm:\n      values: |\n        image: a/b:1\n',
      found: ['spec.source.helm.values.image reference a/b:1 -> a/b:1'],
    },
  ])('is found: $title', ({ text, found }) => {
    expect(summary(text)).toEqual(found);
  });

  it.each([
    { title: 'without tag and digest', text: 'image: a/b\nx: {image: {repository: a/b}}\n' },
    {
      title: 'that is no reference',
      text: 'image: "{{ tpl }}"\nx: {image: {repository: "A B", tag: "1"}}\n',
    },
    { title: 'whose tag its chart fills in', text: 'image: {repository: a/b, tag: ""}\n' },
    {
      title: 'whose repository states a tag, too',
      text: 'image: {repository: "a/b:1", tag: "2"}\n',
    },
    { title: 'without a repository', text: 'image: {tag: "1"}\n' },
    {
      title: 'that is null',
      text: 'image: ~\nx: {image: }\ny: {image: {repository: null, tag: 1}}\n',
    },
    { title: 'that is an alias', text: 'x: &x a/b:1\nimage: *x\n' },
    { title: 'whose host stands in another field', text: 'registry: ghcr.io\nimage: a/b:1\n' },
    { title: 'in a resource but in no pod', text: resource('Prometheus', '{image: "a/b:1"}') },
    {
      title: 'of our own policy',
      text: resource('ImagePolicy', '{containers: [{image: "a/b:1"}]}', 'lockkeeper.dev/v1alpha1'),
    },
    {
      title: 'of a Flux policy',
      text: resource(
        'ImageRepository',
        '{containers: [{image: "a/b:1"}]}',
        'image.toolkit.fluxcd.io/v1',
      ),
    },
    { title: 'beside a version that is not a module’s', text: 'image: a/b\nversion: "1"\n' },
    {
      title: 'in containers that are a map',
      text: resource('CustomResourceDefinition', '{containers: {image: "a/b:1"}}'),
    },
    {
      title: 'in folded values',
      text: resource(
        'Application',
        '{source: {helm: {values: "image: a/b:1"}}}',
        'argoproj.io/v1alpha1',
      ),
    },
    {
      title: 'in values that do not parse',
      text: 'apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n      values: |\n        image: a/b:1\n        x: [\n',
    },
  ])('is left alone: $title', ({ text }) => {
    expect(summary(text)).toEqual([]);
  });

  it.each(['.github/workflows/ci.yaml', '.gitlab-ci.yml', 'a/.hidden/f.yaml'])(
    'is left alone in %s',
    (path) => {
      expect(summary('image: a/b:1\n', path)).toEqual([]);
      expect(summary('image: a/b:1\n', './a/f.yaml')).toHaveLength(1);
    },
  );

  it('is not found where a marker claims the same scalar', () => {
    const text =
      'image: {repository: a/b, tag: "1"} # {"$imagepolicy": "ns:app:tag"}\nx: {image: "a/b:1"}\n';
    expect(located(text).map(({ marker }) => marker)).toEqual(['ns/app', undefined]);
  });

  it('is found once where two shapes see it, and not at all by markers alone', () => {
    const text = 'containers:\n- image: a/b:1\n';
    expect(located(text)).toHaveLength(1);
    expect(locateFields('f.yaml', text, 'Setters').fields).toEqual([]);
  });

  it('carries its resource and the locks on that', () => {
    const text =
      'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a, annotations: {lockkeeper.dev/lock: "1"}}\n  spec: {containers: [{image: "a/b:1"}]}\n';
    expect(located(text)).toMatchObject([
      { resource: { kind: 'Pod', name: 'a' }, locks: [{ tag: '1' }] },
    ]);
  });

  it('in a kustomization without a kind is known by the name of the file', () => {
    const text = 'images: [{name: a/b, newTag: "1"}]\nimage: c/d:1\n';
    expect(summary(text, 'x/kustomization.yml')).toEqual(['images.0.newTag tag 1 -> a/b:1']);
    expect(summary(text, 'x/values.yml')).toEqual(['image reference c/d:1 -> c/d:1']);
  });
});
