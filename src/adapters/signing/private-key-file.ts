/** One private key and nothing besides, as `ssh-keygen` and OpenSSL write it. */
const PRIVATE_KEY =
  /^-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----\r?\n((?:(?!-----)[^])*)-----END \1-----$/;

/** What a PEM file holds. */
export interface PrivateKeyFile {
  /** What stands in its first line: `OPENSSH PRIVATE KEY`. */
  readonly label: string;
  readonly bytes: Buffer;
}

/** Reads a file of one private key, strictly: readers that search for one must not find another. @returns undefined where it is none */
export function readPrivateKeyFile(text: string): PrivateKeyFile | undefined {
  const [, label, body] = PRIVATE_KEY.exec(text.trim()) ?? [];
  if (label === undefined || body === undefined) return undefined;
  // The headers of old PEM files are not part of what is encoded.
  const lines = body.split('\n').filter((line) => !line.includes(':'));
  return { label, bytes: Buffer.from(lines.join(''), 'base64') };
}

/** The inverse, without headers. */
export function writePrivateKeyFile({ label, bytes }: PrivateKeyFile): string {
  return `-----BEGIN ${label}-----\n${bytes.toString('base64')}\n-----END ${label}-----\n`;
}
