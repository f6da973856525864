import type { CommitRequest, Person } from '../../ports.ts';

/** `Name <email> seconds zone` as in a commit object; time is UTC. */
function signature(person: Person, time: Date): string {
  const seconds = Math.floor(time.getTime() / 1000);
  return `${headerText(person.name)} <${headerText(person.email)}> ${seconds} +0000`;
}

/** The message as it goes into the commit: NUL cannot stand in one. */
function messageBytes(message: string): Buffer {
  return Buffer.from(message.replaceAll('\0', ''));
}

/** Content of a commit object (git, Documentation: gitformat-…; header lines, blank line, message). */
export function commitBytes(tree: string, request: Omit<CommitRequest, 'files'>): Buffer {
  const by = signature(request.author, request.time);
  return Buffer.concat([
    Buffer.from(`tree ${tree}\nparent ${request.parent}\nauthor ${by}\ncommitter ${by}\n\n`),
    messageBytes(request.message),
  ]);
}

/** Angle brackets and line ends would end the field early; git drops them too. */
function headerText(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[<>\u0000-\u001f]/g, '').trim();
}
