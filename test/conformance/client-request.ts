// One request of the filter vectors on a connection of its own: sent as given, with the few lines that the format adds.

import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { dial, type Fields, type Message, SocketReader } from "./socket-reader.ts";

export interface ClientRequest {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Fields;
  readonly body?: string;
  readonly body_b64?: string;
  readonly chunks?: readonly string[];
  readonly read_bytes?: number;
  readonly wait_ms?: number;
  /** With TLS; the certificate of the server is not looked at. */
  readonly tls?: boolean;
  /** Files with the certificate to present and its key (PEM). */
  readonly client_cert?: string;
  readonly client_key?: string;
}

/** Sends a request and reads its response; null when there is none, or no TLS connection. */
export async function ask(
  port: number,
  request: ClientRequest,
): Promise<{ message: Message | null; elapsedMs: number }> {
  const method = request.method ?? "GET";
  const names = (request.headers ?? []).map(([name]) => name.toLowerCase());
  const hasBody = request.body !== undefined || request.body_b64 !== undefined;
  const body =
    request.body_b64 === undefined ? Buffer.from(request.body ?? "") : Buffer.from(request.body_b64, "base64");
  let head = `${method} ${request.target ?? "/"} HTTP/1.1\r\n`;
  if (!names.includes("host")) head += "Host: example.org\r\n";
  for (const [name, value] of request.headers ?? []) head += `${name}: ${value}\r\n`;
  if (request.chunks !== undefined) {
    if (!names.includes("transfer-encoding")) head += "Transfer-Encoding: chunked\r\n";
  } else if (hasBody && !names.includes("content-length")) head += `Content-Length: ${body.length}\r\n`;
  if (!names.includes("connection")) head += "Connection: close\r\n";
  const begin = performance.now();
  const socket = request.tls === true ? await dialTls(port, request) : await dial(port);
  if (socket === null) return { message: null, elapsedMs: performance.now() - begin };
  const reader = new SocketReader(socket);
  try {
    socket.write(
      Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), request.chunks === undefined ? body : Buffer.alloc(0)]),
    );
    if (request.chunks !== undefined) await writeChunks(socket, request.chunks);
    const message = await reader.message(false, method === "HEAD", request.read_bytes);
    const status = Number(message?.start[1]);
    const bodyless = status === 204 || status === 304;
    return { message: bodyless ? { ...message!, framing: "none" } : message, elapsedMs: performance.now() - begin };
  } finally {
    socket.destroy();
  }
}

/** A connection with TLS; null when the server refused it. */
async function dialTls(port: number, { client_cert, client_key }: ClientRequest): Promise<Socket | null> {
  const plain = await dial(port);
  const pem = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file));
  const socket = connectTls({
    socket: plain,
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
    cert: pem(client_cert),
    key: pem(client_key),
  });
  return new Promise((resolve) => {
    socket.once("secureConnect", () => resolve(socket));
    socket.once("error", () => resolve(null));
  });
}

async function writeChunks(socket: Socket, chunks: readonly string[]): Promise<void> {
  for (const chunk of chunks) {
    const data = Buffer.from(chunk);
    socket.write(Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]));
    await sleep(20);
  }
  socket.write("0\r\n\r\n");
}
