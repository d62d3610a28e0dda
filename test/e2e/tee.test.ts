// Copies of requests in the running proxy: whatever the shadow server does, the request does not notice. With one worker and with two.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

const MIB = 1024 * 1024;
const LARGE = 96 * MIB;
/** What a copy may cost while its body passes: its queue and what the kernel and the collector hold back. */
const MAX_GROWTH = 30 * MIB;

interface Upload {
  readonly path: string;
  readonly key: string | undefined;
  readonly bytes: number;
  readonly hash: string;
}

/** A server that reads uploads and notes them, with the paths of those that began and broke off; the answer is their length. */
async function uploads(seen: Upload[], begun: string[] = [], broken: string[] = []): Promise<Backend> {
  return startBackend(async (incoming, response) => {
    begun.push(incoming.url!);
    const hash = createHash("sha1");
    let bytes = 0;
    try {
      for await (const piece of incoming) {
        hash.update(piece);
        bytes += piece.length;
      }
    } catch {
      broken.push(incoming.url!);
      return;
    }
    const key = incoming.headers["x-tee-loopback-key"] as string | undefined;
    seen.push({ path: incoming.url!, key, bytes, hash: hash.digest("hex") });
    response.end(String(bytes));
  });
}

type Sent = ClientRequest & { readonly response: Promise<[IncomingMessage]> };

interface DeafServer {
  readonly port: number;
  readonly sockets: Set<net.Socket>;
  close(): void;
}

/** Takes connections and reads nothing. */
async function deafServer(): Promise<DeafServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as net.AddressInfo).port,
    sockets,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function write(sent: ClientRequest, piece: Buffer): Promise<void> {
  if (!sent.write(piece)) await once(sent, "drain");
}

for (const workers of [1, 2]) {
  describe(`with ${workers} worker${workers === 1 ? "" : "s"}`, () => {
    let proxy: RunningProxy;
    let main: Backend;
    let shadow: Backend;
    let deaf: DeafServer;
    const atMain: Upload[] = [];
    const atShadow: Upload[] = [];
    const begunAtShadow: string[] = [];
    const brokenAtShadow: string[] = [];

    before(async () => {
      main = await uploads(atMain);
      shadow = await uploads(atShadow, begunAtShadow, brokenAtShadow);
      deaf = await deafServer();
      const to = `"http://127.0.0.1:${main.port}"`;
      const shadowUrl = `"http://127.0.0.1:${shadow.port}"`;
      proxy = await RunningProxy.start(
        `plain: Path("/plain") -> ${to};
         tee: Path("/tee") -> tee(${shadowUrl}) -> ${to};
         dead: Path("/dead") -> tee("http://127.0.0.1:1") -> ${to};
         deaf: Path("/deaf") -> tee("http://127.0.0.1:${deaf.port}") -> ${to};
         both: Path("/both") -> teeLoopback("k") -> tee(${shadowUrl}) -> ${to};
         copy: Path("/both") && Tee("k") -> setPath("/copy") -> ${shadowUrl};
         looped: Path("/loop/:id") -> teeLoopback("deaf") -> setPath("/\${id}") -> ${to};
         loopedCopy: Path("/loop/:id") && Tee("deaf") -> "http://127.0.0.1:${deaf.port}";
         params: Path("/params/:id") -> teeLoopback("p") -> inlineContent("main") -> <shunt>;
         paramsCopy: Path("/params/:other") && Tee("p") -> setPath("/copy/\${id}-\${other}") -> ${shadowUrl};
         response: Path("/response") -> teeResponse(${shadowUrl}) -> ${to};
         fallback: Path("/fallback/:id") -> setResponseHeader("X-Id", "\${id}") -> loopbackIfStatus(502, "/plain")
           -> loopbackIfStatus(404, "/dead/end") -> <shunt>;
         deadEnd: Path("/dead/end") -> inlineContent("dead end") -> status(502) -> <shunt>;`,
        `-workers=${workers}`,
      );
    });

    after(async () => {
      deaf.close();
      await proxy.stop();
      await main.close();
      await shadow.close();
    });

    /** A request whose body is to be written; its answer may come before `end`. */
    function open(path: string, headers: Record<string, string | number> = {}): Sent {
      const sent = request({ host: "127.0.0.1", port: proxy.port, path, method: "POST", agent: false, headers });
      const response = once(sent, "response") as Promise<[IncomingMessage]>;
      response.catch(() => {});
      return Object.assign(sent, { response });
    }

    async function answer(sent: Sent): Promise<{ status: number; body: string; headers: object }> {
      sent.end();
      const [response] = await sent.response;
      let body = "";
      for await (const piece of response) body += piece;
      return { status: response.statusCode!, body, headers: response.headers };
    }

    /** Sends a large body; the growth of the proxy meanwhile. */
    async function upload(path: string, headers: Record<string, string | number> = {}): Promise<number> {
      const before = proxy.residentBytes;
      let most = 0;
      const sent = open(path, headers);
      const piece = Buffer.alloc(MIB, path);
      for (let at = 0; at < LARGE; at += MIB) {
        await write(sent, piece);
        most = Math.max(most, proxy.residentBytes);
      }
      assert.deepEqual((await answer(sent)).body, String(LARGE));
      return most - before;
    }

    for (const path of ["/deaf", "/dead", "/loop/deaf"]) {
      test(`${path}: a long body is not held and not collected for a copy that nobody takes`, async () => {
        // What streaming costs by itself is there before.
        await upload("/plain");
        const growth = await upload(path, path === "/dead" ? {} : { "Content-Length": LARGE });
        assert.ok(growth < MAX_GROWTH, `grew by ${growth}`);
      });
    }

    test("a body goes to the backend, to a shadow server and through the routes again", async () => {
      for (const headers of [{}, { "Content-Length": 3 * MIB }]) {
        atMain.length = 0;
        atShadow.length = 0;
        const sent = open("/both?q=1", headers);
        const hash = createHash("sha1");
        for (let i = 0; i < 3 * 16; i++) {
          const piece = Buffer.alloc(MIB / 16, `piece ${i}`);
          hash.update(piece);
          await write(sent, piece);
          // As fast as any network brings it.
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        assert.equal((await answer(sent)).body, String(3 * MIB));
        const digest = hash.digest("hex");
        await until("both copies", () => atShadow.length === 2);
        assert.deepEqual(atMain, [{ path: "/both?q=1", key: undefined, bytes: 3 * MIB, hash: digest }]);
        atShadow.sort((a, b) => (a.path < b.path ? -1 : 1));
        assert.deepEqual(atShadow, [
          { path: "/both?q=1", key: undefined, bytes: 3 * MIB, hash: digest },
          { path: "/copy?q=1", key: "k", bytes: 3 * MIB, hash: digest },
        ]);
      }
    });

    test("requests do not wait for copies that never end", async () => {
      const started = performance.now();
      for (let i = 0; i < 20; i++) {
        assert.equal((await answer(open("/deaf"))).status, 200);
        assert.equal((await answer(open("/loop/plain"))).status, 200);
        assert.equal((await answer(open("/dead"))).status, 200);
      }
      assert.ok(performance.now() - started < 10_000);
    });

    test("a client that leaves takes its copies along", async () => {
      begunAtShadow.length = 0;
      const sent = open("/both", { "Content-Length": 10 * MIB });
      await write(sent, Buffer.alloc(MIB));
      await until("both copies have begun", () => begunAtShadow.length === 2);
      sent.destroy();
      await until("both copies broke off", () => brokenAtShadow.length === 2);
      assert.deepEqual(brokenAtShadow.sort(), ["/both", "/copy"]);
    });

    test("a copy has the path parameters of its original, and its own", async () => {
      atShadow.length = 0;
      const sent = open("/params/7");
      await write(sent, Buffer.from("abc"));
      assert.equal((await answer(sent)).body, "main");
      await until("the copy", () => atShadow.length === 1);
      assert.deepEqual([atShadow[0]!.path, atShadow[0]!.key, atShadow[0]!.bytes], ["/copy/7-7", "p", 3]);
    });

    test("a response body is copied while the client gets it", async () => {
      atShadow.length = 0;
      const sent = open("/response");
      await write(sent, Buffer.from("abc"));
      assert.equal((await answer(sent)).body, "3");
      await until("the copy", () => atShadow.length === 1);
      assert.deepEqual([atShadow[0]!.path, atShadow[0]!.bytes], ["/", 1]);
    });

    test("a fallback of a fallback, seen by the filters of the first route with its path parameters", async () => {
      const { status, headers } = await answer(open("/fallback/7", { "Content-Length": 0 }));
      assert.equal(status, 200);
      assert.equal((headers as Record<string, string>)["x-id"], "7");
    });
  });
}
