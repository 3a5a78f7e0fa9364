import { expect, it } from '@jest/globals';
import { isoBase64URL, isoCBOR } from '@simplewebauthn/server/helpers';
import { hasNoCertificates } from './attestation.js';

type Value = string | number | Uint8Array<ArrayBuffer> | Value[] | Map<string, Value>;

const x5c = [new Uint8Array([1, 2, 3])];
const sig = new Uint8Array([4, 5, 6]);
const attestation = (fmt: string, statement: Record<string, Value>) =>
  isoBase64URL.fromBuffer(
    isoCBOR.encode(
      new Map<string, Value>([
        ['fmt', fmt],
        ['attStmt', new Map(Object.entries(statement))],
        ['authData', new Uint8Array(37)],
      ]),
    ),
  );

it.each([
  ['none', attestation('none', {})],
  ['one by the key itself', attestation('packed', { alg: -7, sig })],
])('an attestation without certificates, %s, is looked at', (_, text) => {
  expect(hasNoCertificates(text)).toBe(true);
});

it.each([
  ['with certificates', attestation('packed', { alg: -7, sig, x5c })],
  ['of a maker', attestation('apple', { x5c })],
  ['with certificates within a token', attestation('android-safetynet', { ver: '1', response: sig })],
  ['of no known kind', attestation('own', {})],
  ['that is a number', isoBase64URL.fromBuffer(isoCBOR.encode(7))],
  ['that is no CBOR', 'AAAA____'],
])('an attestation %s is refused before', (_, text) => {
  expect(hasNoCertificates(text)).toBe(false);
});
