// Time limits for what a server is asked.

/** Nothing came in time. */
export class Late extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${Math.ceil(limitMs)} ms`);
  }
}

/** What the promise gives, or Late after a time; what comes of the promise then is nobody's concern. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Late(limitMs)), Math.max(limitMs, 0));
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
