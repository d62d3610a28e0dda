// Reading HTTP/1.1 off a socket for the proxy vectors: as it is on the wire, with a time limit for each wait, and with how it
// ended. Text is latin1, one character per byte. Deliberately none of the product's parsers.

import type { Socket } from "node:net";

export type Field = readonly [name: string, value: string];

export class WireReader {
  timeoutMs: number;
  eof = false;
  /** "reset", or another error of the socket; "timeout" when the last wait was in vain. */
  error: string | null = null;
  #bytes: Buffer = Buffer.alloc(0);
  #wake: (() => void) | null = null;

  constructor(socket: Socket, timeoutMs: number) {
    this.timeoutMs = timeoutMs;
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.error = error.code === "ECONNRESET" ? "reset" : (error.code ?? error.message);
    });
    for (const event of ["end", "close", "error"]) {
      socket.on(event, () => {
        this.eof = true;
        this.#wake?.();
      });
    }
  }

  /** Waits for bytes; false when none came in time or none can come. */
  async fill(): Promise<boolean> {
    if (this.eof) return false;
    const before = this.#bytes.length;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.error = "timeout";
      resolve();
    }, this.timeoutMs);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = null;
    return this.#bytes.length > before;
  }

  /** Text up to and with `mark`; null when it does not come. */
  async until(mark: string): Promise<string | null> {
    for (;;) {
      const at = this.#bytes.indexOf(mark, 0, "latin1");
      if (at >= 0) return this.take(at + mark.length);
      if (!(await this.fill())) return null;
    }
  }

  /** So many bytes, fewer when they do not come. */
  async exactly(length: number): Promise<string> {
    while (this.#bytes.length < length) if (!(await this.fill())) break;
    return this.take(length);
  }

  /** Everything until the end or a wait in vain. */
  async rest(): Promise<string> {
    while (await this.fill());
    return this.take(this.#bytes.length);
  }

  /** What is there already, at most `length` bytes. */
  take(length = this.#bytes.length): string {
    const taken = this.#bytes.toString("latin1", 0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  get waiting(): number {
    return this.#bytes.length;
  }
}

export function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

/** Start line and fields of a head with its empty line. */
export function splitHead(head: string): { start: string; fields: Field[] } {
  const [start, ...lines] = head.slice(0, head.indexOf("\r\n\r\n")).split("\r\n");
  return { start: start!, fields: lines.map(splitField) };
}

function splitField(line: string): Field {
  const colon = line.indexOf(":");
  return [
    colon < 0 ? line : line.slice(0, colon),
    colon < 0 ? "" : line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, ""),
  ];
}

/** The length of a size line, -1 when it has none. */
function chunkLength(line: string | null): number {
  const match = /^[ \t]*([0-9a-f]+)[ \t]*(?:;.*)?\r\n$/i.exec(line ?? "");
  return match === null ? -1 : Number.parseInt(match[1]!, 16);
}

export async function readChunk(reader: WireReader): Promise<string | null> {
  const length = chunkLength(await reader.until("\r\n"));
  if (length < 0) return null;
  const data = await reader.exactly(length);
  await reader.until("\r\n");
  return data;
}

export interface ChunkedBody {
  readonly body: string;
  readonly trailers: Field[];
  readonly complete: boolean;
}

export async function readChunked(reader: WireReader): Promise<ChunkedBody> {
  let body = "";
  for (;;) {
    const length = chunkLength(await reader.until("\r\n"));
    if (length < 0) return { body, trailers: [], complete: false };
    if (length === 0) break;
    const data = await reader.exactly(length);
    body += data;
    if (data.length < length || (await reader.until("\r\n")) === null) return { body, trailers: [], complete: false };
  }
  const trailers: Field[] = [];
  for (;;) {
    const line = await reader.until("\r\n");
    if (line === null || line === "\r\n") return { body, trailers, complete: line !== null };
    trailers.push(splitField(line.slice(0, -2)));
  }
}

/** A response as the vectors write it. */
export interface ResponseEntry {
  proto?: string;
  status: number | null;
  reason?: string;
  headers?: Field[];
  framing?: "length" | "chunked" | "close" | "none" | "tunnel";
  body?: string;
  trailers?: Field[];
  incomplete?: true;
  informational?: { status: number; headers: Field[] }[];
  /** How the connection ended when there was no response, and what came instead. */
  end?: string;
  partial?: string;
}

/** Status line and fields of the next final response. */
export async function readResponseHead(reader: WireReader): Promise<ResponseEntry> {
  const informational: { status: number; headers: Field[] }[] = [];
  const before = () => (informational.length === 0 ? {} : { informational });
  for (;;) {
    const head = await reader.until("\r\n\r\n");
    if (head === null) {
      const partial = reader.take();
      const end = reader.eof && reader.error === null ? "closed" : (reader.error ?? "closed");
      return { ...before(), ...(partial === "" ? {} : { partial }), status: null, end };
    }
    const { start, fields } = splitHead(head);
    const match = /^(HTTP\/\S+) (\d{3}) ?(.*)$/.exec(start);
    if (match === null) return { ...before(), partial: head + (await reader.rest()), status: null, end: "closed" };
    const status = Number(match[2]);
    if (status >= 200 || status === 101) {
      return { ...before(), proto: match[1]!, status, reason: match[3]!, headers: fields };
    }
    informational.push({ status, headers: fields });
  }
}

/** The next final response with its body; `method` tells whether it has one. */
export async function readResponse(reader: WireReader, method: string): Promise<ResponseEntry> {
  const entry = await readResponseHead(reader);
  if (entry.status === null) return entry;
  const length = valuesOf(entry.headers!, "content-length")[0]?.trim() ?? "";
  if (entry.status === 101) return { ...entry, framing: "tunnel" };
  if (method === "HEAD" || entry.status === 204 || entry.status === 304) return { ...entry, framing: "none", body: "" };
  if (valuesOf(entry.headers!, "transfer-encoding").join().toLowerCase().includes("chunked")) {
    const { body, trailers, complete } = await readChunked(reader);
    const rest = { ...(trailers.length > 0 ? { trailers } : {}), ...(complete ? {} : { incomplete: true as const }) };
    return { ...entry, framing: "chunked", body, ...rest };
  }
  if (!/^\d+$/.test(length)) return { ...entry, framing: "close", body: await reader.rest() };
  const body = await reader.exactly(Number(length));
  return { ...entry, framing: "length", body, ...(body.length < Number(length) ? { incomplete: true as const } : {}) };
}
