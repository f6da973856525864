import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A self-signed certificate for localhost and 127.0.0.1; it is its own CA. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes a fresh certificate in `folder`. Node has no X.509 writer, so the `openssl` binary does it.
 * @param hosts further DNS names that it is for
 */
export function makeCertificate(
  folder: string,
  {
    file = 'server',
    hosts = [],
  }: { readonly file?: string; readonly hosts?: readonly string[] } = {},
): TestCertificate {
  const certFile = join(folder, `${file}.crt`);
  const keyFile = join(folder, `${file}.key`);
  const subject = ['DNS:localhost', 'IP:127.0.0.1', ...hosts.map((host) => `DNS:${host}`)];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${subject.join()}`];
  const files = ['-keyout', keyFile, '-out', certFile, '-days', '30'];
  execFileSync('openssl', ['req', '-x509', ...key, ...names, ...files], { stdio: 'pipe' });
  return {
    certFile,
    keyFile,
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  };
}
