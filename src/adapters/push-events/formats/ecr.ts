import { z } from 'zod';
import { eventFormat, imageNamed } from '../format.ts';

/** Where a region's hosts end otherwise than `amazonaws.com`, by the beginning of its name. */
const SUFFIXES = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
] as const;

/**
 * Amazon ECR has no webhooks; EventBridge sends its events, as they are, to an API destination. The
 * host of a private registry is made of account and region.
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
 */
export const ecr = eventFormat(
  z.object({
    source: z.literal('aws.ecr'),
    'detail-type': z.literal('ECR Image Action'),
    detail: z.object({ 'action-type': z.literal('PUSH'), result: z.literal('SUCCESS') }),
  }),
  z.object({
    account: z.string().regex(/^[0-9]{12}$/),
    region: z.string().regex(/^[a-z0-9-]{1,32}$/),
    detail: z.object({ 'repository-name': z.string(), 'image-tag': z.string().optional() }),
  }),
  ({ account, region, detail }) => {
    const suffix = SUFFIXES.find(([start]) => region.startsWith(start))?.[1] ?? 'amazonaws.com';
    const host = `${account}.dkr.ecr.${region}.${suffix}`;
    return [imageNamed(`${host}/${detail['repository-name']}`, detail['image-tag'] ?? '')];
  },
);
