// The echo backend of the filter vectors: records every request as it came and answers with scripted entries in turn, the last one
// for ever. Written on sockets, so that nothing is added to an answer or hidden of a request.

import { STATUS_CODES } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Fields, type Message, SocketReader } from "./socket-reader.ts";

export interface Answer {
  readonly status?: number;
  readonly headers?: Fields;
  readonly body?: string;
  readonly body_b64?: string;
  readonly delay_ms?: number;
  readonly chunks?: readonly string[];
}

const CHUNK_PAUSE_MS = 20;
const defaultFields: Fields = [
  ["Content-Type", "text/plain"],
  ["X-Backend", "echo"],
];

export class ScriptedBackend {
  readonly seen: Message[] = [];
  /** Set by `listen`. */
  port = 0;
  readonly #answers: readonly Answer[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #answered = 0;

  constructor(answers: readonly Answer[]) {
    this.#answers = answers;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.setNoDelay();
      void this.#serve(socket);
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => {
        const address = this.#server.address();
        this.port = typeof address === "object" && address !== null ? address.port : 0;
        resolve(this.port);
      });
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(socket: Socket): Promise<void> {
    const reader = new SocketReader(socket);
    for (;;) {
      const request = await reader.message(true, false);
      if (request === null) return;
      this.seen.push(request);
      const answer = this.#answers[Math.min(this.#answered++, this.#answers.length - 1)] ?? {};
      if (!request.complete) return;
      await send(socket, request.start[0]!, answer);
    }
  }
}

async function send(socket: Socket, method: string, answer: Answer): Promise<void> {
  if (answer.delay_ms !== undefined) await sleep(answer.delay_ms);
  const status = answer.status ?? 200;
  const fields = answer.headers ?? defaultFields;
  const body =
    answer.body_b64 === undefined ? Buffer.from(answer.body ?? "backend") : Buffer.from(answer.body_b64, "base64");
  const noBody = method === "HEAD" || status === 204 || status === 304;
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "X"}\r\n`;
  for (const [name, value] of fields) head += `${name}: ${value}\r\n`;
  if (status !== 204 && status !== 304 && !fields.some(([name]) => name.toLowerCase() === "content-length")) {
    head += answer.chunks === undefined ? `Content-Length: ${body.length}\r\n` : "Transfer-Encoding: chunked\r\n";
  }
  head += "\r\n";
  if (noBody || answer.chunks !== undefined) socket.write(head, "latin1");
  else socket.write(Buffer.concat([Buffer.from(head, "latin1"), body]));
  if (noBody || answer.chunks === undefined) return;
  for (const chunk of answer.chunks) {
    const data = Buffer.from(chunk);
    socket.write(`${data.length.toString(16)}\r\n`);
    socket.write(data);
    socket.write("\r\n");
    await sleep(CHUNK_PAUSE_MS);
  }
  socket.write("0\r\n\r\n");
}
