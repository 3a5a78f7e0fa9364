import { decodeAttestationObject, isoBase64URL } from '@simplewebauthn/server/helpers';

/**
 * Whether it is what browsers leave where no attestation is asked for (WebAuthn level 3, 5.1.3): none, or one by the new key
 * itself. All others bring certificates, and to check those their own addresses would be asked for lists of revoked ones.
 */
export function hasNoCertificates(attestationObject: string): boolean {
  try {
    const decoded = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
    const format = decoded.get('fmt');
    return format === 'none' || (format === 'packed' && decoded.get('attStmt').get('x5c') === undefined);
  } catch {
    return false;
  }
}
