import { AppError } from '../domain/errors.ts';

/** Checks texts that go into a commit, by the names of their options. @throws AppError `usage` */
export function checkOneLine(texts: Readonly<Record<string, string | undefined>>): void {
  for (const [name, text] of Object.entries(texts)) {
    if (text === undefined) continue;
    if (/[\r\n]/.test(text)) throw new AppError('usage', `--${name} must be a single line`);
    if (text.trim() === '')
      throw new AppError('usage', `--${name} is empty; leave it out, or give it a text`);
  }
}

/** Who asks for a change: as is said, else the user whom the environment names. */
export function whoAsks(by: string | undefined, user: string | undefined): string | undefined {
  return by ?? (user === '' ? undefined : user);
}
