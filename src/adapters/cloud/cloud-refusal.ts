import type { CloudProvider } from '../../domain/cloud-registry.ts';
import { AppError, type ErrorCode } from '../../domain/errors.ts';

/** What a cloud's failure to give a login amounts to. @param mend what to look at */
export function cloudRefusal(
  { code, provider }: { readonly code: ErrorCode; readonly provider: CloudProvider },
  mend: string,
  cause: unknown,
): AppError {
  return new AppError(code, `${provider} gives this process no login (${nameOf(cause)}); ${mend}`, {
    cause,
    retry: true,
  });
}

/** The SDK's name for a failure. Its message could quote what was sent. */
function nameOf(error: unknown): string {
  const { errorCode, code, name, message } = (error ?? {}) as Readonly<Record<string, unknown>>;
  const own = name === 'Error' ? message : name;
  const names = [errorCode, code, own].filter((text) => typeof text === 'string');
  return names.find((text) => /^[A-Za-z][\w.-]{2,63}$/.test(text)) ?? 'unknown error';
}
