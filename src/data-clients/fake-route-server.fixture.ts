// A Route Server as far as a client can tell, for tests of the client: deltas, answers that wait, and what a test orders.

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { freePort } from "../../test/conformance/socket-reader.ts";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
/** A line of its text. */
export const route = (id: string, status = 200): string => `${id}: * -> status(${status}) -> <shunt>;`;

export class FakeServer {
  readonly requests: IncomingMessage[] = [];
  port = 0;
  text = "";
  versions = "";
  clients = "";
  /** Changes the delta on its way. */
  spoil: (delta: string) => string = (delta) => delta;
  /** The delta that makes the present text of one with this hash. */
  readonly deltas = new Map<string, string>();
  readonly #server: Server;
  #waiting: (() => void)[] = [];

  constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  async up(port?: number): Promise<void> {
    this.port = port ?? (await freePort());
    await new Promise<void>((resolve) => this.#server.listen(this.port, "127.0.0.1", resolve));
  }

  async down(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/routes`;
  }

  change(text: string, delta?: string): void {
    if (delta !== undefined) this.deltas.set(sha256(this.text), delta);
    this.text = text;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request);
    const { "if-none-match": tag = "", prefer } = request.headers;
    const has = (text: string) => tag.includes(sha256(text));
    const answer = (): void => this.#answer(request, tag, response);
    if (prefer !== undefined && has(this.text)) this.#waiting.push(answer);
    else answer();
  }

  #answer({ headers: asked }: IncomingMessage, tag: string, response: ServerResponse): void {
    const hash = sha256(this.text);
    const headers: Record<string, string> = { etag: `"${hash}"`, "routes-versions": this.versions };
    if (this.clients !== "") headers["routes-clients"] = this.clients;
    if (asked.prefer !== undefined) headers["preference-applied"] = "wait";
    const known = this.deltas.get(/[0-9a-f]{64}/.exec(tag)?.[0] ?? "");
    const delta = asked["a-im"] === undefined ? undefined : known;
    if (tag.includes(hash)) response.writeHead(304, headers).end();
    else if (delta !== undefined) response.writeHead(226, { ...headers, im: "eskip-delta" }).end(this.spoil(delta));
    else response.writeHead(200, headers).end(this.text);
  }
}
