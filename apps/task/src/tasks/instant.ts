/** A time of a contract as a Date; what is null or left out stays so. */
export function dateOf<Absent extends null | undefined>(instant: string | Absent): Date | Absent {
  return typeof instant === 'string' ? new Date(instant) : instant;
}
