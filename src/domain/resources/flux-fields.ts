/**
 * Where Flux's image resources (image.toolkit.fluxcd.io) have a field that is elsewhere or named otherwise here: what to
 * tell somebody who brings them along.
 */
const MENDS: Readonly<Record<string, string>> = {
  'spec.imageRepositoryRef': 'give the image of that ImageRepository as spec.image',
  'spec.checkout': 'give the branch as spec.git.branch',
  'spec.git.checkout': 'give its ref.branch as spec.git.branch',
  'spec.git.commit': 'move it to spec.commit',
  'spec.git.push': 'move it to spec.push',
  'spec.commit.messageTemplateValues': 'it is called "values" here',
};

/** How to mend a resource of Flux's kinds that there is none of here. */
export const FLUX_KIND_MENDS: Readonly<Record<string, string>> = {
  ImageRepository: 'an ImagePolicy has its fields, such as image, interval and secretRef',
};

/** How to mend a field of Flux's, or undefined where it is none that we know. @param path such as `spec.git.push` */
export function fluxFieldMend(path: readonly (string | number)[]): string | undefined {
  const key = path.join('.');
  return Object.hasOwn(MENDS, key) ? MENDS[key] : undefined;
}
