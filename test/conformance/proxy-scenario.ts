// Runs one scenario of the proxy vectors: backends, the skipper command, the client steps, and what they showed (`runner` and
// `client` in the format key).

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { fillIn } from "./placeholders.ts";
import {
  type ClientEntry,
  clientDifference,
  difference,
  type Expectation,
  type Observation,
} from "./proxy-comparison.ts";
import { type BackendScript, RawBackend } from "./raw-backend.ts";
import { freePort } from "./socket-reader.ts";
import { readChunk, readResponse, readResponseHead, WireReader } from "./wire.ts";

interface ClientStep {
  readonly conn?: number;
  readonly to?: "support" | "debug" | "insecure";
  readonly send?: string;
  readonly recv?: "response" | "head" | "chunk" | "raw" | "tls" | "none";
  readonly method?: string;
  readonly n?: number;
  /** Seconds. */
  readonly timeout?: number;
  readonly wait_ms?: number;
  readonly shutdown?: boolean;
  readonly close?: boolean;
  readonly eof?: boolean;
  readonly tls?: {
    readonly sni?: string;
    readonly alpn?: string[];
    readonly max_version?: "1.2";
    readonly cert?: string;
  };
}

export interface Scenario {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly flags: readonly string[];
  readonly routes: string;
  readonly backends: Readonly<Record<string, BackendScript>>;
  readonly certs?: Readonly<Record<string, { readonly cn: string; readonly san: readonly string[] }>>;
  readonly client: readonly ClientStep[];
  readonly expect: Expectation;
  readonly unordered?: boolean;
  readonly may_refuse?: boolean;
}

const root = new URL("../../", import.meta.url).pathname;
const START_LIMIT_MS = 20_000;
/** How long backends and logs may lag behind the client. */
const SETTLE_MS = 10_000;
const WAIT_MS = 6000;

type Ports = Readonly<Record<"main" | "support" | "debug" | "insecure", number>>;

/** Runs the scenario; `accepted` gives further expectations that are right as well. "" or the first difference. */
export async function runScenario(given: Scenario, accepted: (e: Expectation) => Expectation[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "proxy-"));
  const ports: Ports = {
    main: await freePort(),
    support: await freePort(),
    debug: await freePort(),
    insecure: await freePort(),
  };
  const backendPorts: Record<string, number> = {};
  for (const name of ["B1", "B2", "B3", "B4"]) backendPorts[name] = await freePort();
  const scenario = fillIn(given, await placesOf(ports, backendPorts, folder));
  for (const [name, certificate] of Object.entries(scenario.certs ?? {})) writeCertificate(folder, name, certificate);
  const backends = Object.entries(scenario.backends).map(
    ([name, script]) => [name, new RawBackend(script, folder)] as const,
  );
  const proxy = new ProxyCommand(scenario, ports, folder);
  try {
    for (const [name, backend] of backends) await backend.listen(backendPorts[name]!);
    await proxy.ready(ports.main);
    const mark = proxy.stderr().length;
    const client = await runClient(scenario, ports, folder);
    const observe = (): Observation => ({
      client,
      backend: Object.fromEntries(backends.map(([name, backend]) => [name, backend.seen])),
      connections: Object.fromEntries(backends.map(([name, backend]) => [name, backend.accepted])),
      accessLog: linesOf(read(join(folder, "access.log"))),
      stderr: linesOf(proxy.stderr().slice(mark)),
      stdout: proxy.stdout(),
    });
    const expectations = [scenario.expect, ...accepted(scenario.expect)];
    const unordered = scenario.unordered === true;
    const addresses = Object.values(backendPorts).map((port) => `127.0.0.1:${port}`);
    const judge = (): string => {
      const seen = observe();
      if (scenario.may_refuse === true && isRefused(seen)) return "";
      const found = expectations.map((e) => difference(e, seen, unordered, addresses));
      return found.includes("") ? "" : found.join("; or: ");
    };
    const hopeful =
      scenario.may_refuse === true || expectations.some((e) => clientDifference(e, client, unordered) === "");
    const limit = performance.now() + (hopeful ? SETTLE_MS : 0);
    while (judge() !== "" && performance.now() < limit) await sleep(30);
    if (hopeful) await sleep(100); // For what should not come.
    return judge();
  } finally {
    await proxy.stop();
    await Promise.all(backends.map(([, backend]) => backend.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function placesOf(
  ports: Ports,
  backends: Readonly<Record<string, number>>,
  folder: string,
): Promise<Record<string, string>> {
  const host = (port: number) => `127.0.0.1:${port}`;
  const places: Record<string, string> = {
    DIR: folder,
    PROXY: host(ports.main),
    "PROXY.port": String(ports.main),
    SUPPORT: host(ports.support),
    DEBUG: host(ports.debug),
    INSECURE: host(ports.insecure),
    "INSECURE.port": String(ports.insecure),
    REFUSED: host(await freePort()),
    REFUSED2: host(await freePort()),
  };
  for (const [name, port] of Object.entries(backends)) {
    places[name] = host(port);
    places[`${name}.port`] = String(port);
  }
  return places;
}

class ProxyCommand {
  readonly #folder: string;
  readonly #child;

  constructor(scenario: Scenario, ports: Ports, folder: string) {
    this.#folder = folder;
    const outputs = ["stdout", "stderr"].map((name) => openSync(join(folder, name), "w"));
    const flags = [
      `-address=127.0.0.1:${ports.main}`,
      `-support-listener=127.0.0.1:${ports.support}`,
      `-inline-routes=${scenario.routes}`,
      "-wait-first-route-load",
      "-wait-for-healthcheck-interval=0s",
      `-access-log=${join(folder, "access.log")}`,
      "-workers=1",
      ...scenario.flags,
    ];
    const env = { ...process.env, TZ: "UTC" };
    this.#child = spawn(join(root, "bin/skipper"), flags, {
      cwd: folder,
      env,
      stdio: ["ignore", outputs[0]!, outputs[1]!],
    });
    for (const output of outputs) closeSync(output);
  }

  stdout(): string {
    return read(join(this.#folder, "stdout"));
  }

  stderr(): string {
    return read(join(this.#folder, "stderr"));
  }

  async ready(port: number): Promise<void> {
    const limit = performance.now() + START_LIMIT_MS;
    for (;;) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`the proxy ended: ${this.stderr().slice(-400)}`);
      const socket = await dial(port);
      if (socket !== null) {
        socket.destroy();
        return;
      }
      if (performance.now() > limit) throw new Error(`the proxy does not listen: ${this.stderr().slice(-400)}`);
      await sleep(30);
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

const certificates = new Map<string, readonly [certificate: string, key: string]>();

/** A self-signed certificate, made once for each description. */
function writeCertificate(
  folder: string,
  name: string,
  { cn, san }: { readonly cn: string; readonly san: readonly string[] },
): void {
  const key = JSON.stringify([cn, san]);
  const [certificatePath, keyPath] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const made = certificates.get(key);
  if (made === undefined) {
    const subject = ["-subj", `/CN=${cn}`, "-addext", `subjectAltName=${san.join(",")}`];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
    execFileSync("openssl", ["req", "-x509", ...kind, "-keyout", keyPath, "-out", certificatePath, ...subject], {
      stdio: "ignore",
    });
    certificates.set(key, [readFileSync(certificatePath, "utf8"), readFileSync(keyPath, "utf8")]);
    return;
  }
  writeFileSync(certificatePath, made[0]);
  writeFileSync(keyPath, made[1]);
}

/** A connected socket, null when nobody listens. */
function dial(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(null));
  });
}

/** Dials again while the connection is refused. */
async function dialFor(port: number, limitMs: number): Promise<Socket | null> {
  for (const limit = performance.now() + limitMs; ; ) {
    const socket = await dial(port);
    if (socket !== null || performance.now() >= limit) return socket;
    await sleep(30);
  }
}

async function runClient(scenario: Scenario, ports: Ports, folder: string): Promise<ClientEntry[]> {
  const wanted = scenario.expect.client;
  const connections = new Map<number, readonly [Socket, WireReader]>();
  const entries: ClientEntry[] = [];
  try {
    for (const step of scenario.client) {
      const number = step.conn ?? 0;
      if (step.wait_ms !== undefined) {
        await sleep(step.wait_ms);
        continue;
      }
      if (step.close === true) {
        connections.get(number)?.[0].destroy();
        connections.delete(number);
        continue;
      }
      if (!connections.has(number)) {
        const expectsRefusal = "connect" in (wanted[entries.length] ?? {});
        const plain = await dialFor(ports[step.to ?? "main"], expectsRefusal ? 200 : 3000);
        if (plain === null) {
          entries.push({ connect: "refused" });
          break;
        }
        const socket = step.tls === undefined ? plain : await handshake(plain, step.tls, folder);
        if (step.tls !== undefined) entries.push({ tls: socket === null ? "refused" : sessionOf(socket as TLSSocket) });
        if (socket === null) break;
        connections.set(number, [socket, new WireReader(socket, WAIT_MS)]);
      }
      const [socket, reader] = connections.get(number)!;
      if (step.send !== undefined && socket.writable) socket.write(step.send, "latin1");
      if (step.shutdown === true) socket.end();
      const expected = wanted[entries.length] ?? {};
      const patient = Math.max((step.timeout ?? 0) * 1000, WAIT_MS);
      reader.timeoutMs = expected.status === null && step.timeout !== undefined ? step.timeout * 1000 : patient;
      if (step.recv === "raw") entries.push({ raw: await reader.exactly(step.n!) });
      else if (step.recv === "head") entries.push({ ...(await readResponseHead(reader)) });
      else if (step.recv === "chunk") entries.push({ chunk: await readChunk(reader) });
      else if (step.recv === "response") entries.push({ ...(await readResponse(reader, step.method ?? "GET")) });
      if (step.eof === true) {
        const open = wanted[entries.length]?.connection === "open";
        reader.timeoutMs = open ? (step.timeout ?? 2) * 1000 : Math.max(patient, 8000);
        const extra = await reader.rest();
        entries.push({ connection: reader.eof ? "closed" : "open", extra });
      }
    }
  } finally {
    for (const [socket] of connections.values()) socket.destroy();
  }
  return entries;
}

function handshake(socket: Socket, tls: NonNullable<ClientStep["tls"]>, folder: string): Promise<TLSSocket | null> {
  const pem = (kind: string) => readFileSync(join(folder, `${tls.cert}.${kind}`));
  return new Promise((resolve) => {
    const secure = connectTls({
      socket,
      rejectUnauthorized: false,
      ...(tls.sni === undefined ? {} : { servername: tls.sni }),
      ...(tls.alpn === undefined ? {} : { ALPNProtocols: tls.alpn }),
      ...(tls.max_version === undefined ? {} : { maxVersion: "TLSv1.2" as const }),
      ...(tls.cert === undefined ? {} : { cert: pem("crt"), key: pem("key") }),
    });
    secure.once("secureConnect", () => resolve(secure));
    secure.once("error", () => resolve(null));
  });
}

function sessionOf(socket: TLSSocket): object {
  const { subject } = socket.getPeerCertificate();
  return { certificate_cn: subject.CN, version: socket.getProtocol(), alpn: socket.alpnProtocol || null };
}

/** An answer 400 with the connection closed, and no request at a backend. */
function isRefused(seen: Observation): boolean {
  const [first] = seen.client;
  if (first?.status !== 400 || Object.values(seen.backend).some((requests) => requests.length > 0)) return false;
  const fields = (first.headers ?? []) as [string, string][];
  const saysClose = fields.some(
    ([name, value]) => name.toLowerCase() === "connection" && value.toLowerCase() === "close",
  );
  return saysClose || first.framing === "close" || seen.client.some((entry) => entry.connection === "closed");
}
