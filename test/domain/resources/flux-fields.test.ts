import { expect, it } from 'vitest';
import { parseResources } from '../../../src/domain/resources/parse-resources.ts';

const resource = (kind: string, spec: string) =>
  `apiVersion: lockkeeper.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: a}\nspec:\n${spec}`;

it.each([
  {
    brought: resource('ImageRepository', '  image: ghcr.io/org/app\n'),
    says: 'kind: "ImageRepository" is unknown; an ImagePolicy has its fields, such as image, interval and secretRef',
  },
  {
    brought: resource('ImagePolicy', '  imageRepositoryRef: {name: app}\n'),
    says: 'spec.imageRepositoryRef: unknown field; give the image of that ImageRepository as spec.image',
  },
  {
    brought: resource('ImageUpdateAutomation', '  git: {checkout: {ref: {branch: main}}}\n'),
    says: 'spec.git.checkout: unknown field; give its ref.branch as spec.git.branch',
  },
  {
    brought: resource('ImageUpdateAutomation', '  git: {push: {branch: main}}\n'),
    says: 'spec.git.push: unknown field; move it to spec.push',
  },
  {
    brought: resource('ImageUpdateAutomation', '  git: {commit: {messageTemplate: x}}\n'),
    says: 'spec.git.commit: unknown field; move it to spec.commit',
  },
  {
    brought: resource('ImageUpdateAutomation', '  commit: {messageTemplateValues: {a: b}}\n'),
    says: 'spec.commit.messageTemplateValues: unknown field; it is called "values" here',
  },
  {
    brought: resource('ImageUpdateAutomation', '  update: {path: ./apps}\n'),
    says: 'spec.update.path: unknown field; did you mean "paths"?',
  },
  {
    brought: resource('ImageUpdateAutomation', '  gitImplementation: go-git\n'),
    says: 'spec.gitImplementation: unknown field; remove it',
  },
])('tells who comes from Flux: $says', ({ brought, says }) => {
  const { findings } = parseResources('a.yaml', brought);
  expect(findings.map(({ message }) => message)).toContain(says);
});
