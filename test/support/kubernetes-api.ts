// A stand-in for a Kubernetes API server, for tests and benchmarks: discovery, lists in pages, watches with bookmarks, the status
// subresource, Events, tokens and permissions, over real sockets, with faults that a test can order.

import { once } from "node:events";
import http from "node:http";
import { gzipSync } from "node:zlib";
import { freePort } from "../conformance/socket-reader.ts";
import {
  Expired,
  KubernetesStore,
  RESOURCES,
  type Selection,
  type StoredEvent,
  type StoredObject,
} from "./kubernetes-store.ts";

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** "list", "watch", "get", "patch", "create" or "discovery". */
  readonly verb: string;
  /** Plural name, "" for discovery. */
  readonly resource: string;
}

/**
 * What happens in place of the answer: a status, a broken connection, no answer at all, half of it, text that is no JSON, or the
 * answer in small pieces.
 */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly message?: string }
  | "refuse"
  | "hang"
  | "half"
  | "garbage"
  | "slow"
  | "empty";

export interface ApiOptions {
  /** Answers may be packed. */
  readonly gzip?: boolean;
  /** The server knows no pages. */
  readonly ignoresPages?: boolean;
  /** Where it listens; any free port without it. */
  readonly port?: number;
}

interface Watch {
  readonly response: http.ServerResponse;
  readonly resource: string;
  readonly bookmarks: boolean;
  silent: boolean;
  end(): void;
}

const itemPath =
  /^\/(?:api\/v1|apis\/[^/]+\/v1)(?:\/namespaces\/([^/]+))?\/(ingresses|routegroups|services|endpoints|endpointslices|secrets|events)(?:\/([^/]+))?(\/status)?$/;

export class KubernetesApi {
  readonly store = new KubernetesStore();
  /** Every request that came, in order. */
  readonly requests: ApiRequest[] = [];
  /** Events that were created. */
  readonly events: StoredObject[] = [];
  /** The RouteGroup resource is installed; null: not even its group. */
  hasRouteGroups: boolean | null = true;
  /** Tokens that are accepted; null: no token is needed. */
  tokens: Set<string> | null = null;
  /** `verb resource`: answered with 403. */
  readonly forbidden = new Set<string>();
  /** Asked for each request; null: the real answer. */
  fault: (request: ApiRequest) => Fault | null = () => null;
  readonly #options: ApiOptions;
  readonly #watches = new Set<Watch>();
  readonly #waiting = new Set<() => void>();
  #server: http.Server | null = null;
  #port: number;

  constructor(options: ApiOptions = {}) {
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  static async start(options: ApiOptions = {}): Promise<KubernetesApi> {
    const api = new KubernetesApi(options);
    await api.up();
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, after `down` on the same port. */
  async up(): Promise<void> {
    this.#server = http.createServer((request, response) => this.#serve(request, response));
    if (this.#port === 0) this.#port = await freePort();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Refuses connections and breaks those that are open. */
  async down(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  put(...objects: readonly StoredObject[]): void {
    for (const object of objects) this.store.put(object);
  }

  /** Open watches of a resource, or of all. */
  watches(resource = ""): number {
    return this.#select(resource).length;
  }

  /** Sends every watch the current version. */
  bookmark(resource = ""): void {
    for (const watch of this.#select(resource)) if (watch.bookmarks) this.#say(watch, bookmark(this.store.version));
  }

  /** The watches get nothing any more, and nobody tells them. */
  silence(resource = ""): void {
    for (const watch of this.#select(resource)) watch.silent = true;
  }

  /** The server ends the watches in order. */
  endWatches(resource = ""): void {
    for (const watch of this.#select(resource)) watch.response.end();
  }

  /** The connections of the watches break. */
  breakWatches(resource = ""): void {
    for (const watch of this.#select(resource)) watch.response.destroy();
  }

  /** Sends bytes as they are. */
  say(text: string, resource = ""): void {
    for (const { response } of this.#select(resource)) if (!response.writableEnded) response.write(text);
  }

  /** Resolves when `condition` holds after some request; rejects after twenty seconds. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const last = this.requests.slice(-5).map((request) => `${request.verb} ${request.path}`);
        reject(new Error(`condition not met; last requests: ${last.join(", ")}`));
      }, 20_000);
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  count(verb: string, resource: string): number {
    return this.requests.filter((request) => request.verb === verb && request.resource === resource).length;
  }

  #select(resource: string): Watch[] {
    return [...this.#watches].filter((watch) => resource === "" || watch.resource === resource);
  }

  #serve(message: http.IncomingMessage, response: http.ServerResponse): void {
    const request = readRequest(message);
    this.requests.push(request);
    const fault = this.fault(request) ?? this.#refusal(message, request);
    const isPacked = this.#options.gzip === true && message.headers["accept-encoding"] === "gzip";
    const reply = new Reply(response, fault, isPacked);
    const looked = (): void => {
      for (const look of this.#waiting) look();
    };
    response.on("close", looked);
    if (fault === "refuse") message.socket.destroy();
    else if (fault === "hang") looked();
    else if (typeof fault === "object" && fault !== null) reply.status(fault.status, fault.headers, fault.message);
    else if (request.verb === "watch") {
      this.#watch(request, reply);
      looked();
    } else if (message.method === "GET") this.#read(request, reply);
    else void this.#change(message, request, reply);
  }

  #refusal(message: http.IncomingMessage, request: ApiRequest): Fault | null {
    const token = (message.headers.authorization ?? "").replace("Bearer ", "");
    if (this.tokens !== null && !this.tokens.has(token)) return { status: 401 };
    return this.forbidden.has(`${request.verb} ${request.resource}`) ? { status: 403 } : null;
  }

  #read({ path, query, verb }: ApiRequest, reply: Reply): void {
    if (verb === "discovery") {
      if (this.hasRouteGroups === null) reply.status(404);
      else reply.json({ resources: this.hasRouteGroups ? [{ name: "routegroups" }] : [] });
      return;
    }
    const found = itemPath.exec(path);
    const selection = found === null ? null : selectionOf(found, query);
    if (found === null || selection === null || this.#isMissing(selection.resource)) reply.status(404);
    else if (found[3] !== undefined) {
      const object = this.store.get(selection.resource, selection.namespace, found[3]);
      if (object === undefined) reply.status(404);
      else reply.json(object);
    } else this.#list(selection, query, reply);
  }

  #list(selection: Selection, query: URLSearchParams, reply: Reply): void {
    const limit = this.#options.ignoresPages === true ? 0 : Number(query.get("limit") ?? "0");
    try {
      const { version, items, next } = this.store.list(selection, limit, query.get("continue") ?? "");
      const metadata = { resourceVersion: String(version), ...(next === "" ? {} : { continue: next }) };
      reply.json({ kind: "List", metadata, items: reply.fault === "empty" ? [] : items });
    } catch (error) {
      if (!(error instanceof Expired)) throw error;
      reply.status(410);
    }
  }

  #isMissing(resource: string): boolean {
    return resource === "routegroups" && this.hasRouteGroups !== true;
  }

  #watch({ path, query }: ApiRequest, reply: Reply): void {
    const selection = selectionOf(itemPath.exec(path)!, query);
    const { response } = reply;
    if (this.#isMissing(selection.resource)) {
      reply.status(404);
      return;
    }
    const watch: Watch = {
      response,
      resource: selection.resource,
      bookmarks: query.get("allowWatchBookmarks") === "true",
      silent: false,
      end: () => {},
    };
    const take = (event: StoredEvent): void => this.#tell(watch, event);
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    try {
      watch.end = this.store.watch(selection, Number(query.get("resourceVersion")), take);
    } catch (error) {
      if (!(error instanceof Expired)) throw error;
      this.#say(watch, { type: "ERROR", object: { kind: "Status", code: 410, message: error.message } });
      response.end();
      return;
    }
    if (reply.fault === "garbage") response.write("<html>\n");
    else if (reply.fault === "half") response.end('{"type":');
    this.#watches.add(watch);
    const seconds = Number(query.get("timeoutSeconds") ?? "0");
    const timer = setTimeout(() => response.end(), (seconds > 0 ? seconds : 1800) * 1000).unref();
    response.on("close", () => {
      clearTimeout(timer);
      watch.end();
      this.#watches.delete(watch);
    });
  }

  #tell(watch: Watch, { type, object, line }: StoredEvent): void {
    if (line === undefined) this.#say(watch, { type, object });
    else this.#write(watch, line);
  }

  #say(watch: Watch, event: object): void {
    this.#write(watch, `${JSON.stringify(event)}\n`);
  }

  #write({ silent, response }: Watch, line: string): void {
    if (!silent && !response.writableEnded) response.write(line);
  }

  async #change(message: http.IncomingMessage, { path, verb }: ApiRequest, reply: Reply): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as StoredObject;
    const [, namespace = "", resource = "", name = ""] = itemPath.exec(path) ?? [];
    if (verb === "create" && resource === "events") {
      if (this.events.some(({ metadata }) => metadata.name === body.metadata.name)) reply.status(409);
      else {
        this.events.push(body);
        reply.json(body, 201);
      }
      return;
    }
    const object = this.store.get(resource, namespace, name);
    if (verb !== "patch" || object === undefined) {
      reply.status(404);
      return;
    }
    const status = { ...(object.status as object), ...(body.status as object) };
    if (JSON.stringify(status) !== JSON.stringify(object.status)) this.store.put({ ...object, status });
    reply.json(object);
  }
}

function readRequest(message: http.IncomingMessage): ApiRequest {
  const url = new URL(message.url!, "http://api");
  const found = itemPath.exec(url.pathname);
  const method = message.method!;
  const verbs: Record<string, string> = { PATCH: "patch", POST: "create" };
  let verb = verbs[method] ?? (found?.[3] === undefined ? "list" : "get");
  if (found === null) verb = "discovery";
  else if (url.searchParams.get("watch") === "true") verb = "watch";
  return { method, path: url.pathname, query: url.searchParams, verb, resource: found?.[2] ?? "" };
}

function selectionOf(found: RegExpExecArray, query: URLSearchParams): Selection {
  const labels: Record<string, string> = {};
  for (const pair of (query.get("labelSelector") ?? "").split(",")) {
    const [key = "", value = ""] = pair.split("=");
    if (key !== "") labels[key] = value;
  }
  return { resource: found[2]!, namespace: found[1] ?? "", labels };
}

function bookmark(version: number): object {
  return { type: "BOOKMARK", object: { metadata: { resourceVersion: String(version) } } };
}

/** One answer, with what a fault makes of it. */
class Reply {
  readonly response: http.ServerResponse;
  readonly fault: Fault | null;
  readonly #isPacked: boolean;

  constructor(response: http.ServerResponse, fault: Fault | null, isPacked: boolean) {
    this.response = response;
    this.fault = fault;
    this.#isPacked = isPacked;
  }

  status(code: number, headers: Readonly<Record<string, string>> = {}, message = ""): void {
    this.response.writeHead(code, headers).end(JSON.stringify({ kind: "Status", code, message }));
  }

  json(value: unknown, code = 200): void {
    const { response, fault } = this;
    const text = fault === "garbage" ? "<html>" : JSON.stringify(value);
    const bytes = this.#isPacked ? gzipSync(text) : Buffer.from(text);
    response.writeHead(code, {
      "content-type": "application/json",
      "content-length": bytes.length,
      ...(this.#isPacked ? { "content-encoding": "gzip" } : {}),
    });
    if (fault === "half") {
      response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    } else if (fault === "slow") {
      void sendSlowly(response, bytes);
    } else response.end(bytes);
  }
}

async function sendSlowly(response: http.ServerResponse, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += 64) {
    response.write(bytes.subarray(at, at + 64));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  response.end();
}

/** The plural name of a kind in paths. */
export function resourceOf(kind: string): string {
  return RESOURCES[kind]!;
}
