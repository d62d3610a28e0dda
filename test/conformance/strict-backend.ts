// A backend that reads HTTP/1.1 as strictly as the RFCs allow and keeps what it saw: requests, messages that no strict reader takes,
// bytes that were left over. What a lenient reader would make of a message does not interest it. Used by the http11 replay.

import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type Field = readonly [name: string, value: string];

export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly Field[];
  readonly body: string;
}

export type Seen =
  | { readonly kind: "complete"; readonly id: number; readonly connection: number; readonly request: SeenRequest }
  | {
      readonly kind: "malformed";
      readonly id: number;
      readonly connection: number;
      readonly what: string;
      /** True when the framing is at stake, not the syntax of a line alone. */
      readonly framing: boolean;
    }
  | {
      readonly kind: "incomplete" | "leftover";
      readonly id: number;
      readonly connection: number;
      readonly what: string;
    };

/** Why a message is refused. */
export class Refused {
  readonly what: string;
  readonly framing: boolean;
  constructor(what: string, framing = false) {
    this.what = what;
    this.framing = framing;
  }
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([\\x21-\\x7e]+) HTTP/(1\\.[01])$`);
const FIELD = new RegExp(`^(${TOKEN}):([\\t\\x20-\\x7e\\x80-\\xff]*)$`);
const QUOTED = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"';
const CHUNK = new RegExp(`^([0-9A-Fa-f]{1,15})(?:[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|${QUOTED}))?)*$`);
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::\d*)?$/;
const MAX_HEAD = 1 << 20;
/** How often it is looked whether more has come. */
const TURN_MS = 5;

/** All values of a field; `name` in lower case. */
export function fieldValues(fields: readonly Field[], name: string): string[] {
  return fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

function parseField(line: string): Field | null {
  const match = FIELD.exec(line);
  return match === null ? null : [match[1]!, match[2]!.replace(/^[ \t]+|[ \t]+$/g, "")];
}

function targetIsRight(method: string, target: string): boolean {
  if (target.includes("#")) return false;
  if (method === "CONNECT") return HOST.test(target);
  if (target === "*") return method === "OPTIONS";
  const absolute = /^https?:\/\/([^/?]*)/.exec(target);
  return absolute === null ? target.startsWith("/") : HOST.test(absolute[1]!);
}

interface Head {
  readonly request: Omit<SeenRequest, "body">;
  readonly framing: "none" | "length" | "chunked";
  readonly end: number;
}

/** A head at the begin of `text` (one character a byte); null: more is needed. */
export function readHead(text: string): Head | Refused | null {
  const end = text.indexOf("\r\n\r\n");
  const head = end < 0 ? text : text.slice(0, end + 4);
  if (/(?<!\r)\n/.test(head)) return new Refused("lone LF in the head");
  if (/\r(?=[^\n])/.test(head)) return new Refused("lone CR in the head");
  if (head.startsWith("\r\n")) return new Refused("empty line before the request");
  if (end < 0) return text.length > MAX_HEAD ? new Refused("head without end") : null;
  const [first, ...lines] = head.slice(0, -4).split("\r\n");
  const words = REQUEST_LINE.exec(first!);
  if (words === null) return new Refused(`request line ${JSON.stringify(first!.slice(0, 80))}`);
  const [, method, target, version] = words as unknown as [string, string, string, string];
  const fields: Field[] = [];
  for (const line of lines) {
    const field = parseField(line);
    if (field === null) return new Refused(`field line ${JSON.stringify(line.slice(0, 80))}`);
    fields.push(field);
  }
  if (!targetIsRight(method, target)) return new Refused(`target ${JSON.stringify(target.slice(0, 80))}`);
  const hosts = fieldValues(fields, "host");
  if (hosts.length > 1 || (hosts.length === 0 && version === "1.1")) return new Refused(`${hosts.length} Host lines`);
  if (hosts.length === 1 && !HOST.test(hosts[0]!)) return new Refused(`Host ${JSON.stringify(hosts[0]!.slice(0, 80))}`);
  const lengths = fieldValues(fields, "content-length");
  const codings = fieldValues(fields, "transfer-encoding");
  const request = { method, target, version, fields };
  if (lengths.length > 0 && codings.length > 0) return new Refused("Content-Length and Transfer-Encoding", true);
  if (codings.length > 0) {
    const one = codings.length === 1 && codings[0]!.toLowerCase() === "chunked" && version === "1.1";
    return one ? { request, framing: "chunked", end: end + 4 } : new Refused(`Transfer-Encoding ${codings}`, true);
  }
  if (lengths.length === 0) return { request, framing: "none", end: end + 4 };
  const one = lengths.length === 1 && /^[0-9]{1,15}$/.test(lengths[0]!);
  return one ? { request, framing: "length", end: end + 4 } : new Refused(`Content-Length ${lengths}`, true);
}

/** The body behind a head; null: more is needed. */
export function readBody(head: Head, text: string): { body: string; end: number } | Refused | null {
  if (head.framing === "none") return { body: "", end: head.end };
  if (head.framing === "length") {
    const end = head.end + Number(fieldValues(head.request.fields, "content-length")[0]);
    return text.length < end ? null : { body: text.slice(head.end, end), end };
  }
  let body = "";
  let at = head.end;
  let inTrailers = false;
  for (;;) {
    const lf = text.indexOf("\n", at);
    if (lf < 0) return null;
    const line = text.slice(at, lf - 1);
    if (lf === at || text[lf - 1] !== "\r" || line.includes("\r")) return new Refused("line end in the body", true);
    at = lf + 1;
    if (inTrailers) {
      if (line === "") return { body, end: at };
      if (parseField(line) === null) return new Refused(`trailer ${JSON.stringify(line.slice(0, 60))}`, true);
      continue;
    }
    const size = CHUNK.exec(line);
    if (size === null) return new Refused(`chunk size ${JSON.stringify(line.slice(0, 60))}`, true);
    const length = Number.parseInt(size[1]!, 16);
    if (length === 0) {
      inTrailers = true;
      continue;
    }
    if (text.length < at + length + 2) return null;
    body += text.slice(at, at + length);
    at += length;
    if (text.slice(at, at + 2) !== "\r\n") return new Refused("chunk without its CRLF", true);
    at += 2;
  }
}

interface Connection {
  readonly socket: Socket;
  readonly number: number;
  text: string;
  head: Head | null;
  ended: boolean;
}

export class StrictBackend {
  readonly #server: Server;
  readonly #open = new Set<Connection>();
  readonly #answer: (request: SeenRequest, id: number) => { text: string; keep: boolean };
  #seen: Seen[] = [];
  /** Grows with everything that comes. */
  #events = 0;
  #nextId = 1;
  #connections = 0;

  constructor(answer: (request: SeenRequest, id: number) => { text: string; keep: boolean }) {
    this.#answer = answer;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve((this.#server.address() as { port: number }).port));
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { socket } of this.#open) socket.destroy();
    await closed;
  }

  /** What was seen since the last call, once nothing more comes; what is unfinished then counts as such and is cut off. */
  async take(settleMs = 60, mostMs = 600): Promise<Seen[]> {
    // Time is counted in turns of the event loop: a process that stood still has not waited.
    let stillMs = 0;
    for (let waitedMs = 0; waitedMs < mostMs; waitedMs += TURN_MS) {
      const busy = [...this.#open].some((connection) => connection.text !== "" || connection.head !== null);
      if (stillMs >= (busy ? settleMs * 5 : settleMs)) break;
      const before = this.#events;
      await sleep(TURN_MS);
      stillMs = this.#events === before ? stillMs + TURN_MS : 0;
    }
    for (const connection of this.#open) {
      if (connection.text === "" && connection.head === null) continue;
      this.#leave(connection);
      connection.socket.destroy();
    }
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  #accept(socket: Socket): void {
    const connection: Connection = { socket, number: ++this.#connections, text: "", head: null, ended: false };
    this.#open.add(connection);
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      this.#events++;
      if (connection.ended) return;
      connection.text += chunk.toString("latin1");
      this.#read(connection);
    });
    socket.on("close", () => {
      this.#leave(connection);
      this.#open.delete(connection);
    });
  }

  /** Notes what is unfinished on a connection, once. */
  #leave(connection: Connection): void {
    const what = JSON.stringify(connection.text.slice(0, 80));
    if (connection.head !== null) this.#note(connection, { kind: "incomplete", what });
    else if (connection.text !== "" && !connection.ended) this.#note(connection, { kind: "leftover", what });
    connection.text = "";
    connection.head = null;
    connection.ended = true;
  }

  #note(
    { number }: Connection,
    entry:
      | { kind: "complete"; request: SeenRequest }
      | { kind: "malformed"; what: string; framing: boolean }
      | { kind: "incomplete" | "leftover"; what: string },
  ): number {
    this.#seen.push({ ...entry, id: this.#nextId, connection: number });
    return this.#nextId++;
  }

  #read(connection: Connection): void {
    while (connection.text !== "" && !connection.ended) {
      if (connection.head === null) {
        const head = readHead(connection.text);
        if (head === null) return;
        if (head instanceof Refused) {
          this.#refuse(connection, head);
          return;
        }
        connection.head = head;
        const expects = fieldValues(head.request.fields, "expect").some(
          (value) => value.toLowerCase() === "100-continue",
        );
        if (expects && head.request.version === "1.1") connection.socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      }
      const got = readBody(connection.head, connection.text);
      if (got === null) return;
      if (got instanceof Refused) {
        this.#refuse(connection, got);
        return;
      }
      const request = { ...connection.head.request, body: got.body };
      connection.text = connection.text.slice(got.end);
      connection.head = null;
      const { text, keep } = this.#answer(request, this.#note(connection, { kind: "complete", request }));
      connection.socket.write(text, "latin1");
      if (keep) continue;
      this.#leave(connection);
      connection.socket.end();
    }
  }

  #refuse(connection: Connection, why: Refused): void {
    this.#note(connection, { kind: "malformed", what: why.what, framing: why.framing });
    connection.text = "";
    connection.head = null;
    connection.ended = true;
    connection.socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }
}
