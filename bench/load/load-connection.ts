// One keep-alive connection of the load generator: sends a request, reads its answer to the last byte, checks it, tells its owner.
// Reads into one buffer that all connections share (each read is used up before the next), so that the generator costs less than
// what it measures. It knows Content-Length and chunked bodies and no other framing.

import net from "node:net";

const readBuffer = Buffer.allocUnsafe(256 * 1024);
const lengthFields = ["\r\nContent-Length: ", "\r\ncontent-length: "];
const endOfChunks = "0\r\n\r\n";

export interface LoadOwner {
  /** An answer is complete. `wrong` is "" when it was as expected. */
  answered(connection: LoadConnection, wrong: string): void;
  /** The connection ended, in or between answers, and is to be replaced. */
  closed(connection: LoadConnection, reason: string): void;
}

export interface Expectation {
  readonly status: number;
  /** -1: any. */
  readonly bytes: number;
}

export class LoadConnection {
  /** When the current request was due, in milliseconds of performance.now(). */
  startedAt = 0;
  bytesReceived = 0;
  readonly #socket: net.Socket;
  readonly #owner: LoadOwner;
  readonly #expect: Expectation;
  readonly #statusText: string;
  #head = "";
  #wrong = "";
  /** Body bytes still to come; -1 while the head is being read, -2 in a chunked body. */
  #left = -1;
  #tail = "";
  #isOpen = true;

  constructor(port: number, expect: Expectation, owner: LoadOwner, onOpen: (connection: LoadConnection) => void) {
    this.#owner = owner;
    this.#expect = expect;
    this.#statusText = ` ${expect.status} `;
    this.#socket = net.connect({
      host: "127.0.0.1",
      port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (count, buffer) => {
          this.bytesReceived += count;
          this.#read(buffer as Buffer, count);
          return true;
        },
      },
    });
    this.#socket.on("connect", () => onOpen(this));
    this.#socket.on("error", (error) => this.#end(error.message));
    this.#socket.on("close", () => this.#end("closed by the other side"));
  }

  send(head: string, body: Buffer | null, startedAt: number): void {
    this.startedAt = startedAt;
    this.#left = -1;
    this.#head = "";
    this.#socket.write(head, "latin1");
    if (body !== null) this.#socket.write(body);
  }

  destroy(): void {
    this.#isOpen = false;
    this.#socket.destroy();
  }

  #end(reason: string): void {
    if (!this.#isOpen) return;
    this.destroy();
    this.#owner.closed(this, reason);
  }

  #read(buffer: Buffer, count: number): void {
    if (this.#left >= 0) {
      this.#left -= count;
      this.#checkEnd();
      return;
    }
    if (this.#left === -2) {
      this.#readChunks(buffer.toString("latin1", Math.max(0, count - endOfChunks.length), count));
      return;
    }
    this.#head += buffer.toString("latin1", 0, count);
    const end = this.#head.indexOf("\r\n\r\n");
    if (end >= 0) this.#startBody(end + 4);
  }

  #startBody(bodyStart: number): void {
    const head = this.#head;
    this.#wrong = head.startsWith(this.#statusText, 8) ? "" : `status ${head.slice(9, 12)}`;
    const length = contentLength(head, bodyStart);
    if (length < 0) {
      this.#left = -2;
      this.#tail = "";
      this.#readChunks(head.slice(Math.max(bodyStart, head.length - endOfChunks.length)));
      return;
    }
    if (this.#expect.bytes >= 0 && length !== this.#expect.bytes && this.#wrong === "")
      this.#wrong = `length ${length}`;
    this.#left = length - (head.length - bodyStart);
    this.#checkEnd();
  }

  #checkEnd(): void {
    if (this.#left > 0) return;
    if (this.#left < 0) this.#wrong = "more bytes than announced";
    this.#complete();
  }

  #readChunks(text: string): void {
    this.#tail = (this.#tail + text).slice(-endOfChunks.length);
    if (this.#tail === endOfChunks) this.#complete();
  }

  #complete(): void {
    this.#owner.answered(this, this.#wrong);
  }
}

/** The value of Content-Length, 0 for answers that have no body, -1 for a chunked body. */
function contentLength(head: string, bodyStart: number): number {
  for (const field of lengthFields) {
    const at = head.indexOf(field);
    if (at >= 0 && at < bodyStart) return Number.parseInt(head.slice(at + field.length, at + field.length + 12), 10);
  }
  if (head.startsWith("204", 9) || head.startsWith("304", 9)) return 0;
  return -1;
}
