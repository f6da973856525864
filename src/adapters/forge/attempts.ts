import { asAppError } from '../../domain/errors.ts';

/** Something that is nice to have. */
interface Attempt {
  /** For people. */
  readonly what: string;
  readonly run: () => Promise<void>;
}

/**
 * Tries one thing after the other. A failure is told, and stops none of the others.
 * @param list `false`: nothing to try
 * @returns one line for each failure
 * @throws AppError `cancelled`
 */
export async function attempts(list: readonly (Attempt | false)[]): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const attempt of list) {
    if (attempt === false) continue;
    try {
      await attempt.run();
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.code === 'cancelled') throw error;
      failures.push(`${attempt.what}: ${error.message}`);
    }
  }
  return failures;
}
