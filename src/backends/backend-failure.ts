// Why a backend call failed: integers, made without a stack, turned into a status by proxy/error-response.ts alone.

export const BackendFailure = {
  /** Refused, unreachable, connect timeout, DNS error: nothing was sent. */
  connect: 1,
  /** TLS: not trusted, wrong name, no TLS spoken. */
  tls: 2,
  tlsTimeout: 3,
  /** Reset, broken pipe and other network errors after connecting. */
  network: 4,
  /** Closed without any answer. */
  closed: 5,
  /** An answer that is not HTTP, has lengths that differ, or breaks off inside the head. */
  malformed: 6,
  /** No response head in time. */
  timeout: 7,
  /** The response body broke off. */
  brokenBody: 8,
  /** An answer whose end two readers could find at different places. */
  ambiguous: 9,
} as const;

export type BackendFailure = (typeof BackendFailure)[keyof typeof BackendFailure];

/** An error of a socket; those of OpenSSL have a reason in words. */
export type SocketError = NodeJS.ErrnoException & { readonly reason?: string };

/** Why a socket could not be opened, or broke: a message of OpenSSL is full of file names, its reason is what a reader wants. */
export function socketErrorText(error: SocketError): string {
  // Of a name with several addresses each has failed for its own reason, and the whole has no text.
  if (error instanceof AggregateError) return error.errors.map((one) => socketErrorText(one as SocketError)).join(", ");
  // Node adds advice about its own flags.
  return (error.reason ?? error.message).split("; if the root CA is installed locally", 1)[0]!;
}
