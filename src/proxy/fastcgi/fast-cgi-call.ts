// One request to a FastCGI application over a connection of its own (spec proxy 16). The whole output is read before anything is
// answered, because text on the error stream makes it a failure. Owned by Forward, which feeds it the request body.

import { connect, type Socket } from "node:net";
import { BackendFailure } from "../../backends/backend-failure.ts";
import type { ResponseHead } from "../../http/h1/response-parser.ts";
import { LONGEST_TIMER_MS } from "../../util/longest-timer.ts";
import { readCgiOutput } from "./cgi-output.ts";
import { endOfStream, RecordReader, type RecordSink, RecordType, requestStart, streamRecords } from "./records.ts";

/** Told of one of the last two, once, unless it calls `cancel` before. */
export interface FastCgiOwner {
  /** Connected, or all that was written has left: the body may go on. */
  onFastCgiReady(): void;
  /** `head` null: the application has no such script. */
  onFastCgiAnswer(head: ResponseHead | null, body: Buffer): void;
  onFastCgiFailed(failure: BackendFailure, message: string): void;
}

export interface FastCgiLimits {
  readonly connectTimeoutMs: number;
  /** From the end of the request to the first output. */
  readonly responseTimeoutMs: number;
}

/** Request bytes that may wait before the client is paused. */
const MAX_UNSENT_BYTES = 65_536;
/** Output is kept in memory: more than this is a failure. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
/** Text of the error stream that is kept for the log. */
const MAX_ERROR_TEXT = 4096;
const NO_SCRIPT = "Primary script unknown";
const notFound: Buffer = Buffer.from("Not Found");

export class FastCgiCall implements RecordSink {
  readonly #owner: FastCgiOwner;
  readonly #limits: FastCgiLimits;
  readonly #socket: Socket;
  readonly #reader = new RecordReader(this);
  readonly #output: Buffer[] = [];
  #outputBytes = 0;
  #errorText = "";
  #error: Error | null = null;
  #connected = false;
  /** The request is complete. */
  #ended = false;
  #settled = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    owner: FastCgiOwner,
    address: { readonly hostname: string; readonly port: number },
    params: ReadonlyMap<string, string>,
    limits: FastCgiLimits,
  ) {
    this.#owner = owner;
    this.#limits = limits;
    const socket = connect({ host: address.hostname, port: address.port, noDelay: true });
    this.#socket = socket;
    this.#limit(limits.connectTimeoutMs, BackendFailure.connect, "i/o timeout");
    socket.write(requestStart(params));
    socket.on("ready", () => {
      this.#connected = true;
      this.#clearTimer();
      if (this.#settled) return;
      if (this.#ended) this.#awaitOutput();
      else owner.onFastCgiReady();
    });
    socket.on("drain", () => {
      if (!this.#settled) owner.onFastCgiReady();
    });
    socket.on("data", (chunk: Buffer) => {
      if (!this.#settled && !this.#reader.push(chunk)) this.#fail(BackendFailure.malformed, "malformed FastCGI record");
    });
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.on("close", () => this.#closed());
  }

  /** A piece of the request body. False: wait for `onFastCgiReady`. */
  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    socket.cork();
    for (const record of streamRecords(RecordType.stdin, bytes)) socket.write(record);
    socket.uncork();
    return socket.writableLength < MAX_UNSENT_BYTES;
  }

  /** The request body is complete. */
  end(): void {
    if (this.#settled) return;
    this.#socket.write(endOfStream(RecordType.stdin));
    this.#ended = true;
    if (this.#connected) this.#awaitOutput();
  }

  #awaitOutput(): void {
    if (this.#outputBytes > 0) return;
    this.#limit(this.#limits.responseTimeoutMs, BackendFailure.timeout, "timeout awaiting response headers");
  }

  onStdout(bytes: Buffer): void {
    if (this.#connected) this.#clearTimer();
    this.#outputBytes += bytes.length;
    if (this.#outputBytes > MAX_OUTPUT_BYTES) this.#fail(BackendFailure.malformed, "FastCGI output too large");
    else this.#output.push(Buffer.from(bytes));
  }

  onStderr(bytes: Buffer): void {
    if (this.#errorText.length < MAX_ERROR_TEXT) this.#errorText += bytes.toString("latin1");
  }

  onEndRequest(status: number): void {
    if (this.#settled) return;
    if (this.#errorText.includes(NO_SCRIPT)) {
      this.#settle();
      this.#owner.onFastCgiAnswer(null, notFound);
      return;
    }
    if (this.#errorText !== "") {
      this.#fail(BackendFailure.malformed, `error in FastCGI application: ${this.#errorText.slice(0, MAX_ERROR_TEXT)}`);
      return;
    }
    const output = status === 0 ? readCgiOutput(Buffer.concat(this.#output)) : null;
    if (output === null) {
      const reason = status === 0 ? "malformed FastCGI output" : `FastCGI protocol status ${status}`;
      this.#fail(BackendFailure.malformed, reason);
      return;
    }
    this.#settle();
    this.#owner.onFastCgiAnswer(output.head, output.body);
  }

  #closed(): void {
    const error = this.#error;
    if (!this.#connected) this.#fail(BackendFailure.connect, error?.message ?? "EOF");
    else if (error !== null) this.#fail(BackendFailure.network, error.message);
    else this.#fail(BackendFailure.closed, "unexpected EOF");
  }

  #fail(failure: BackendFailure, message: string): void {
    if (this.#settled) return;
    this.#settle();
    this.#owner.onFastCgiFailed(failure, message);
  }

  /** The answer is not wanted any more. */
  cancel(): void {
    if (!this.#settled) this.#settle();
  }

  #settle(): void {
    this.#settled = true;
    this.#clearTimer();
    this.#socket.destroy();
  }

  #limit(timeoutMs: number, failure: BackendFailure, message: string): void {
    this.#clearTimer();
    if (Number.isFinite(timeoutMs))
      this.#timer = setTimeout(() => this.#fail(failure, message), Math.min(timeoutMs, LONGEST_TIMER_MS));
  }

  #clearTimer(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }
}
