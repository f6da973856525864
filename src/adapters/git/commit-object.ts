import { withSignature } from '../../domain/signed-commit.ts';
import type { LoggedCommit, Person } from '../../ports/history.ts';
import type { CommitRequest } from '../../ports/ports.ts';
import type { KeySigner } from '../../ports/signing.ts';

/** Content of the commit object that a request asks for, signed where there is a key. */
export async function commitBytes(
  tree: string,
  { parent, message, author, time }: Omit<CommitRequest, 'files' | 'signer'>,
  signer: KeySigner | undefined,
): Promise<Uint8Array> {
  const by = signature(author, time);
  const content = Buffer.from(
    `tree ${tree}\nparent ${parent}\nauthor ${by}\ncommitter ${by}\n\n${messageText(message)}`,
  );
  return signer === undefined ? content : withSignature(content, await signer.sign(content));
}

/** A message without what cannot stand in one. */
export function messageText(message: string): string {
  return message.replaceAll('\0', '');
}

/** Reads a commit object: header lines, an empty line, the message (gitformat-signature, git-commit-tree). */
export function parseCommit(id: string, content: Buffer): LoggedCommit {
  const text = content.toString('utf8');
  const end = text.indexOf('\n\n');
  const headers = text.slice(0, end < 0 ? text.length : end).split('\n');
  const values = (name: string): string[] =>
    headers
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.slice(name.length + 1));
  const committer = parseSignature(values('committer')[0] ?? '');
  return {
    id,
    parents: values('parent'),
    author: parseSignature(values('author')[0] ?? '').person,
    committer: committer.person,
    time: committer.time,
    message: end < 0 ? '' : text.slice(end + 2),
  };
}

/** `Name <email> seconds zone` as in a commit object; time is UTC. */
function signature(person: Person, time: Date): string {
  const seconds = Math.floor(time.getTime() / 1000);
  return `${headerText(person.name)} <${headerText(person.email)}> ${seconds} +0000`;
}

function parseSignature(text: string): { readonly person: Person; readonly time: Date } {
  const [, name = '', email = '', seconds = '0'] = /^(.*?) ?<([^>]*)> ?(-?\d+)?/.exec(text) ?? [];
  return { person: { name, email }, time: new Date(Number(seconds) * 1000) };
}

/** Angle brackets and line ends would end the field early; git drops them too. */
function headerText(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[<>\u0000-\u001f]/g, '').trim();
}
