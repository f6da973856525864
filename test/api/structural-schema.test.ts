import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { structuralSchema } from '../../src/api/structural-schema.ts';

describe('structuralSchema', () => {
  it('keeps what Kubernetes understands, in a fixed order', () => {
    const schema = z.object({
      name: z.string().max(5).default('x').describe('A name.'),
      labels: z.record(z.string().max(3), z.string().max(9)).optional().describe('Labels.'),
      until: z.iso.datetime({ offset: true }).max(64).optional().describe('End.'),
    });
    expect(JSON.stringify(structuralSchema(schema))).toBe(
      JSON.stringify({
        type: 'object',
        properties: {
          name: { description: 'A name.', type: 'string', default: 'x', maxLength: 5 },
          labels: {
            description: 'Labels.',
            type: 'object',
            additionalProperties: { type: 'string', maxLength: 9 },
          },
          until: { description: 'End.', type: 'string', format: 'date-time', maxLength: 64 },
        },
      }),
    );
  });

  it('says nothing of the properties of an object that has none, as the server does', () => {
    expect(structuralSchema(z.object({}))).toEqual({ type: 'object' });
  });

  it.each([
    ['a union', z.union([z.string(), z.number()])],
    ['a literal null', z.object({ a: z.string().nullable() })],
  ])('refuses %s, which a CRD cannot say', (_, schema) => {
    expect(() => structuralSchema(schema)).toThrow(/a CRD schema cannot have/);
  });
});
