// Error codes of the HTTP/1.1 codec: small negative integers, so that a parser returns one number. Each has a text for logs;
// those of requests also have the complete answer that the client gets before its connection is closed (spec proxy 4).

export type ErrorCode = number;

/** Malformed start line, header line, value or framing. */
export const BAD_MESSAGE: ErrorCode = -1;
export const MISSING_HOST: ErrorCode = -2;
export const MALFORMED_HOST: ErrorCode = -3;
export const BAD_HEADER_NAME: ErrorCode = -4;
export const UNSUPPORTED_VERSION: ErrorCode = -5;
export const HEAD_TOO_LARGE: ErrorCode = -6;
export const UNSUPPORTED_TRANSFER_CODING: ErrorCode = -7;
export const UNSUPPORTED_EXPECTATION: ErrorCode = -8;
/** A status line of a backend that is not HTTP/1. */
export const BAD_STATUS_LINE: ErrorCode = -9;
/** A status code of a backend that is not three digits from 100 on. */
export const BAD_STATUS_CODE: ErrorCode = -10;
/** Contradicting or malformed Content-Length or Transfer-Encoding. */
export const BAD_FRAMING: ErrorCode = -11;
export const BAD_CHUNK_SIZE: ErrorCode = -12;
export const CHUNK_LINE_TOO_LONG: ErrorCode = -13;
export const BAD_CHUNK_END: ErrorCode = -14;
export const BAD_TRAILER: ErrorCode = -15;
export const TRAILER_TOO_LARGE: ErrorCode = -16;
/** A response with lengths that differ. */
export const DIFFERING_LENGTHS: ErrorCode = -17;

interface Failure {
  /** For logs. */
  readonly text: string;
  /** Status of the refusal when a client sent it. */
  readonly status: number;
  /** Text after the status code in the status line. */
  readonly reason: string;
}

const FAILURES: readonly Failure[] = [
  { text: "", status: 500, reason: "Internal Server Error" },
  { text: "malformed message", status: 400, reason: "Bad Request" },
  { text: "missing required Host header", status: 400, reason: "Bad Request: missing required Host header" },
  { text: "malformed Host header", status: 400, reason: "Bad Request: malformed Host header" },
  { text: "invalid header name", status: 400, reason: "Bad Request: invalid header name" },
  {
    text: "unsupported protocol version",
    status: 505,
    reason: "HTTP Version Not Supported: unsupported protocol version",
  },
  { text: "header too large", status: 431, reason: "Request Header Fields Too Large" },
  { text: "unsupported transfer encoding", status: 501, reason: "Not Implemented" },
  { text: "unsupported expectation", status: 417, reason: "Expectation Failed" },
  { text: "malformed HTTP response", status: 400, reason: "Bad Request" },
  { text: "malformed HTTP status code", status: 400, reason: "Bad Request" },
  { text: "ambiguous body length", status: 400, reason: "Bad Request" },
  { text: "invalid chunk length", status: 400, reason: "Bad Request" },
  { text: "chunk header line too long", status: 400, reason: "Bad Request" },
  { text: "malformed chunked encoding", status: 400, reason: "Bad Request" },
  { text: "malformed trailer", status: 400, reason: "Bad Request" },
  { text: "trailer too large", status: 400, reason: "Bad Request" },
  { text: "differing body lengths", status: 400, reason: "Bad Request" },
];

function failure(code: ErrorCode): Failure {
  return FAILURES[-code] ?? FAILURES[0]!;
}

/** What went wrong, for logs. */
export function errorText(code: ErrorCode): string {
  return failure(code).text;
}

/** Status code of the answer to a client whose request failed with `code`. */
export function errorStatus(code: ErrorCode): number {
  return failure(code).status;
}

/** The complete answer to a request head that failed with `code`; the connection is closed after it. */
export function refusal(code: ErrorCode): string {
  const { status, reason } = failure(code);
  if (code === UNSUPPORTED_EXPECTATION) {
    return `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  }
  const body = code === UNSUPPORTED_TRANSFER_CODING ? "Unsupported transfer encoding" : `${status} ${reason}`;
  return `HTTP/1.1 ${status} ${reason}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${body}`;
}
