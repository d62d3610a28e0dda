// Clients of a Route Server that wait for changes, as proxies do, without what proxies do with them. They count what they are sent.

import { once } from "node:events";
import net from "node:net";

const DELTA = "eskip-delta, gzip";
const WAIT_SECONDS = 30;
/** Those that connect at the same time. */
const CONNECTING = 50;

interface Reader {
  readonly socket: net.Socket;
  received: Buffer;
  etag: string;
}

export class WaitingReaders {
  /** Bytes of answers, heads included, over all readers. */
  bytes = 0;
  readonly #readers: Reader[] = [];
  readonly #port: number;
  #failure: Error | null = null;
  #changed: () => void = () => {};

  private constructor(port: number) {
    this.#port = port;
  }

  /** `etag`: the table that all of them have. */
  static async start(port: number, count: number, etag: string): Promise<WaitingReaders> {
    const readers = new WaitingReaders(port);
    for (let i = 0; i < count; i += CONNECTING) {
      const some = Array.from({ length: Math.min(CONNECTING, count - i) }, () => readers.#connect(etag));
      await Promise.all(some);
    }
    return readers;
  }

  /** Resolves when all of them were told of another table than `etag` and of the same one; gives its tag. */
  async another(etag: string): Promise<string> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const tags = new Set(this.#readers.map((reader) => reader.etag));
      const [tag] = tags;
      if (tags.size === 1 && tag !== etag) return tag!;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  close(): void {
    for (const { socket } of this.#readers) socket.destroy();
  }

  async #connect(etag: string): Promise<void> {
    const socket = net.connect(this.#port, "127.0.0.1");
    const reader: Reader = { socket, received: Buffer.alloc(0), etag };
    socket.on("error", (error) => this.#fail(error));
    await once(socket, "connect");
    this.#readers.push(reader);
    socket.on("data", (chunk) => this.#read(reader, chunk as Buffer));
    this.#ask(reader);
  }

  #ask({ socket, etag }: Reader): void {
    const wishes = `If-None-Match: ${etag}\r\nA-IM: ${DELTA}\r\nPrefer: wait=${WAIT_SECONDS}`;
    socket.write(`GET /routes HTTP/1.1\r\nHost: bench.test\r\nAccept-Encoding: gzip\r\n${wishes}\r\n\r\n`);
  }

  #read(reader: Reader, chunk: Buffer): void {
    this.bytes += chunk.length;
    reader.received = Buffer.concat([reader.received, chunk]);
    const headEnd = reader.received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = reader.received.toString("latin1", 0, headEnd);
    const status = Number(head.slice(9, 12));
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    const end = headEnd + 4 + (status === 304 ? 0 : length);
    if (reader.received.length < end) return;
    reader.received = reader.received.subarray(end);
    if (![200, 226, 304].includes(status)) {
      this.#fail(new Error(`a reader got the status ${status}`));
      return;
    }
    reader.etag = /^etag: (.*)$/im.exec(head)?.[1]?.trim() ?? reader.etag;
    this.#ask(reader);
    this.#changed();
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#changed();
  }
}
