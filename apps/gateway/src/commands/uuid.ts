import { hash } from 'node:crypto';

const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The time that a UUIDv7 carries, or undefined when the text is none. */
export function timeOfUuidV7(text: string): Date | undefined {
  if (!V7.test(text)) return undefined;
  return new Date(Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16));
}

/** A UUIDv8 (RFC 9562) from the SHA-256 of the parts: the same parts, the same id. */
export function derivedUuid(...parts: readonly string[]): string {
  const hex = hash('sha256', JSON.stringify(parts), 'hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
