import { describe, expect, it } from 'vitest';
import { checkTenantCloud } from '../../src/compose/tenants.ts';

describe('this process’s identity at a cloud', () => {
  it('is lent to tenants where the operator says so, and for that cloud alone', () => {
    expect(() => checkTenantCloud('gcp', ['aws', 'gcp'], 'spec.provider')).not.toThrow();
    expect(() => checkTenantCloud('gcp', ['aws'], 'spec.provider')).toThrow(
      'spec.provider: this controller does not lend its own identity at gcp; start it with --allow-provider gcp, or name a Secret',
    );
    expect(() => checkTenantCloud('gcp', [], 'spec.provider')).toThrow('--allow-provider gcp');
  });
});
