/** The token of an `Authorization: Bearer` header (RFC 6750), or undefined. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer ([\w\-.~+/]+=*)$/i.exec(authorization ?? '')?.[1];
}
