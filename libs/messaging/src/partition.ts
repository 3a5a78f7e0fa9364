import { crc32 } from 'node:zlib';

/** The partition of a key: CRC-32 of its UTF-8 bytes modulo the count. The one rule for every driver; no client's own hash. */
export function partitionOf(key: string, partitions: number): number {
  return crc32(key) % partitions;
}
