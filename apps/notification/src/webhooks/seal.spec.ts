import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SecretSeal } from './seal.js';

const id = randomUUID();
const seal = new SecretSeal('a key of more than 32 characters');
const sealed = seal.seal(id, 'whsec_of a webhook');

describe('a sealed secret', () => {
  it('shows nothing, and is itself again under its key', () => {
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('whsec_');
    expect(new SecretSeal('a key of more than 32 characters').unseal(id, sealed)).toBe('whsec_of a webhook');
  });

  it('is never the same twice', () => {
    expect(seal.seal(id, 'whsec_of a webhook')).not.toEqual(sealed);
  });

  it.each([
    ['under another key', () => new SecretSeal('another key of 32 characters too').unseal(id, sealed)],
    ['as the secret of another webhook', () => seal.unseal(randomUUID(), sealed)],
    ['when a byte of it was changed', () => seal.unseal(id, sealed.with(15, (sealed[15] ?? 0) ^ 1))],
  ])('cannot be read %s', (_, unseal) => {
    expect(unseal).toThrow();
  });
});
