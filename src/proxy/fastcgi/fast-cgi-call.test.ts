import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, test } from "node:test";
import { freePort } from "../../../test/conformance/socket-reader.ts";
import { BackendFailure } from "../../backends/backend-failure.ts";
import { FastCgiCall, type FastCgiLimits } from "./fast-cgi-call.ts";
import { endOfStream, RecordType, streamRecords } from "./records.ts";

/** An application that answers a request with these bytes, and stays. */
async function application(answer: Buffer): Promise<number> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.once("data", () => socket.write(answer));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as net.AddressInfo).port;
}

const limits = (responseTimeoutMs: number): FastCgiLimits => ({ connectTimeoutMs: 20_000, responseTimeoutMs });

/** How a call ends: the status of the answer, or the kind of failure. `body`: sent once the application is reached. */
function call(port: number, body: string, responseTimeoutMs = 20_000): Promise<string> {
  return new Promise((resolve) => {
    const owner = {
      onFastCgiReady: () => {
        if (body === "") return;
        one.write(Buffer.from(body));
        one.end();
      },
      onFastCgiAnswer: (head: { status: number } | null) => resolve(`status ${head?.status}`),
      onFastCgiFailed: (failure: BackendFailure, message: string) => resolve(`${failure} ${message}`),
    };
    const one = new FastCgiCall(
      owner,
      { hostname: "127.0.0.1", port },
      new Map([["A", "b"]]),
      limits(responseTimeoutMs),
    );
    if (body === "") one.end();
  });
}

const text = "Status: 201 Created\r\nA: b\r\n\r\nok";
const stdout = Buffer.concat([...streamRecords(RecordType.stdout, Buffer.from(text))]);
const ending = Buffer.from([1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

test("an application that says nothing is waited for until the limit, with and without a body", async () => {
  const port = await application(Buffer.alloc(0));
  for (const body of ["", "body"]) {
    assert.equal(await call(port, body, 50), `${BackendFailure.timeout} timeout awaiting response headers`);
  }
});

test("the limit ends with the first output", async () => {
  const port = await application(stdout);
  const slow = call(port, "", 500);
  const other = new Promise((resolve) => setTimeout(resolve, 1000, "still running"));
  assert.equal(await Promise.race([slow, other]), "still running");
});

test("a whole answer", async () => {
  const port = await application(Buffer.concat([stdout, endOfStream(RecordType.stdout), ending]));
  for (const body of ["", "body"]) assert.equal(await call(port, body), "status 201");
});

test("an application that cannot be reached", async () => {
  assert.match(await call(await freePort(), ""), new RegExp(`^${BackendFailure.connect} `));
});
