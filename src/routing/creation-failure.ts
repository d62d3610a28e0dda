// What becomes of a filter or predicate of an accepted route that cannot be created after all: the error that its place throws for each
// request that comes to it, so that the route fails closed while the worker and other routes go on.

/** `what` names route and part. The stack, which the panic log writes, is that of the cause, so the place of it decides about limits. */
export function creationFailure(what: string, cause: unknown): Error {
  const error = new Error(`${what} could not be created`, { cause });
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  error.stack = `${error.message}: ${reason}`;
  return error;
}
