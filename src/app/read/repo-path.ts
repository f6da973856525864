import { AppError } from '../../domain/errors.ts';

/** Is a repo path inside one of these folders (or one of these files)? No folders: everywhere. */
export function isInside(path: string, folders: readonly string[]): boolean {
  return folders.length === 0 || folders.some((folder) => isBelow(path, normalise(folder)));
}

function isBelow(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

/**
 * `./apps/` becomes `apps`; the root becomes the empty string.
 * @throws AppError `resource/invalid` for a path that leaves the repo
 */
function normalise(folder: string): string {
  const segments = folder.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..') || folder.startsWith('~')) {
    throw new AppError(
      'resource/invalid',
      `update path "${folder}" leaves the repo; name a path below its root`,
    );
  }
  return segments.join('/');
}
