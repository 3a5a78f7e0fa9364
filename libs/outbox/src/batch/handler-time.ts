/** A handler took too long. Its transaction is rolled back; what it still does with it fails. */
export class HandlerTimeout extends Error {
  override readonly name = 'HandlerTimeout';
}

/** Rejects with a HandlerTimeout when `work` has not ended within `ms`. */
export async function withinHandlerTime<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new HandlerTimeout(`handlers did not end within ${ms} ms: move slow work out of the transaction`),
      );
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
