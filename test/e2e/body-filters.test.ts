// Filters that change bodies, over real sockets: framing for each kind of client and answer, bodies that break, and curl as a reader.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import type { IncomingMessage } from "node:http";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { dial, type Message, SocketReader, valuesOf } from "../conformance/socket-reader.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

const TEXT = "hello hello hello\n".repeat(40);
/** Longer than what a blocker may hold back here. */
const LONG_TEXT = "a text that is longer than the limit";

interface Seen {
  readonly path: string;
  readonly framing: string;
  readonly body: string;
  readonly complete: boolean;
}

let backend: Backend;
let proxy: RunningProxy;
const seen: Seen[] = [];

async function bodyOf(incoming: IncomingMessage): Promise<{ body: string; complete: boolean }> {
  let body = "";
  try {
    for await (const piece of incoming.setEncoding("latin1")) body += piece;
  } catch {
    // It broke off, which `complete` says.
  }
  return { body, complete: incoming.complete };
}

before(async () => {
  backend = await startBackend(async (incoming, response) => {
    const { "transfer-encoding": coding, "content-length": length } = incoming.headers;
    const framing = coding ?? (length === undefined ? "none" : "length");
    seen.push({ path: incoming.url!, framing, ...(await bodyOf(incoming)) });
    const [, kind] = incoming.url!.split("/");
    const code = Number(kind) || 200;
    if (kind === "corrupt") {
      response.writeHead(200, { "Content-Encoding": "gzip" }).end(zlib.gzipSync(TEXT).subarray(0, -1));
    } else if (kind === "trailers") {
      response.writeHead(200, { "Content-Type": "text/plain", Trailer: "X-End" });
      response.write(TEXT);
      response.addTrailers({ "X-End": "1" });
      response.end();
    } else {
      response.writeHead(code, {
        "Content-Type": "text/plain",
        ...(code === 200 ? { "Content-Length": TEXT.length } : {}),
      });
      response.end(code === 200 || code >= 400 ? TEXT : undefined);
    }
  });
  const to = `"http://127.0.0.1:${backend.port}"`;
  proxy = await RunningProxy.start(
    `sed: Header("X-Filter", "sed") -> sed("hello", "bye") -> ${to};
     abort: Header("X-Filter", "abort") -> sed("[a-z ]+x", "y", 10, "abort") -> ${to};
     sedRequest: Header("X-Filter", "sedRequest") -> sedRequest("hello", "bye") -> ${to};
     abortRequest: Header("X-Filter", "abortRequest") -> sedRequest("[a-z ]+x", "y", 10, "abort") -> ${to};
     compress: Header("X-Filter", "compress") -> compress() -> ${to};
     decompress: Header("X-Filter", "decompress") -> decompress() -> ${to};
     around: Header("X-Filter", "around") -> wrapContent("<", ">") -> compress() -> sed("hello", "bye") -> decompress() -> ${to};
     outer: Header("X-Filter", "loop") -> compress() -> setRequestHeader("X-Filter", "sed") -> <loopback>;
     served: Header("X-Filter", "served") -> compress() -> sed("a", "b") -> inlineContent("aaa", "text/plain") -> sed("b", "c") -> <shunt>;
     block: Header("X-Filter", "block") -> blockContent("${LONG_TEXT}") -> ${to};
     blockServed: Header("X-Filter", "blockServed") -> blockContent("a") -> inlineContent("fine") -> ${to};
     blockShunt: Header("X-Filter", "blockShunt") -> blockContent("a") -> status(204) -> <shunt>;
     blockOuter: Header("X-Filter", "blockOuter") -> blockContent("evil") -> setRequestHeader("X-Filter", "sedRequest") -> <loopback>;`,
    "-workers=1",
    "-max-matcher-buffer-size=8",
  );
});

after(async () => {
  await proxy.stop();
  await backend.close();
});

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  readonly headers?: string;
  readonly chunks?: readonly string[];
  readonly trailer?: string;
}

/** One request on a connection of its own. */
async function ask(
  filter: string,
  { method = "GET", path = "/", version = "1.1", headers = "", chunks, trailer = "" }: Ask,
): Promise<Message> {
  const socket = await dial(proxy.port);
  const reader = new SocketReader(socket);
  const framing = chunks === undefined ? "" : "Transfer-Encoding: chunked\r\n";
  socket.write(
    `${method} ${path} HTTP/${version}\r\nHost: a.example\r\nX-Filter: ${filter}\r\n${headers}${framing}\r\n`,
  );
  for (const chunk of chunks ?? []) socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  if (chunks !== undefined) socket.write(`0\r\n${trailer}\r\n`);
  const message = await reader.message(false, method === "HEAD" || path === "/204" || path === "/304");
  socket.destroy();
  assert.ok(message !== null, "an answer");
  return message;
}

const bye = TEXT.replaceAll("hello", "bye");
const acceptGzip = "Accept-Encoding: gzip\r\n";

describe("answers", () => {
  test("chunked to HTTP/1.1, to the end of the connection for HTTP/1.0", async () => {
    const one = await ask("sed", {});
    assert.deepEqual([one.framing, one.complete, one.body.toString()], ["chunked", true, bye]);
    const old = await ask("sed", { version: "1.0" });
    assert.deepEqual([old.framing, old.body.toString()], ["close", bye]);
    const zipped = await ask("compress", { version: "1.0", headers: acceptGzip });
    assert.deepEqual([zipped.framing, zlib.gunzipSync(zipped.body).toString()], ["close", TEXT]);
  });

  test("HEAD and 204 and 304 stay without a body", async () => {
    for (const filter of ["sed", "compress", "around"]) {
      for (const given of [{ method: "HEAD" }, { path: "/204" }, { path: "/304" }]) {
        const message = await ask(filter, { ...given, headers: acceptGzip });
        assert.equal(message.body.length, 0);
        assert.deepEqual(valuesOf(message.fields, "content-length"), [], `${filter} ${JSON.stringify(given)}`);
      }
    }
    const head = await ask("compress", { method: "HEAD", headers: acceptGzip });
    assert.deepEqual(valuesOf(head.fields, "content-encoding"), ["gzip"]);
    assert.deepEqual(valuesOf(head.fields, "vary"), ["Accept-Encoding"]);
  });

  test("an error of the backend is changed, one of the proxy is not", async () => {
    const failed = await ask("compress", { path: "/500", headers: acceptGzip });
    assert.deepEqual([failed.start[1], zlib.gunzipSync(failed.body).toString()], ["500", TEXT]);
    const none = await ask("no such filter", { headers: acceptGzip });
    assert.deepEqual([none.start[1], valuesOf(none.fields, "content-encoding")], ["404", []]);
  });

  test("several in one chain, around a loopback, and around a served answer", async () => {
    const around = await ask("around", { headers: acceptGzip });
    // wrapContent stands left of compress: its texts lie around the encoded bytes.
    assert.equal(zlib.gunzipSync(around.body.subarray(1, -1)).toString(), bye);
    assert.deepEqual([around.body[0], around.body.at(-1)], [60, 62]);
    const loop = await ask("loop", { headers: acceptGzip });
    assert.equal(zlib.gunzipSync(loop.body).toString(), bye);
    const served = await ask("served", { headers: acceptGzip });
    assert.equal(zlib.gunzipSync(served.body).toString(), "bbb");
  });

  test("trailers of the backend do not come into the body", async () => {
    const message = await ask("sed", { path: "/trailers" });
    assert.deepEqual([message.complete, message.body.toString()], [true, bye]);
  });

  test("a body that cannot be decoded or edited breaks off", async () => {
    for (const [filter, path] of [
      ["decompress", "/corrupt"],
      ["around", "/corrupt"],
      ["abort", "/"],
    ] as const) {
      const message = await ask(filter, { path, headers: "Accept-Encoding: identity\r\n" });
      assert.deepEqual([message.start[1], message.complete], ["200", false], filter);
    }
  });
});

describe("requests", () => {
  test("chunked to the backend, whatever came", async () => {
    const headers = "Content-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello";
    const socket = await dial(proxy.port);
    const reader = new SocketReader(socket);
    seen.length = 0;
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nX-Filter: sedRequest\r\n${headers}`);
    await reader.message(false, false);
    // The connection goes on.
    socket.write("GET /again HTTP/1.1\r\nHost: a\r\nX-Filter: sedRequest\r\n\r\n");
    await reader.message(false, false);
    socket.destroy();
    assert.deepEqual(seen, [
      { path: "/", framing: "chunked", body: "bye", complete: true },
      { path: "/again", framing: "none", body: "", complete: true },
    ]);
  });

  test("a match over two chunks, and a trailer behind them", async () => {
    seen.length = 0;
    await ask("sedRequest", { method: "POST", chunks: ["a hel", "lo"], trailer: "X-End: 1\r\n" });
    assert.deepEqual(
      seen.map(({ body, complete }) => [body, complete]),
      [["a bye", true]],
    );
  });

  test("more than may be kept ends the request, and the backend does not take it for whole", async () => {
    seen.length = 0;
    const message = await ask("abortRequest", { method: "POST", chunks: ["no such letter in ".repeat(10)] });
    assert.match(message.start[1]!, /^5/);
    await until("the backend sees the end", () => seen.length > 0);
    assert.equal(seen[0]!.complete, false);
  });
});

describe("blocked bodies", () => {
  test("what is held back is never more and never less than came, also when a text is longer than the limit", async () => {
    for (const chunks of [
      ["abcdefghijkl", "mn"],
      ["a", "b", "cdefghijklmnopq"],
      ["x".repeat(30), "y".repeat(30)],
    ]) {
      seen.length = 0;
      const message = await ask("block", { method: "POST", chunks });
      assert.equal(message.start[1], "200");
      assert.deepEqual(seen, [{ path: "/", framing: "chunked", body: chunks.join(""), complete: true }]);
    }
  });

  test("a text over the border of what is held back", async () => {
    for (let at = 1; at < LONG_TEXT.length; at++) {
      seen.length = 0;
      const message = await ask("block", { method: "POST", chunks: [LONG_TEXT.slice(0, at), LONG_TEXT.slice(at)] });
      assert.deepEqual([message.start[1], message.body.toString()], ["400", "Bad Request\n"], `cut at ${at}`);
      assert.ok(seen.every(({ complete }) => !complete));
    }
  });

  test("where no backend takes the body nothing is blocked", async () => {
    assert.equal((await ask("blockServed", { method: "POST", chunks: ["aaa"] })).body.toString(), "fine");
    const { start } = await ask("blockShunt", { method: "POST", path: "/204", chunks: ["aaa"] });
    assert.equal(start[1], "204");
  });

  test("the route of a loopback sees what the outer one let through", async () => {
    seen.length = 0;
    assert.equal((await ask("blockOuter", { method: "POST", chunks: ["hello"] })).start[1], "200");
    assert.deepEqual(
      seen.map(({ body }) => body),
      ["bye"],
    );
    assert.equal((await ask("blockOuter", { method: "POST", chunks: ["evil"] })).start[1], "400");
  });
});

test("curl reads each coding", async (t) => {
  // Not one that waits: the backend is in this process.
  const curl = (args: readonly string[]) => promisify(execFile)("curl", args).then(({ stdout }) => stdout);
  const features = await curl(["-V"]).catch(() => "");
  if (features === "") return t.skip("no curl");
  for (const [coding, feature] of [
    ["gzip", "libz"],
    ["deflate", "libz"],
    ["br", "brotli"],
    ["zstd", "zstd"],
  ] as const) {
    if (!features.includes(` ${feature}`)) continue;
    const headers = ["-H", "X-Filter: compress", "-H", `Accept-Encoding: ${coding}`];
    const address = `http://127.0.0.1:${proxy.port}/`;
    assert.equal(await curl(["-sS", "-m", "10", "--compressed", ...headers, address]), TEXT, coding);
  }
});
