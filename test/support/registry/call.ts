import type { Call } from '../../../src/adapters/registry/call.ts';
import type { Credentials } from '../../../src/adapters/registry/credentials.ts';
import { AppError } from '../../../src/domain/errors.ts';

/** One call of the port as the parts of the client see it. */
export interface TestCall extends Call {
  /** As the end of its time does. */
  abort(): void;
}

/** A call for `registry.example/NAME` with so much time left. */
export function testCall(
  given: {
    readonly name?: string;
    readonly remainingMs?: number;
    readonly credentials?: Credentials;
  } = {},
): TestCall {
  const { name = 'team/app', remainingMs = 60_000, credentials = { kind: 'anonymous' } } = given;
  const controller = new AbortController();
  return {
    name: `registry.example/${name}`,
    path: name,
    base: new URL(`https://registry.example/v2/${name}/`),
    access: { insecure: false, timeoutMs: remainingMs },
    credentials,
    deadline: {
      signal: controller.signal,
      remainingMs: () => remainingMs,
      error: (where) => new AppError('registry/unreachable', `${where}: no answer in time`),
    },
    secrets: new Set(),
    abort: () => controller.abort(),
  };
}
