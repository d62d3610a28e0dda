import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { FakeThread } from "../../test/support/fake-thread.ts";
import { readGzippedPprof } from "../../test/support/pprof-reader.ts";
import type { Logger } from "../observability/log.ts";
import type { ProfilingAnswer } from "../observability/profiling/thread-profiler.ts";
import { createSupportListener, listenSupport } from "./listener.ts";
import { createProfilingHandler, type ProfilingHandler } from "./profiling.ts";

const lines: string[] = [];
const line = (message: string): void => void lines.push(message);
const log: Logger = { debug: line, info: line, warn: line, error: line };
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
  assert.deepEqual(lines, []);
});

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

interface Served {
  readonly handler: ProfilingHandler;
  ask(path: string, method?: string): Promise<Reply>;
  /** A request whose client leaves when `leave` is called. */
  begin(path: string): { leave(): void };
}

async function serve(threads: readonly FakeThread[], heapIntervalBytes: number | null = 1024): Promise<Served> {
  const handler = createProfilingHandler({
    threads: () => threads,
    commandLine: ["bin/skipper", "-address=:9090"],
    heapIntervalBytes,
  });
  const server = createSupportListener([{ path: "/debug/pprof", handle: handler }], log);
  servers.push(server);
  assert.ok(await listenSupport(server, "127.0.0.1:0", log));
  const { port } = server.address() as AddressInfo;
  const open = (path: string, method = "GET") =>
    request({ port, host: "127.0.0.1", path: `/debug/pprof${path}`, method, agent: false });
  return {
    handler,
    async ask(path, method) {
      const [response] = (await once(open(path, method).end(), "response")) as [IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) };
    },
    begin(path) {
      const sent = open(path).on("error", () => {});
      sent.end();
      return { leave: () => void sent.destroy() };
    },
  };
}

const STACK: ProfilingAnswer = {
  type: "heap",
  profile: {
    head: {
      callFrame: { functionName: "(root)", url: "", lineNumber: -1, columnNumber: -1, scriptId: "0" },
      selfSize: 0,
      children: [
        {
          callFrame: { functionName: "fill", url: "file:///fill.ts", lineNumber: 1, columnNumber: 0, scriptId: "1" },
          selfSize: 4096,
          children: [],
        },
      ],
    },
  },
};
const RESOURCES: ProfilingAnswer = { type: "resources", counts: { Timeout: 2, TCPSocketWrap: 11 } };
const CANNOT: ProfilingAnswer = { type: "failed", problem: "worker-2 ended" };

const text = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
const file = { "content-type": "application/octet-stream", "x-content-type-options": "nosniff" };

const answers: [
  method: string,
  path: string,
  status: number,
  body: string | RegExp,
  headers: Record<string, string>,
][] = [
  ["GET", "", 200, /<a href="\/debug\/pprof\/profile">/, { "content-type": "text/html; charset=utf-8" }],
  ["GET", "/", 200, /Threads: main, worker-1\./, { "content-type": "text/html; charset=utf-8" }],
  ["GET", "/?debug=1", 200, /<title>\/debug\/pprof\/<\/title>/, {}],
  ["HEAD", "/", 200, "", { "content-type": "text/html; charset=utf-8" }],
  ["GET", "/cmdline", 200, "bin/skipper\0-address=:9090", text],
  ["GET", "/symbol", 200, "num_symbols: 1\n", text],
  ["POST", "/symbol", 200, "num_symbols: 1\n", text],
  ["GET", "/block", 404, "Unknown profile\n", text],
  ["GET", "/mutex?debug=1", 404, "Unknown profile\n", text],
  ["GET", "/threadcreate", 404, "Unknown profile\n", text],
  ["GET", "/profile/", 404, "Unknown profile\n", text],
  ["GET", "/toString", 404, "Unknown profile\n", text],
  ["POST", "/nothing", 404, "Unknown profile\n", text],
  ["GET", "/heap?seconds=0", 400, /^seconds: expected .*\n$/, text],
  ["HEAD", "/heap?seconds=0", 400, "", text],
  ["POST", "/profile?seconds=1", 405, "", { allow: "GET, HEAD" }],
  ["PUT", "/", 405, "", { allow: "GET, HEAD" }],
  ["DELETE", "/symbol", 405, "", { allow: "GET, HEAD, POST" }],
  ["HEAD", "/profile", 200, "", { ...file, "content-disposition": 'attachment; filename="profile.pb.gz"' }],
  [
    "HEAD",
    "/profile?format=cpuprofile",
    200,
    "",
    { ...file, "content-disposition": 'attachment; filename="worker-1.cpuprofile"' },
  ],
  ["HEAD", "/heap?debug=1", 200, "", text],
  ["HEAD", "/trace", 200, "", { ...file, "content-disposition": 'attachment; filename="trace.json"' }],
  [
    "HEAD",
    "/heapsnapshot?thread=main",
    200,
    "",
    { ...file, "content-disposition": 'attachment; filename="main.heapsnapshot"' },
  ],
];

for (const [method, path, status, body, headers] of answers) {
  test(`${method} ${path}: ${status}`, async () => {
    const threads = [new FakeThread("main"), new FakeThread("worker-1")];
    const served = await serve(threads);
    const reply = await served.ask(path, method);
    assert.equal(reply.status, status);
    if (typeof body === "string") assert.equal(reply.body.toString(), body);
    else assert.match(reply.body.toString(), body);
    for (const [name, value] of Object.entries(headers)) assert.equal(reply.headers[name], value, name);
    for (const { heard } of threads) assert.deepEqual(heard, [], "no profile is taken");
  });
}

test("a heap profile: as pprof, as text, and that of one thread for Chrome", async () => {
  const { ask } = await serve([new FakeThread("main", { stop: STACK }), new FakeThread("worker-2", { stop: CANNOT })]);
  const pprof = await ask("/heap?seconds=1");
  assert.equal(pprof.headers["content-disposition"], 'attachment; filename="heap.pb.gz"');
  const read = readGzippedPprof(pprof.body);
  assert.deepEqual(read.types, ["inuse_space/bytes"]);
  assert.equal(read.period, 1024);
  assert.ok(read.durationNs >= 0.99e9, String(read.durationNs));
  assert.deepEqual(read.samples, [{ stack: ["fill /fill.ts:2"], values: [4096], labels: { thread: "main" } }]);
  assert.deepEqual(read.comments, ["missing: worker-2 ended"]);

  const asText = await ask("/allocs?seconds=1&debug=1");
  assert.equal(asText.headers["content-type"], text["content-type"]);
  assert.equal(
    asText.body.toString(),
    "allocs, one sample for 1024 bytes: 4096 bytes in 1 stacks\nmissing: worker-2 ended\n\n4096 bytes, main\n    fill /fill.ts:2\n",
  );

  const chrome = await ask("/heap?seconds=1&format=heapprofile&thread=main");
  assert.equal(chrome.headers["content-disposition"], 'attachment; filename="main.heapprofile"');
  assert.deepEqual(JSON.parse(chrome.body.toString()), STACK.type === "heap" ? STACK.profile : null);
});

test("when no thread gives a profile: 503 with the reasons", async () => {
  const { ask } = await serve([
    new FakeThread("main"),
    new FakeThread("worker-2", { start: CANNOT, snapshot: CANNOT }),
  ]);
  for (const path of [
    "/profile?seconds=1&thread=worker-2",
    "/heap?seconds=1&thread=worker-2&format=heapprofile",
    "/heapsnapshot",
  ]) {
    const reply = await ask(path);
    assert.equal(reply.status, 503);
    assert.equal(reply.headers["content-disposition"], undefined);
    assert.equal(reply.headers["content-type"], text["content-type"]);
    assert.equal(reply.body.toString(), "worker-2 ended\n");
  }
});

test("switched off by -memory-profile-rate: no heap profiles, all others", async () => {
  const { ask } = await serve([new FakeThread("main", { resources: RESOURCES })], null);
  for (const name of ["heap", "allocs"]) {
    const reply = await ask(`/${name}`);
    assert.equal(reply.status, 404);
    assert.equal(reply.body.toString(), "switched off by -memory-profile-rate\n");
  }
  assert.equal((await ask("/goroutine")).status, 200);
});

test("active handles and requests: as text and as pprof, also while a profile is taken", async () => {
  const main = new FakeThread("main", { resources: RESOURCES });
  const { ask, begin } = await serve([main, new FakeThread("worker-2", { resources: CANNOT })]);
  const other = begin("/profile?seconds=600");
  await heardBy(main, "start");
  assert.equal(
    (await ask("/goroutine?debug=1")).body.toString(),
    "active handles and requests: 13\nmissing: worker-2 ended\n\nmain: 13\n  11 TCPSocketWrap\n  2 Timeout\n",
  );
  assert.deepEqual(readGzippedPprof((await ask("/goroutine")).body).samples, [
    { stack: ["Timeout :0"], values: [2], labels: { thread: "main" } },
    { stack: ["TCPSocketWrap :0"], values: [11], labels: { thread: "main" } },
  ]);
  other.leave();
});

test("one profile at a time: a second one gets 409, and its turn when the client of the first has left", async () => {
  const main = new FakeThread("main", { stop: STACK });
  const { ask, begin } = await serve([main]);
  const first = begin("/profile?seconds=600");
  await heardBy(main, "start");
  for (const path of ["/profile", "/heap", "/allocs", "/trace", "/heapsnapshot"]) {
    const reply = await ask(path);
    assert.equal(reply.status, 409, path);
    assert.equal(reply.body.toString(), "another profile is being taken\n");
    assert.equal(reply.headers["content-disposition"], undefined);
  }
  first.leave();
  await heardBy(main, "cancel");
  assert.equal((await ask("/heap?seconds=1")).status, 200);
});

test("the listener that closes breaks a profile off", async () => {
  const main = new FakeThread("main");
  const { begin, handler } = await serve([main]);
  begin("/profile?seconds=600");
  await heardBy(main, "start");
  handler.close();
  await heardBy(main, "cancel");
});

test("a heap snapshot is sent in its parts", async () => {
  const parts = ['{"snapshot":', "{}}"].map((part) => new TextEncoder().encode(part));
  const worker = new FakeThread("worker-2", { snapshot: { type: "snapshot", parts } });
  const { ask } = await serve([new FakeThread("main"), worker]);
  const reply = await ask("/heapsnapshot");
  assert.equal(reply.headers["content-length"], "15");
  assert.equal(reply.headers["content-disposition"], 'attachment; filename="worker-2.heapsnapshot"');
  assert.equal(reply.body.toString(), '{"snapshot":{}}');
});

async function heardBy(thread: FakeThread, order: string): Promise<void> {
  while (!thread.heardToDo.includes(order)) await turn();
}
