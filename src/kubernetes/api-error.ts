// Why a request to the API failed.

/** A request that failed; the message is the text for the log. */
export class ApiError extends Error {
  /** 0 when there was no answer, or none that can be understood. */
  readonly status: number;
  /** What the server asks to wait; 0 when it does not say. */
  readonly retryAfterMs: number;
  /** The same for all requests that fail for this reason, whichever path they are for. */
  readonly reason: string;
  /** What the server itself says of it; only of writes, "" when it says nothing. */
  readonly detail: string;

  constructor(message: string, status = 0, retryAfterMs = 0, reason = message, detail = "") {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.reason = reason;
    this.detail = detail;
  }
}
