import type { ImageUpdateAutomation } from '../../api/image-update-automation.ts';
import { trailersOf, updateMessage } from '../commit-message.ts';
import { OWN_TRAILER } from '../commit-record.ts';
import { asAppError } from '../errors.ts';
import type { Change } from '../plan/update-plan.ts';
import { parseTemplate } from './parse.ts';
import { renderTemplate } from './render.ts';
import { templateData, type MessageContext } from './template-data.ts';
import { templateFault } from './value.ts';

/**
 * The message of an update commit by a template, with our trailers at its end. What looks like one of
 * them in the template's own text is indented: no template can forge one.
 * @throws AppError `resource/invalid` that names the line of the template
 */
export function templateMessage(
  template: string,
  changes: readonly Change[],
  context: MessageContext,
): string {
  const rendered = renderTemplate(parseTemplate(template), templateData(changes, context));
  const lines = rendered
    .replaceAll(/\r\n?/g, '\n')
    // eslint-disable-next-line no-control-regex
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, ' ')
    .trim()
    .split('\n')
    .map((line) => (OWN_TRAILER.test(line) ? ` ${line}` : line.trimEnd()));
  if (lines.join('') === '') throw templateFault('the message would be empty');
  const gap = endsInTrailers(lines) ? [] : [''];
  return [...lines, ...gap, ...trailersOf(changes), ''].join('\n');
}

/** Git takes the last paragraph for trailers: those of a template belong into the same one. */
function endsInTrailers(lines: readonly string[]): boolean {
  const start = lines.lastIndexOf('') + 1;
  return start > 0 && lines.slice(start).every((line) => /^[A-Za-z][A-Za-z0-9-]*: \S/.test(line));
}

/**
 * Tries a template on changes as they come, so that a fault shows when the resource is applied.
 * @throws AppError `resource/invalid` that names the line of the template
 */
export function checkTemplate(template: string, values: MessageContext['values']): void {
  const automation = { namespace: 'default', name: 'automation' };
  for (const changes of [SAMPLES, SAMPLES.slice(1)]) {
    templateMessage(template, changes, { automation, values });
  }
}

/** How an automation words its messages. */
export interface MessageStyle extends MessageContext {
  /** Absent: as {@link updateMessage} does. */
  readonly template?: string | undefined;
}

/** What an automation says of its messages; without one, they are worded our own way. */
export function messageStyle(automation: ImageUpdateAutomation | undefined): MessageStyle {
  const { namespace = '', name = '' } = automation?.metadata ?? {};
  const { messageTemplate: template, values = {} } = automation?.spec.commit ?? {};
  return { automation: { namespace, name }, template, values };
}

/**
 * The message of an update commit in an automation's style, or in our own where its template fails on
 * something that no sample has shown: an update is not lost for that.
 */
export function messageFor(
  changes: readonly Change[],
  { template, ...context }: MessageStyle,
): { readonly message: string; readonly fault?: string } {
  if (template === undefined) return { message: updateMessage(changes) };
  try {
    return { message: templateMessage(template, changes, context) };
  } catch (error) {
    return { message: updateMessage(changes), fault: asAppError(error).message };
  }
}

const SAMPLES: readonly Change[] = [
  {
    policy: 'apps/web',
    image: 'registry.example.com/team/web',
    from: '1.0.0',
    to: '1.1.0',
    path: 'apps/web.yaml',
    line: 11,
    resource: 'Deployment apps/web',
    object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'apps', name: 'web' },
    locked: false,
    fields: [
      {
        part: 'reference',
        line: 11,
        from: 'registry.example.com/team/web:1.0.0',
        to: 'registry.example.com/team/web:1.1.0',
      },
    ],
  },
  {
    policy: 'apps/api',
    image: 'registry.example.com/team/api',
    to: '2.0.0',
    path: 'charts/values.yaml',
    line: 3,
    locked: true,
    fields: [{ part: 'tag', line: 3, from: '', to: '2.0.0' }],
  },
];
