// Reads HTTP/1.1 messages off a socket byte by byte, for the replayers: nothing is normalised, and a message that breaks off is told
// from a complete one. Also what the replayers need around it: free ports and waiting for one.

import { connect, createServer, type Server, type Socket } from "node:net";

export type Fields = readonly (readonly [name: string, value: string])[];

export interface Message {
  /** The words of the first line, at most three. */
  readonly start: readonly string[];
  readonly fields: Fields;
  readonly body: Buffer;
  readonly framing: "length" | "chunked" | "close" | "none";
  readonly complete: boolean;
}

/** All values of a field. */
export function valuesOf(fields: Fields, name: string): string[] {
  return fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

export class SocketReader {
  readonly socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(socket: Socket) {
    this.socket = socket;
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    socket.on("end", end);
    socket.on("close", end);
    socket.on("error", end);
  }

  /** Bytes up to and with `mark`; null when the stream ends before. */
  async until(mark: string): Promise<Buffer | null> {
    for (;;) {
      const at = this.#bytes.indexOf(mark, 0, "latin1");
      if (at >= 0) return this.#take(at + mark.length);
      if (!(await this.#more())) return null;
    }
  }

  /** So many bytes, fewer when the stream ends before. */
  async exactly(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) if (!(await this.#more())) break;
    return this.#take(Math.min(length, this.#bytes.length));
  }

  /** Everything until the end of the stream. */
  async rest(): Promise<Buffer> {
    while (await this.#more());
    return this.#take(this.#bytes.length);
  }

  /** Head and body of a message; `bodyless` for answers that have none, `limit` to read only the begin of the body. */
  async message(request: boolean, bodyless: boolean, limit = Number.POSITIVE_INFINITY): Promise<Message | null> {
    const head = await this.until("\r\n\r\n");
    if (head === null) return null;
    const lines = head.toString("latin1").slice(0, -4).split("\r\n");
    const [first, ...others] = lines;
    const start = splitStart(first!);
    const fields = others.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")] as const;
    });
    const chunked = valuesOf(fields, "transfer-encoding").join().toLowerCase().includes("chunked");
    const length = valuesOf(fields, "content-length")[0];
    const none = { start, fields, body: Buffer.alloc(0), framing: "none", complete: true } as const;
    if (bodyless) return none;
    if (request && valuesOf(fields, "expect").join().toLowerCase() === "100-continue") {
      this.socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (chunked) return { start, fields, framing: "chunked", ...(await this.#chunks(limit)) };
    if (length !== undefined) {
      const wanted = Math.min(Number(length), limit);
      const body = await this.exactly(wanted);
      return { start, fields, body, framing: "length", complete: body.length === Number(length) };
    }
    return request ? none : { start, fields, body: await this.rest(), framing: "close", complete: true };
  }

  async #chunks(limit: number): Promise<{ body: Buffer; complete: boolean }> {
    const parts: Buffer[] = [];
    let size = 0;
    while (size < limit) {
      const line = await this.until("\r\n");
      if (line === null) return { body: Buffer.concat(parts), complete: false };
      const length = Number.parseInt(line.toString("latin1"), 16);
      if (length === 0) {
        while ((await this.until("\r\n"))?.length !== 2) if (this.#ended) break;
        return { body: Buffer.concat(parts), complete: true };
      }
      const data = await this.exactly(length);
      parts.push(data);
      size += data.length;
      if (data.length < length || (await this.until("\r\n")) === null) {
        return { body: Buffer.concat(parts), complete: false };
      }
    }
    return { body: Buffer.concat(parts), complete: false };
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const before = this.#bytes.length;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
    return this.#bytes.length > before || !this.#ended;
  }
}

/** `GET /a b HTTP/1.1` and `HTTP/1.1 404 Not Found`: two or three words, the last of a status line is the rest. */
function splitStart(line: string): string[] {
  const words = line.split(" ");
  return line.startsWith("HTTP/") ? [words[0]!, words[1] ?? "", words.slice(2).join(" ")] : words;
}

/**
 * Below the ports that the kernel gives out by itself. Each process of the tests has a block of its own, and listens on the block's first
 * port as long as it lives: two processes never hand out the same port, not even one on which nobody is to listen.
 */
const FIRST_PORT = 10_000;
const PORTS_OF_BLOCK = 256;
const BLOCKS = 85;
let block: Promise<number> | null = null;
let portsTaken = 0;

/** A port of the loopback interface on which nobody listens. */
export async function freePort(): Promise<number> {
  block ??= takeBlock();
  const first = (await block) + 1;
  for (let tries = 1; tries < PORTS_OF_BLOCK; tries++) {
    const port = first + (portsTaken++ % (PORTS_OF_BLOCK - 1));
    const server = await listener(port);
    if (server === null) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  throw new Error(`no port from ${first} on is free`);
}

async function takeBlock(): Promise<number> {
  for (let i = 0; i < BLOCKS; i++) {
    const first = FIRST_PORT + ((process.pid + i) % BLOCKS) * PORTS_OF_BLOCK;
    const guard = await listener(first);
    if (guard === null) continue;
    guard.unref();
    return first;
  }
  throw new Error(`no block of ports from ${FIRST_PORT} on is free`);
}

function listener(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

/** A connected socket. */
export function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}
