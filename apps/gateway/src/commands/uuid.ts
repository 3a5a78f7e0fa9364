import { createHash } from 'node:crypto';

const V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The time that a UUIDv7 carries, or undefined when the text is none. */
export function timeOfUuidV7(text: string): Date | undefined {
  if (!V7.test(text)) return undefined;
  return new Date(Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16));
}

/** A UUIDv8 (RFC 9562) from the SHA-256 of the parts: the same parts, the same id. */
export function derivedUuid(...parts: readonly string[]): string {
  const bytes = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
