// The client side of one exchange, the same for every protocol: the exchange reads the request body and writes the response
// through it and knows nothing of sockets or framing.

import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { Headers } from "../http/headers.ts";

/** Takes the request body: the backend call, or nobody (the rest is dropped). */
export interface RequestBodySink {
  /** Body bytes, valid until the call returns; when `lasting` until the call after it. False: no more until `resumeBody`. */
  onRequestData(buffer: Buffer, start: number, end: number, lasting: boolean): boolean;
  onRequestEnd(): void;
  /** The body is malformed (chunked encoding): nothing more comes. */
  onRequestMalformed(): void;
}

/** How the end of a response is told to the client. */
export const Framing = {
  /** No body: the status or the method says so. */
  none: 0,
  /** `length` bytes follow. */
  length: 1,
  /** Chunked, or until close for HTTP/1.0. */
  unknown: 2,
} as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

export interface ClientStream {
  readonly secure: boolean;
  /** What the client presented in its TLS handshake, its own certificate first. */
  readonly certificates: readonly X509Certificate[];
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** Begins to hand the request body to `sink`; a waiting client gets its 100 Continue. Only once for a request. */
  startBody(sink: RequestBodySink): void;
  resumeBody(): void;
  /** From now on the rest of the body is read and dropped. */
  dropBody(): void;
  /** True when the last byte of the request body was handed on. */
  readonly bodyDone: boolean;
  /** The response is the last one of this connection. */
  closeAfter(): void;
  /** Keeps the response head until the first of `write`, `end` or `flush`. `length` counts for Framing.length only. */
  head(status: number, headers: Headers, canonical: boolean, framing: Framing, length: number): void;
  /** Body bytes; when not `lasting` what cannot leave at once is copied. False: wait for `onClientDrain`. */
  write(buffer: Buffer, start: number, end: number, lasting: boolean): boolean;
  /** A short body as a byte string: the whole of it, kept until `end`. */
  writeText(text: string): void;
  /** The body of an answer that has none because of its method or status. */
  skipBody(body: string | Uint8Array): void;
  /** The response is complete. */
  end(): void;
  /** Writes out what is kept back. */
  flush(): void;
  /** Gives the socket away for an upgrade, with the bytes that came behind the request. */
  detach(): { socket: Socket; early: Buffer };
  /** Breaks off: the client can see that the response is not complete. */
  abort(): void;
  /** Body bytes that were handed to the client. */
  readonly bodyBytes: number;
  /** Replaces the limit for writing the response: milliseconds from now. */
  limitWrite(ms: number): void;
  /** Replaces the limit for reading the request body: milliseconds from now. */
  limitRead(ms: number): void;
}

/** What the client side tells its exchange. */
export interface ClientEvents {
  /** The client closed or half-closed, or was too slow, before the response was complete. */
  onClientGone(): void;
  /** All written bytes have left. */
  onClientDrain(): void;
}
