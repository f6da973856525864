import { AppError } from '../../domain/errors.ts';

/**
 * Did the remote do what servers need not do?
 * @throws AppError for any other failure than `git/unsupported`
 */
export async function isGranted(request: Promise<void>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'git/unsupported') return false;
    throw error;
  }
}
