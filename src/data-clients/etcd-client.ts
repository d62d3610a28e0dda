// The part of etcd's v2 key API that routes need (spec route-sources 5): list, watch, put, delete. Used by the etcd data client of
// the proxy and by the eskip command. Nodes are tried in order and the one that answered comes first from then on.

import type { ClientRequest } from "node:http";
import { checkUrl } from "../eskip/url.ts";
import { http, https } from "../util/lazy-builtin.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";

export interface EtcdSettings {
  /** Base URLs of the nodes, e.g. `http://127.0.0.1:2379`. */
  readonly urls: readonly string[];
  /** Path in front of `/routes`; a missing leading slash is added. */
  readonly prefix: string;
  /** Limit of each request in milliseconds, also how long a watch waits. */
  readonly timeoutMs: number;
  /** Does not verify TLS certificates. */
  readonly insecure: boolean;
  /** Bearer token; "" for none. */
  readonly oauthToken: string;
  /** Basic authentication, only when both are set and there is no token. */
  readonly username: string;
  readonly password: string;
}

/** One stored route: the key's last segment and the text of the value. */
export interface EtcdEntry {
  readonly id: string;
  readonly expression: string;
}

/** A change of one key; `entry` is null for directories, which only move the index. */
export interface EtcdEvent {
  readonly index: number;
  readonly deleted: boolean;
  readonly entry: EtcdEntry | null;
}

/** A request that failed, or an answer that cannot be understood; `message` is the text for logs and the command line. */
export class EtcdError extends Error {
  readonly timedOut: boolean;
  constructor(message: string, timedOut = false) {
    super(message);
    this.timedOut = timedOut;
  }
}

interface Answer {
  readonly status: number;
  /** The header `X-Etcd-Index`, "" when missing. */
  readonly etcdIndex: string;
  readonly body: string;
}

interface Node {
  readonly key: string;
  readonly value: string;
  readonly dir: boolean;
  readonly modifiedIndex: number;
  readonly nodes: readonly Node[];
}

/** Larger answers are refused: 800,000 routes are about a third of this. */
const MAX_BODY_BYTES = 1 << 29;

/** What is wrong with a list of node URLs, "" when nothing is. */
export function checkEtcdUrls(urls: readonly string[]): string {
  for (const url of urls) {
    const fault = checkUrl(url);
    if (fault !== "") return fault;
  }
  return "";
}

export class EtcdClient {
  readonly #settings: EtcdSettings;
  readonly #path: string;
  readonly #running = new Set<ClientRequest>();
  #urls: readonly string[];

  constructor(settings: EtcdSettings) {
    this.#settings = settings;
    this.#urls = settings.urls.map((url) => url.replace(/\/+$/, ""));
    this.#path = `/v2/keys${settings.prefix.startsWith("/") ? "" : "/"}${settings.prefix}/routes`;
  }

  /** All routes below the prefix and the index to watch from. No directory means no routes. */
  async list(): Promise<{ entries: EtcdEntry[]; index: number }> {
    const answer = await this.#request("GET", "", "");
    const headerIndex = Number(answer.etcdIndex);
    if (answer.status === 404) return { entries: [], index: Number.isSafeInteger(headerIndex) ? headerIndex : 0 };
    const { node } = readDocument(answer);
    if (!/^\d+$/.test(answer.etcdIndex))
      throw new EtcdError(`invalid X-Etcd-Index: ${JSON.stringify(answer.etcdIndex)}`);
    if (!node.dir) throw new EtcdError("invalid node");
    const entries: EtcdEntry[] = [];
    let index = headerIndex;
    for (const child of node.nodes) {
      index = Math.max(index, child.modifiedIndex);
      if (!child.dir) entries.push(entryOf(child));
    }
    return { entries, index };
  }

  /** The first change after `index`, null when there is none within the timeout. */
  async watch(index: number): Promise<EtcdEvent | null> {
    let answer: Answer;
    try {
      answer = await this.#request("GET", `?wait=true&waitIndex=${index + 1}&recursive=true`, "");
    } catch (error) {
      if (error instanceof EtcdError && error.timedOut) return null;
      throw error;
    }
    if (answer.status === 404) throw new EtcdError("not found");
    const { action, node } = readDocument(answer);
    const deleted = action === "delete" || action === "expire";
    return { index: node.modifiedIndex, deleted, entry: node.dir ? null : entryOf(node) };
  }

  async put(id: string, expression: string): Promise<void> {
    const answer = await this.#request("PUT", keyPath(id), `value=${encodeURIComponent(expression)}`);
    if (answer.status === 404) throw new EtcdError("not found");
    requireSuccess(answer);
  }

  /** Deleting what does not exist is a success. */
  async delete(id: string): Promise<void> {
    const answer = await this.#request("DELETE", keyPath(id), "");
    if (answer.status !== 404) requireSuccess(answer);
  }

  /** Breaks off what is under way. */
  close(): void {
    for (const request of this.#running) request.destroy();
  }

  async #request(method: string, path: string, body: string): Promise<Answer> {
    const failures: string[] = [];
    for (let i = 0; i < this.#urls.length; i++) {
      const url = this.#urls[i]!;
      try {
        const answer = await this.#send(method, url + this.#path + path, body);
        if (i > 0) this.#urls = [...this.#urls.slice(i), ...this.#urls.slice(0, i)];
        return answer;
      } catch (error) {
        if (error instanceof EtcdError && error.timedOut) throw error;
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    throw new EtcdError(["request to one or more endpoints failed", ...failures].join(";"));
  }

  #send(method: string, url: string, body: string): Promise<Answer> {
    const { insecure, timeoutMs } = this.#settings;
    return new Promise((resolve, reject) => {
      const options = { method, headers: this.#headers(body), rejectUnauthorized: !insecure, agent: false as const };
      const request = url.startsWith("https:") ? https().request(url, options) : http().request(url, options);
      this.#running.add(request);
      const timer = setTimeout(
        () => {
          request.destroy(new EtcdError(`${method} ${url}: request timed out after ${timeoutMs} ms`, true));
        },
        Math.min(timeoutMs, LONGEST_TIMER_MS),
      );
      request.on("error", reject);
      request.on("close", () => {
        clearTimeout(timer);
        this.#running.delete(request);
        reject(new EtcdError(`${method} ${url}: connection closed`));
      });
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > MAX_BODY_BYTES) request.destroy(new EtcdError(`${method} ${url}: response too large`));
          else chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () => {
          const header = response.headers["x-etcd-index"];
          resolve({
            status: response.statusCode ?? 0,
            etcdIndex: typeof header === "string" ? header : "",
            body: Buffer.concat(chunks).toString(),
          });
        });
      });
      request.end(body);
    });
  }

  #headers(body: string): Record<string, string> {
    const { oauthToken, username, password } = this.#settings;
    const headers: Record<string, string> = {
      "Content-Type": "application/x-www-form-urlencoded",
      "Content-Length": String(Buffer.byteLength(body)),
    };
    if (oauthToken !== "") headers.Authorization = `Bearer ${oauthToken}`;
    else if (username !== "" && password !== "") {
      headers.Authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    }
    return headers;
  }
}

function keyPath(id: string): string {
  if (id === "") throw new EtcdError("missing route id");
  return `/${encodeURIComponent(id)}`;
}

function requireSuccess(answer: Answer): void {
  if (answer.status < 200 || answer.status > 299) throw new EtcdError("unexpected http response");
}

function readDocument(answer: Answer): { action: string; node: Node } {
  requireSuccess(answer);
  let value: unknown;
  try {
    value = JSON.parse(answer.body);
  } catch {
    throw new EtcdError("invalid response document");
  }
  const node = field(value, "node");
  const read = readNode(node);
  if (read.key === "") throw new EtcdError("invalid response document");
  const action = field(value, "action");
  return { action: typeof action === "string" ? action : "", node: read };
}

function readNode(value: unknown): Node {
  const key = field(value, "key");
  const text = field(value, "value");
  const index = field(value, "modifiedIndex");
  const nodes = field(value, "nodes");
  return {
    key: typeof key === "string" ? key : "",
    value: typeof text === "string" ? text : "",
    dir: field(value, "dir") === true,
    modifiedIndex: typeof index === "number" ? index : 0,
    nodes: Array.isArray(nodes) ? nodes.map(readNode) : [],
  };
}

/** A field by its name in any letter case. */
function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  if (name in value) return (value as Record<string, unknown>)[name];
  const lower = name.toLowerCase();
  for (const [key, item] of Object.entries(value)) if (key.toLowerCase() === lower) return item;
  return undefined;
}

function entryOf(node: Node): EtcdEntry {
  return { id: node.key.slice(node.key.lastIndexOf("/") + 1), expression: node.value };
}
