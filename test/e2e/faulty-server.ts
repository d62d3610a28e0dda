// Stands between proxies and a Route Server, and does to its answers what a test orders.

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Relayed {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What is sent in place of an answer: "cut" breaks the connection in the middle of the body. */
export type Spoil = (answer: Relayed) => Relayed | "cut";

export class FaultyServer {
  spoil: Spoil = (answer) => answer;
  /** The last whole table that passed; null: none yet. */
  lastTable: Relayed | null = null;
  /** Answers that were spoilt. */
  spoilt = 0;
  readonly #server: Server;
  readonly #behind: string;

  private constructor(behind: string) {
    this.#behind = behind;
    this.#server = createServer((incoming, response) => {
      const { method, url, headers } = incoming;
      const sent = request(`${this.#behind}${url}`, { method, headers, agent: false }, async (answer) => {
        const chunks: Buffer[] = [];
        for await (const chunk of answer) chunks.push(chunk as Buffer);
        this.#pass({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(chunks) }, response);
      });
      sent.on("error", () => this.#pass({ status: 502, headers: {}, body: Buffer.alloc(0) }, response));
      response.on("close", () => sent.destroy());
      sent.end();
    });
  }

  static async start(behind: string): Promise<FaultyServer> {
    const faulty = new FaultyServer(behind);
    faulty.#server.listen(0, "127.0.0.1");
    await once(faulty.#server, "listening");
    return faulty;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #pass(answer: Relayed, response: ServerResponse): void {
    if (answer.status === 200) this.lastTable = answer;
    const made = this.spoil(answer);
    if (made !== answer) this.spoilt++;
    const { status, headers, body } = made === "cut" ? answer : made;
    response.writeHead(status, { ...headers, "content-length": String(body.length) });
    if (made === "cut") response.write(body.subarray(0, body.length >> 1), () => response.destroy());
    else response.end(body);
  }
}
