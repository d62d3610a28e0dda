// The scripted backends of the proxy vectors (`backends` in their format key): every byte of an answer comes from the script, every
// request is recorded as it came. HTTP/1.1 on TCP or TLS, and FastCGI responders.

import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { type Field, readChunked, splitHead, valuesOf, WireReader } from "./wire.ts";

export interface ScriptEntry {
  readonly raw?: string | readonly (string | number)[];
  readonly delay_ms?: number;
  readonly early?: boolean;
  readonly action?: "close" | "reset" | "hang";
  readonly then?: "close" | "reset";
  readonly echo?: boolean;
}

export interface BackendScript {
  readonly responses?: readonly ScriptEntry[];
  readonly on_accept?: "close" | "reset" | { readonly send: string };
  readonly tls?: string;
  readonly kind?: "fastcgi";
  readonly stdout?: string;
  readonly stderr?: string;
}

/** A request as the vectors write it. */
export interface RequestEntry {
  line?: string;
  headers?: Field[];
  framing?: "none" | "length" | "chunked";
  body?: string;
  trailers?: Field[];
  incomplete?: true;
  tunnel?: string;
  after?: string;
  params?: Record<string, string>;
  stdin?: string;
}

const DEFAULT_ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

export class RawBackend {
  readonly seen: RequestEntry[] = [];
  accepted = 0;
  readonly #script: BackendScript;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #answered = 0;

  /** `folder` holds the certificates. */
  constructor(script: BackendScript, folder: string) {
    this.#script = script;
    const serve = (socket: Socket) => void this.#connection(socket);
    const options = { allowHalfOpen: true, noDelay: true };
    if (script.tls === undefined) this.#server = createServer(options, serve);
    else {
      const pem = (kind: string) => readFileSync(join(folder, `${script.tls}.${kind}`));
      this.#server = createTlsServer({ ...options, cert: pem("crt"), key: pem("key") }, serve);
      this.#server.on("tlsClientError", () => {});
    }
    this.#server.on("connection", (socket: Socket) => {
      this.accepted++;
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #connection(socket: Socket): Promise<void> {
    const reader = new WireReader(socket, 20_000);
    if (this.#script.kind === "fastcgi") await this.#fastCgi(socket, reader);
    else await this.#serve(socket, reader);
    if (!socket.destroyed) socket.destroySoon();
  }

  async #serve(socket: Socket, reader: WireReader): Promise<void> {
    const mode = this.#script.on_accept;
    if (mode === "close") return;
    if (mode === "reset") {
      socket.resetAndDestroy();
      return;
    }
    if (mode !== undefined) {
      socket.write(mode.send, "latin1");
      await sleep(300);
      return;
    }
    const script = this.#script.responses ?? [{}];
    for (;;) {
      const head = await reader.until("\r\n\r\n");
      if (head === null) return;
      const { start, fields } = splitHead(head);
      const entry = script[Math.min(this.#answered++, script.length - 1)]!;
      const seen: RequestEntry = { line: start, headers: fields };
      this.seen.push(seen);
      if (entry.early !== true) await readBody(socket, reader, fields, seen);
      if (entry.delay_ms !== undefined) await sleep(entry.delay_ms);
      if (entry.action === "hang") {
        await reader.rest();
        seen.after = reader.eof ? "eof" : "timeout";
        return;
      }
      if (entry.action === "reset") socket.resetAndDestroy();
      if (entry.action !== undefined) return;
      const raw = entry.raw ?? DEFAULT_ANSWER;
      for (const part of typeof raw === "string" ? [raw] : raw) {
        if (typeof part === "number") await sleep(part);
        else await written(socket, part);
      }
      if (entry.echo === true) {
        await echo(socket, reader, seen);
        return;
      }
      if (entry.then === "reset") socket.resetAndDestroy();
      if (entry.then !== undefined) return;
    }
  }

  async #fastCgi(socket: Socket, reader: WireReader): Promise<void> {
    let params = "";
    let stdin = "";
    let id = 0;
    for (;;) {
      const head = Buffer.from(await reader.exactly(8), "latin1");
      if (head.length < 8) return;
      id = head.readUInt16BE(2);
      const length = head.readUInt16BE(4);
      const data = await reader.exactly(length);
      await reader.exactly(head[6]!);
      if (head[1] === 4) params += data;
      else if (head[1] === 5 && length === 0) break;
      else if (head[1] === 5) stdin += data;
    }
    this.seen.push({ params: fastCgiParams(Buffer.from(params, "latin1")), stdin });
    const record = (kind: number, text: string): Buffer => {
      const head = Buffer.from([1, kind, id >> 8, id & 255, text.length >> 8, text.length & 255, 0, 0]);
      return Buffer.concat([head, Buffer.from(text, "latin1")]);
    };
    const streams = [record(7, this.#script.stderr ?? ""), record(6, this.#script.stdout ?? "")];
    const filled = streams.filter((one) => one.length > 8);
    socket.write(Buffer.concat([...filled, record(6, ""), record(3, "\0".repeat(8))]));
    await sleep(200);
  }
}

function written(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.write(text, "latin1", () => resolve());
  });
}

async function readBody(
  socket: Socket,
  reader: WireReader,
  fields: readonly Field[],
  seen: RequestEntry,
): Promise<void> {
  if (valuesOf(fields, "expect").length > 0) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
  const length = valuesOf(fields, "content-length")[0];
  if (valuesOf(fields, "transfer-encoding").join().toLowerCase().includes("chunked")) {
    seen.framing = "chunked";
    const { body, trailers, complete } = await readChunked(reader);
    seen.body = body;
    if (trailers.length > 0) seen.trailers = trailers;
    if (!complete) seen.incomplete = true;
  } else if (length !== undefined) {
    seen.framing = "length";
    seen.body = await reader.exactly(Number(length));
    if (seen.body.length < Number(length)) seen.incomplete = true;
  } else {
    seen.framing = "none";
    seen.body = "";
  }
}

async function echo(socket: Socket, reader: WireReader, seen: RequestEntry): Promise<void> {
  reader.timeoutMs = 10_000;
  seen.tunnel = "";
  while (reader.waiting > 0 || (await reader.fill())) {
    const text = reader.take();
    seen.tunnel += text;
    socket.write(text, "latin1");
  }
}

function fastCgiParams(bytes: Buffer): Record<string, string> {
  const found: Record<string, string> = {};
  let at = 0;
  const size = (): number => {
    if (bytes[at]! < 0x80) return bytes[at++]!;
    at += 4;
    return bytes.readUInt32BE(at - 4) & 0x7fffffff;
  };
  while (at < bytes.length) {
    const nameLength = size();
    const valueLength = size();
    const name = bytes.toString("latin1", at, at + nameLength);
    at += nameLength + valueLength;
    found[name] = bytes.toString("latin1", at - valueLength, at);
  }
  return found;
}
