// The proxy that the matching vectors are replayed against: one process serves scenario after scenario by a change of its routes file,
// so that the replay also takes the routing table through some hundred updates. Called by matching-vectors.test.ts.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ProxyProcess } from "./proxy-process.ts";
import { freePort, type Message, SocketReader } from "./socket-reader.ts";

/** A byte string, one character a byte; also as texts with counts. */
export type Bytes = string | { readonly pieces: readonly (readonly [text: string, count: number])[] };

export interface MatchingRequest {
  readonly method?: string;
  readonly target: Bytes;
  readonly version?: string;
  readonly headers?: readonly (readonly [name: string, value: Bytes])[];
  readonly body?: Bytes;
  readonly source?: string;
  readonly preface?: Bytes;
  readonly signal_before?: NodeJS.Signals;
  readonly expect: {
    readonly status: number;
    readonly body?: Bytes;
    readonly params?: Readonly<Record<string, Bytes>>;
    readonly layer?: "http";
  };
}

export interface MatchingScenario {
  readonly id: string;
  readonly flags?: readonly string[];
  readonly routes: string;
  readonly document?: "rejected";
  readonly invalid: readonly string[];
  readonly requests: readonly MatchingRequest[];
}

const PATIENCE_MS = 20_000;
const SIGNAL_PAUSE_MS = 400;
const POLL_MS = 20;

/** A status that no scenario expects. */
const MARKER_STATUS = 298;

export class MatchingProxy {
  readonly #directory = mkdtempSync(join(tmpdir(), "matching-"));
  readonly #process: ProxyProcess;
  readonly #port: number;
  readonly #support: number;
  /** Stands before requests to the marker. */
  readonly #preface: string;
  #changes = 0;

  private constructor(flags: readonly string[], port: number, support: number) {
    this.#port = port;
    this.#support = support;
    this.#preface = flags.includes("-enable-proxy-protocol") ? "PROXY UNKNOWN\r\n" : "";
    this.#write("");
    this.#process = new ProxyProcess(
      [
        `-address=127.0.0.1:${port}`,
        `-support-listener=127.0.0.1:${support}`,
        "-access-log-disabled",
        "-workers=2",
        "-source-poll-timeout=20",
        `-routes-file=${join(this.#directory, "routes.eskip")}`,
        "-wait-first-route-load",
        ...flags,
      ],
      this.#directory,
    );
  }

  static async start(flags: readonly string[]): Promise<MatchingProxy> {
    const proxy = new MatchingProxy(flags, await freePort(), await freePort());
    // The port is open when the first worker listens, signals are heard when all do.
    await until("all workers listen", async () => {
      await proxy.#process.ready(proxy.#port);
      return proxy.#process.errors.includes("Listen on ");
    });
    return proxy;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    rmSync(this.#directory, { recursive: true });
  }

  #write(text: string): void {
    const file = join(this.#directory, "routes.eskip");
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }

  /** Puts the routes of a scenario in force; when they are refused as a whole, no routes at all. */
  async load({ routes, document }: MatchingScenario): Promise<void> {
    await this.#replace(document === "rejected" ? "" : routes);
    if (document !== "rejected") return;
    const before = this.#failures();
    this.#write(routes);
    await until("the document is refused", async () => this.#failures() > before);
  }

  #failures(): number {
    return this.#process.errors.split("error while receiving").length;
  }

  /** Writes the routes with one more, at a path of its own, and waits until that answers. */
  async #replace(routes: string): Promise<void> {
    const path = `/.marker/${++this.#changes}`;
    this.#write(
      `${routes.trimEnd().replace(/([^;])$/, "$1;")}\n_marker: Path("${path}") -> status(${MARKER_STATUS}) -> <shunt>;\n`,
    );
    const marker = { target: path, preface: this.#preface, expect: { status: MARKER_STATUS } };
    await until("the routes are in force", async () => Number((await this.#ask(marker))?.start[1]) === MARKER_STATUS);
  }

  /** The ids of the refused routes, sorted. */
  async invalid(): Promise<string[]> {
    const answer = await fetch(`http://127.0.0.1:${this.#support}/routes?invalid=true&limit=100000`, {
      headers: { accept: "application/json" },
    });
    const list = (await answer.json()) as { id?: string }[];
    return list.map(({ id = "" }) => id).sort();
  }

  /** Sends a request; what its answer has else than expected, "" when nothing. */
  async difference(request: MatchingRequest): Promise<string> {
    if (request.signal_before !== undefined) {
      this.#process.signal(request.signal_before);
      await until("the signal is heard", async () => this.#process.errors.includes("Got shutdown signal"));
      await sleep(SIGNAL_PAUSE_MS);
    }
    return differenceOf(request.expect, await this.#ask(request));
  }

  async #ask(request: MatchingRequest): Promise<Message | null> {
    const from = request.source === undefined ? {} : { localAddress: request.source };
    const socket = connect({ port: this.#port, host: "127.0.0.1", ...from });
    const reader = new SocketReader(socket);
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    try {
      socket.write(requestText(request), "latin1");
      return await reader.message(false, request.method === "HEAD");
    } finally {
      socket.destroy();
    }
  }
}

function bytesOf(text: Bytes): string {
  return typeof text === "string" ? text : text.pieces.map(([piece, count]) => piece.repeat(count)).join("");
}

function requestText(request: MatchingRequest): string {
  const { method = "GET", version = "HTTP/1.1", headers = [["Host", "example.org"]] } = request;
  let text = `${bytesOf(request.preface ?? "")}${method} ${bytesOf(request.target)} ${version}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${bytesOf(value)}\r\n`;
  if (!headers.some(([name]) => name.toLowerCase() === "connection")) text += "Connection: close\r\n";
  return `${text}\r\n${bytesOf(request.body ?? "")}`;
}

function differenceOf(expect: MatchingRequest["expect"], answer: Message | null): string {
  if (answer === null) return "no response";
  const status = Number(answer.start[1]);
  if (status !== expect.status) return `status ${status}, expected ${expect.status}`;
  if (expect.layer === "http") return "";
  const body = answer.body.toString("latin1");
  if (expect.body !== undefined && body !== bytesOf(expect.body)) return `body ${JSON.stringify(body)}`;
  const isParam = (name: string): boolean => name.startsWith("x-p-") || name === "x-route";
  const params = answer.fields
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .filter((_, i) => isParam(answer.fields[i]![0].toLowerCase()));
  const wanted = Object.entries(expect.params ?? {}).map(([name, value]) => `${name}: ${bytesOf(value)}`);
  return params.sort().join() === wanted.sort().join() ? "" : `parameters ${params.join()}, expected ${wanted.join()}`;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (const limit = Date.now() + PATIENCE_MS; !(await condition()); await sleep(POLL_MS)) {
    if (Date.now() > limit) throw new Error(`waited in vain: ${what}`);
  }
}
