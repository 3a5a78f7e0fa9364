import { expect, it } from '@jest/globals';
import { decodeHeaders, encodeHeaders, pack } from './codec.js';

it('keeps headers as they are', () => {
  const headers = { id: '1', 'note\n': 'naïve "ключ" \\ \u0000 🙂' };
  expect(decodeHeaders(encodeHeaders(headers))).toEqual(headers);
});

it('reads headers that it can not understand as none, so that they do not stop the partition', () => {
  expect(decodeHeaders('{"half')).toEqual({});
  expect(decodeHeaders('null')).toEqual({});
});

it('packs bodies into one parameter with 1-based offsets', () => {
  expect(pack([Buffer.from('ab'), Buffer.alloc(0), Buffer.from('c')])).toEqual([
    Buffer.from('abc'),
    [1, 3, 3],
    [2, 0, 1],
  ]);
});
