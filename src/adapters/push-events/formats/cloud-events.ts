import { z } from 'zod';
import { faultOf, type Format, type Parsed } from '../format.ts';
import { parseJson } from '../json.ts';
import { acr } from './acr.ts';
import { generic } from './generic.ts';
import { harborData } from './harbor.ts';

/** Most events of one batch that are read. */
const MAX_BATCH = 1_000;

/** What `data` holds, by the event's type; all other types hold our own form. */
const BY_TYPE: Readonly<Record<string, Format>> = {
  'harbor.artifact.pushed': harborData,
  'Microsoft.ContainerRegistry.ImagePushed': (data, headers) =>
    acr(typeof data === 'object' ? { ...data, action: 'push' } : data, headers),
};

/** Data in JSON, or JSON in Base64 (CloudEvents JSON format, 3.1). */
const structured = z.object({
  specversion: z.literal('1.0'),
  type: z.string(),
  data: z.unknown().optional(),
  data_base64: z.base64().optional(),
});

/**
 * CloudEvents 1.0 by HTTP, in all three modes: the event's attributes in headers and its data as the
 * body (binary), all in the body (structured), or several of these (batched). The data is our own form, or
 * that of a registry whose types of events are known.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
export const cloudEvents: Format = (body, headers) => {
  const contentType = headers['content-type'] ?? '';
  if (contentType.startsWith('application/cloudevents-batch')) {
    const batch = z.array(z.unknown()).max(MAX_BATCH).safeParse(body);
    return batch.success
      ? joined(batch.data.map((event) => structuredEvent(event, headers)))
      : { fault: faultOf(batch.error) };
  }
  const type = headers['ce-type'];
  const isStructured = contentType.startsWith('application/cloudevents') || type === undefined;
  return isStructured ? structuredEvent(body, headers) : dataOf(type, body, headers);
};

const structuredEvent: Format = (body, headers) => {
  const { data: event, error } = structured.safeParse(body);
  if (error !== undefined) return { fault: faultOf(error) };
  if (event.data_base64 === undefined) return dataOf(event.type, event.data, headers);
  const inner = parseJson(Buffer.from(event.data_base64, 'base64'));
  return inner === undefined
    ? { fault: 'data_base64 is not JSON' }
    : dataOf(event.type, inner.value, headers);
};

function dataOf(type: string, data: unknown, headers: Parameters<Format>[1]): Parsed {
  const format = Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
  const parsed = (format ?? generic)(data, headers);
  return 'fault' in parsed ? { fault: `data: ${parsed.fault}` } : parsed;
}

/** All images; what is wrong, where any of the events is. */
function joined(events: readonly Parsed[]): Parsed {
  const wrong = events.find((event) => 'fault' in event);
  return wrong ?? { images: events.flatMap((event) => ('images' in event ? event.images : [])) };
}
