import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';

/** An answer of the API server; the body is JSON, or text where it is none. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends one request as the administrator. */
export type ApiRequest = (
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  contentType?: string,
) => Promise<ApiAnswer>;

/** A client of its own for the harness, so that tests do not check the product by the product. */
export function apiRequests(target: {
  readonly url: string;
  readonly token: string;
  readonly caFile: string;
}): { readonly request: ApiRequest; readonly close: () => Promise<void> } {
  let agent: Agent | undefined;
  return {
    async request(method, path, body, contentType = 'application/json') {
      // Read anew until a request gets through: the server writes its certificate while it starts.
      agent ??= new Agent({ connect: { ca: readFileSync(target.caFile, 'utf8') } });
      try {
        const answer = await request(`${target.url}${path}`, {
          method,
          dispatcher: agent,
          headers: { authorization: `Bearer ${target.token}`, 'content-type': contentType },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return { status: answer.statusCode, body: parsed(await answer.body.text()) };
      } catch (error) {
        void agent?.destroy();
        agent = undefined;
        throw error;
      }
    },
    close: async () => agent?.destroy(),
  };
}

/** The body of an answer that must be 2xx. @throws Error with what the server said */
export async function succeeded(answer: Promise<ApiAnswer>): Promise<unknown> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`the API server answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
