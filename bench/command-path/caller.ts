import { CreateTaskBody, TOKEN_AUDIENCE, TOKEN_ISSUER } from '@taskwire/contracts';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', process.env.AUTH_URL));
const verified = new Map<string, string>();

/** The owner that a request is by. A token is verified once, as in Taskwire's gateway. */
export async function ownerOf(authorization: string | undefined): Promise<string> {
  const token = authorization?.slice('Bearer '.length) ?? '';
  const known = verified.get(token);
  if (known !== undefined) return known;
  const { payload } = await jwtVerify(token, keys, {
    issuer: TOKEN_ISSUER,
    audience: TOKEN_AUDIENCE,
    typ: 'at+jwt',
  });
  verified.set(token, payload.sub ?? '');
  return payload.sub ?? '';
}

/** The body as the API takes it, with defaults. Throws a ZodError. */
export function bodyOf(body: unknown) {
  return CreateTaskBody.parse(body);
}
