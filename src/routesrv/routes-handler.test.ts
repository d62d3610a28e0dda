// Whole tables over HTTP with a limit that a test can fill: so many at one time, the next in line, and whoever finds the line full is told
// when to come again.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { until } from "../../test/e2e/running-proxy.ts";
import { makeRoute, shuntBackend } from "../eskip/route.ts";
import { MetricsHub } from "../observability/metrics-hub.ts";
import { defaultMetricsSettings } from "../observability/metrics-settings.ts";
import { DOWNLOAD_LIMITS, DownloadLimit } from "./download-limit.ts";
import { FleetSize } from "./fleet-size.ts";
import { Publications } from "./publication.ts";
import { RoutesHandler } from "./routes-handler.ts";
import { serveRoute } from "./served-route.ts";
import { ServedTable } from "./served-table.ts";
import { ServerMetrics } from "./server-metrics.ts";
import { WaitingClients } from "./waiting-clients.ts";

/** More than the buffers of a connection hold. */
const LONG = "x".repeat(100_000);
const ROUTES = 200;

let server: Server;
let port = 0;
let begun = 0;

beforeEach(async () => {
  const metrics = new ServerMetrics(new MetricsHub(defaultMetricsSettings()));
  const publications = new Publications(1 << 20);
  const routes = Array.from({ length: ROUTES }, (_, i) => {
    const filters = [{ name: "setPath", args: [LONG] }];
    return [`r${i}`, serveRoute(`r${i}`, makeRoute({ id: `r${i}`, filters, backend: shuntBackend }))] as const;
  });
  publications.publish(ServedTable.empty.change(new Map(routes)), [], 0);
  const handler = new RoutesHandler({
    publications,
    waiting: new WaitingClients(metrics),
    downloads: new DownloadLimit({ ...DOWNLOAD_LIMITS, slots: 2, line: 1, slotMs: 60_000 }),
    metrics,
    fleet: new FleetSize(metrics),
    sourceVersions: () => "",
    tracer: null,
  });
  begun = 0;
  server = createServer((asked, response) => {
    begun++;
    void handler.serve(asked, response, "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
});

/** The head of an answer; its body is not read. */
async function ask(headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<IncomingMessage> {
  const sent = request({ port, host: "127.0.0.1", path: "/routes", method, headers, agent: false }).end();
  sent.on("error", () => {});
  const [answer] = await once(sent, "response");
  return answer as IncomingMessage;
}

async function lengthOf(answer: IncomingMessage): Promise<number> {
  let length = 0;
  for await (const chunk of answer) length += (chunk as Buffer).length;
  return length;
}

describe("whole tables beyond the limit", () => {
  test("wait for their turn, and the line has an end that says when to come again", async () => {
    const reading = [await ask(), await ask()];
    let isThird = false;
    const third = ask().then((answer) => {
      isThird = true;
      return answer;
    });
    await until("it waits", () => begun === 3);
    const refused = await ask();
    assert.equal(refused.statusCode, 503);
    assert.match(refused.headers["retry-after"]!, /^[2-4]$/);
    for (const name of ["etag", "last-modified", "accept-ranges"]) assert.equal(refused.headers[name], undefined, name);
    assert.equal(await lengthOf(refused), Buffer.byteLength("too many downloads\n"));
    assert.equal(isThird, false);
    // One is done.
    const length = Number(reading[0]!.headers["content-length"]);
    assert.ok(length > ROUTES * LONG.length);
    assert.equal(await lengthOf(reading[0]!), length);
    assert.equal(await lengthOf(await third), length);
    assert.equal(await lengthOf(reading[1]!), length);
  });

  test("hold nobody up who needs no whole table", async () => {
    const [first] = [await ask(), await ask()];
    void ask().catch(() => {});
    await until("it waits", () => begun === 3);
    const etag = first!.headers.etag!;
    assert.equal((await ask({ "if-none-match": etag })).statusCode, 304);
    assert.equal((await ask({}, "HEAD")).statusCode, 200);
    assert.equal((await ask({ "if-match": '"x"' })).statusCode, 412);
  });
});
