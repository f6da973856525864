import { AppError } from './errors.ts';

/** Is a repo path inside one of these folders (or one of these files)? No folders: everywhere. */
export function isInside(path: string, folders: readonly string[]): boolean {
  return folders.length === 0 || innermost(path, folders) !== undefined;
}

/**
 * The longest of these folders (or files) that holds a repo path, without `./` and a slash at its end;
 * `.` is the root. Undefined where none does.
 * @throws AppError `resource/invalid` for a folder outside of the repo
 */
export function innermost(path: string, folders: readonly string[]): string | undefined {
  const [longest] = folders
    .map(normalised)
    .filter((folder) => isBelow(path, folder))
    .toSorted((a, b) => b.length - a.length);
  return longest === '' ? '.' : longest;
}

/** Does a path lead out of the repo? */
export function leavesRepo(path: string): boolean {
  return path.split('/').includes('..') || path.startsWith('~');
}

function isBelow(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

/** `./apps/` becomes `apps`; the root becomes the empty string. */
function normalised(folder: string): string {
  if (!leavesRepo(folder)) {
    return folder
      .split('/')
      .filter((segment) => segment !== '' && segment !== '.')
      .join('/');
  }
  throw new AppError(
    'resource/invalid',
    `update path "${folder}" leaves the repo; name a path below its root`,
  );
}
