import { AppError } from '../errors.ts';

/** The result of a call, or the AppError that it threw, as data. Any other error is a fault of ours and passes. */
export function attempt<T>(call: () => T): T | AppError {
  try {
    return call();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}
