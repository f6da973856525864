import { readCommitText } from '../../domain/commit-text.ts';
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

/** Reads the content of a commit object. */
export function parseCommit(id: string, content: Buffer): LoggedCommit {
  return { id, ...readCommitText(content.toString('utf8')) };
}

/** `Name <email> seconds zone` as in a commit object; time is UTC. */
function signature(person: Person, time: Date): string {
  const seconds = Math.floor(time.getTime() / 1000);
  return `${headerText(person.name)} <${headerText(person.email)}> ${seconds} +0000`;
}

/** Angle brackets and line ends would end the field early; git drops them too. */
function headerText(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[<>\u0000-\u001f]/g, '').trim();
}
