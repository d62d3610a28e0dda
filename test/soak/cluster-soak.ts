// A soak with a cluster: bin/skipper's proxy on a stand-in for the API server, real traffic to endpoints that change fifty times a
// second, certificates that rotate, an API server that goes and comes back, endpoints that end after they left, workers that crash.

import { once } from "node:events";
import http from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import tls from "node:tls";
import { freePort } from "../conformance/socket-reader.ts";
import { KubernetesApi } from "../support/kubernetes-api.ts";
import type { Actor, Outcome } from "./actors.ts";
import { SoakCluster, secureHost } from "./cluster-objects.ts";
import { Ledger } from "./ledger.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { actLoop, type Event, eventLoop, memoryFaults, memoryOf, type SoakReport } from "./run-soak.ts";

const changesPerSecond = 50;
const addresses = Array.from({ length: 8 }, (_, i) => `127.0.0.${i + 1}`);
/** From a change to the answer that shows it, also when the API server has just come back. */
const seenLimitMs = 20_000;
/** An endpoint ends so long after it left the routes of the proxy: for the requests that were on their way to it. */
const leaveMs = 1000;
const crashEveryMs = 13_000;
const answerLimitMs = 10_000;

export async function runClusterSoak(seconds: number): Promise<SoakReport> {
  const ledger = new Ledger();
  const endpoints = await Endpoints.start();
  const api = await KubernetesApi.start();
  const cluster = new SoakCluster(api, addresses, endpoints.port);
  const plainPort = await freePort();
  const proxy = await ProxyProcess.start("", [
    "-kubernetes",
    "-kubernetes-enable-tls",
    `-kubernetes-url=${api.url}`,
    "-kubernetes-https-redirect=false",
    "-enable-kubernetes-endpointslices",
    "-source-poll-timeout=500",
    `-insecure-address=127.0.0.1:${plainPort}`,
    "-access-log-disabled",
    "-wait-first-route-load",
    "-workers=2",
  ]);
  const surroundings = new Surroundings(cluster, api, endpoints, proxy, plainPort, ledger);
  const actors = [
    requests("GET", 16, cluster, plainPort),
    requests("POST", 4, cluster, plainPort),
    handshakes(proxy.port),
  ];
  const filesBefore = proxy.openFiles;
  const samples: number[] = [];
  const isOver = new AbortController();
  const loops = [
    ...actors.flatMap((actor) =>
      Array.from({ length: actor.copies }, () => actLoop(actor, plainPort, ledger, isOver.signal)),
    ),
    ...surroundings.events().map((event) => eventLoop(event, isOver.signal)),
  ];
  try {
    for (let i = 0; i < seconds && proxy.isRunning; i++) {
      await delay(1000);
      samples.push(Math.round(proxy.memoryMb * 10) / 10);
    }
    isOver.abort();
    await Promise.all(loops);
    const memory = memoryOf(samples);
    const openFiles = { before: filesBefore, after: proxy.openFiles };
    const faults: string[] = memoryFaults(memory);
    if (!proxy.isRunning) faults.push(`the proxy ended:\n${proxy.log}`);
    if (ledger.failed > 0) faults.push(`${ledger.failed} failures without a cause`);
    for (const work of [...actors.map((actor) => actor.work), ...surroundings.works]) {
      if (!(work in ledger.counts)) faults.push(`nothing went right of: ${work}`);
    }
    const missed = seconds * changesPerSecond * 0.9 - (ledger.counts["endpoint change"] ?? 0);
    if (missed > 0) faults.push(`${Math.round(missed)} changes of endpoints too few`);
    return {
      seconds,
      done: ledger.counts,
      failed: ledger.failed,
      failures: ledger.failures,
      memory,
      openFiles,
      faults,
    };
  } finally {
    isOver.abort();
    await proxy.stop();
    await api.down();
    await endpoints.stop();
  }
}

/** What happens around the proxy. */
class Surroundings {
  readonly works = ["endpoint change", "route change", "certificate rotation", "API restart", "endpoint that ends"];
  readonly #cluster: SoakCluster;
  readonly #api: KubernetesApi;
  readonly #endpoints: Endpoints;
  readonly #proxy: ProxyProcess;
  readonly #plainPort: number;
  readonly #ledger: Ledger;
  #version = 0;
  #absences = 0;
  #churnSince = performance.now();
  #changes = 0;

  constructor(
    cluster: SoakCluster,
    api: KubernetesApi,
    endpoints: Endpoints,
    proxy: ProxyProcess,
    plainPort: number,
    ledger: Ledger,
  ) {
    this.#cluster = cluster;
    this.#api = api;
    this.#endpoints = endpoints;
    this.#proxy = proxy;
    this.#plainPort = plainPort;
    this.#ledger = ledger;
  }

  events(): readonly Event[] {
    return [
      { everyMs: 1000 / changesPerSecond, happen: () => this.#churn() },
      { everyMs: 1000, happen: () => this.#changeRoutes() },
      { everyMs: 4000, happen: () => this.#rotate() },
      { everyMs: 5000, happen: () => this.#restartApi() },
      { everyMs: 500, happen: () => this.#endEndpoint() },
      { everyMs: crashEveryMs, happen: () => this.#crash() },
    ];
  }

  /** As many as are due: a turn that comes late is made up for. */
  async #churn(): Promise<void> {
    const due = ((performance.now() - this.#churnSince) * changesPerSecond) / 1000;
    for (; this.#changes < due; this.#changes++) {
      this.#cluster.churn();
      this.#ledger.done("endpoint change");
    }
  }

  async #changeRoutes(): Promise<void> {
    const version = ++this.#version;
    this.#cluster.version(version);
    const odd = version % 2 === 0 ? "200" : "404";
    await this.#sees("route change", `${version} ${odd}`, async () => {
      const [first, second] = await Promise.all(["version.test", "odd.test"].map((host) => get(this.#plainPort, host)));
      return `${first!.body} ${second!.status}`;
    });
  }

  async #rotate(): Promise<void> {
    const day = this.#cluster.rotate();
    await this.#sees("certificate rotation", day, () => shakeHands(this.#proxy.port));
  }

  /** Waits until new connections show the change; one by one, so that sooner or later each worker is asked. */
  async #sees(work: string, wanted: string, show: () => Promise<string>): Promise<void> {
    const since = performance.now();
    let shown = "";
    while (performance.now() - since < seenLimitMs) {
      shown = await show().catch(String);
      if (shown === wanted) return this.#ledger.done(work);
      await delay(20);
    }
    this.#ledger.fail(
      work,
      `after ${seenLimitMs} ms still ${JSON.stringify(shown)}, not ${JSON.stringify(wanted)}`,
      since,
    );
  }

  /** Every second time it forgets what was before, so that the watches cannot go on where they ended. */
  async #restartApi(): Promise<void> {
    await delay(1000);
    this.#absences++;
    await this.#api.down();
    await delay(1000);
    if (this.#absences % 2 === 0) this.#api.store.compact();
    await this.#api.up();
    this.#ledger.done("API restart");
  }

  /** The address leaves all Services, ends as soon as no route leads to it, and comes back. */
  async #endEndpoint(): Promise<void> {
    const address = addresses[Math.floor(Math.random() * addresses.length)]!;
    this.#cluster.leave(address);
    if (await this.#hasLeft(address)) {
      await delay(leaveMs);
      await this.#endpoints.end(address);
      await delay(300);
      await this.#endpoints.begin(address);
      this.#ledger.done("endpoint that ends");
    }
    this.#cluster.enter(address);
  }

  /** Waits until the proxy has no route to the address any more; false when that takes too long, which is noted. */
  async #hasLeft(address: string): Promise<boolean> {
    const since = performance.now();
    const url = `http://127.0.0.1:${this.#proxy.supportPort}/routes?limit=100000`;
    while (performance.now() - since < seenLimitMs) {
      await delay(200);
      const routes = await fetch(url).then((response) => response.text(), String);
      if (routes.includes("http://127.0.0.") && !routes.includes(`http://${address}:`)) return true;
    }
    this.#ledger.fail("endpoint that ends", `after ${seenLimitMs} ms there are still routes to ${address}`, since);
    return false;
  }

  async #crash(): Promise<void> {
    // The first one comes after a pause, so that the memory of a run without crashes is known.
    await delay(crashEveryMs);
    this.#ledger.crash();
    this.#proxy.crashWorker();
    this.#ledger.done("worker crash");
  }
}

/** Servers at several addresses and one port, each of which can end and begin again. */
class Endpoints {
  readonly #servers = new Map<string, http.Server>();
  #port = 0;

  static async start(): Promise<Endpoints> {
    const endpoints = new Endpoints();
    for (const address of addresses) await endpoints.begin(address);
    return endpoints;
  }

  get port(): number {
    return this.#port;
  }

  async begin(address: string): Promise<void> {
    const server = http.createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
      if (request.method === "POST") request.pipe(response);
      else response.end(request.url);
      request.on("error", () => response.destroy());
    });
    if (this.#port === 0) this.#port = await freePort();
    server.listen(this.#port, address);
    await once(server, "listening");
    this.#servers.set(address, server);
  }

  /** As a process ends that nobody calls any more: its idle connections close. */
  async end(address: string): Promise<void> {
    const server = this.#servers.get(address)!;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async stop(): Promise<void> {
    for (const address of addresses) await this.end(address).catch(() => {});
  }
}

interface Got {
  readonly status: number;
  readonly body: string;
}

function get(port: number, host: string, path = "/", agent?: http.Agent, sent?: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: "127.0.0.1",
      port,
      path,
      agent: agent ?? false,
      method: sent === undefined ? "GET" : "POST",
      headers: { Host: host, ...(sent === undefined ? {} : { "Content-Length": Buffer.byteLength(sent) }) },
      timeout: answerLimitMs,
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", reject);
    request.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode!, body }));
    });
    request.end(sent);
  });
}

let serial = 0;

/** Asks one host after the other; the answer is the path or, of a POST, the body. */
function requests(method: "GET" | "POST", copies: number, { hosts }: SoakCluster, port: number): Actor {
  const agent = new http.Agent({ keepAlive: true, maxSockets: copies });
  const work = `${method} through the cluster`;
  return {
    work,
    copies,
    pauseMs: 10,
    act: (_, ledger) =>
      enter(work, ledger, async () => {
        const turn = ++serial;
        const host = hosts[turn % hosts.length]!;
        const text = method === "POST" ? `${turn} `.repeat(1 + ((turn * 31) % 4000)) : undefined;
        const { status, body } = await get(port, host, `/${turn}`, agent, text);
        return status === 200 && body === (text ?? `/${turn}`) ? "" : `${host}: status ${status}, ${body.length} bytes`;
      }),
  };
}

/** A connection of its own over TLS; any certificate of the host will do. */
function handshakes(port: number): Actor {
  const work = "request over TLS";
  return {
    work,
    copies: 2,
    pauseMs: 40,
    act: (_, ledger) =>
      enter(work, ledger, async () => ((await shakeHands(port)).startsWith("20") ? "" : "no certificate")),
  };
}

/** The day from which the certificate is valid, after an answer over it. */
function shakeHands(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: "127.0.0.1", servername: secureHost, rejectUnauthorized: false });
    socket.setTimeout(answerLimitMs, () => socket.destroy(new Error("no answer in time")));
    socket.on("error", reject);
    let day = "";
    let answer = "";
    socket.on("secureConnect", () => {
      day = new Date(socket.getPeerCertificate().valid_from).toISOString().slice(0, 10);
      socket.write(`GET /tls HTTP/1.1\r\nHost: ${secureHost}\r\nConnection: close\r\n\r\n`);
    });
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
    });
    socket.on("end", () => {
      if (answer.startsWith("HTTP/1.1 200 ") && answer.endsWith("/tls")) resolve(day);
      else reject(new Error(`over TLS: ${JSON.stringify(answer.slice(0, 100))}`));
    });
  });
}

async function enter(work: string, ledger: Outcome, piece: () => Promise<string>): Promise<void> {
  const wrong = await piece().catch((error: Error) => error.message);
  if (wrong === "") ledger.done(work);
  else ledger.fail(work, wrong);
}
