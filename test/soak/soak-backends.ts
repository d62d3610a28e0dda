// The backends of a soak: a steady one that echoes and serves a large body, one that dies and comes back, one for WebSockets.

import { once } from "node:events";
import http from "node:http";
import type { Socket } from "node:net";
import { WebSocketServer } from "ws";
import { freePort } from "../conformance/socket-reader.ts";

export const largeBytes = 10_000_000;
const largeBody = Buffer.alloc(largeBytes, "0123456789abcdef");

/** Echoes the body of a request; without one it answers with the target, and with a large body below /large. */
function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  response.setHeader("Content-Type", "application/octet-stream");
  if (request.url?.startsWith("/large")) response.end(largeBody);
  else if (request.method === "POST") request.pipe(response);
  else response.end(request.url);
  request.on("error", () => response.destroy());
}

export class SoakBackend {
  readonly #server = http.createServer({ keepAliveTimeout: 120_000 }, answer);
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor() {
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  get port(): number {
    return this.#port;
  }

  get server(): http.Server {
    return this.#server;
  }

  get isUp(): boolean {
    return this.#server.listening;
  }

  /** Listens, on the port that it had before when it had one. */
  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Dies as a process does: its connections break at once. */
  async kill(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }
}

/** Makes the backend accept WebSockets and echo their messages. */
export function echoWebSockets(backend: SoakBackend): void {
  const sockets = new WebSocketServer({ server: backend.server });
  sockets.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("error", () => socket.terminate());
  });
}
