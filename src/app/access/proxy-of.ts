import { AppError } from '../../domain/errors.ts';
import { parseProxyAddress, PROXY_EXAMPLE, type Proxy } from '../../domain/proxy.ts';

/**
 * The proxy that a Secret names by `address`, with or without `username` and `password`, as Flux has it.
 * @param name of the Secret, for messages
 * @throws AppError `secret/invalid`, without a word of the content
 */
export function proxyOf(secret: Readonly<Record<string, string>>, name: string): Proxy {
  const { address, username, password } = secret as Partial<Record<string, string>>;
  if (address === undefined) throw invalid(`Secret ${name} has no address`);
  const proxy = parseProxyAddress(address);
  if (proxy === undefined) {
    throw invalid(
      `Secret ${name}: address must be that of an HTTP proxy, such as ${PROXY_EXAMPLE}`,
    );
  }
  if (username === undefined && password === undefined) return proxy;
  if (username === undefined || password === undefined) {
    const lacking = username === undefined ? 'username' : 'password';
    throw invalid(`Secret ${name} has a login for the proxy, but no ${lacking}`);
  }
  return { url: proxy.url, login: { username, password } };
}

function invalid(message: string): AppError {
  return new AppError('secret/invalid', message);
}
