// What filters do together and what only a running proxy shows of them: framing, the order of body changes, loopbacks, time limits.
// One proxy; each case has a Header predicate of its own. Expectations are written as in the filter vectors.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { until } from "../e2e/running-proxy.ts";
import { ask, type ClientRequest } from "./client-request.ts";
import { requestsDifference, responseDifference, type WantedRequest, type WantedResponse } from "./differences.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { ScriptedBackend } from "./scripted-backend.ts";
import { freePort } from "./socket-reader.ts";

interface Case {
  readonly title: string;
  /** Filters and backend; `B` stands for the address of the backend. */
  readonly chain: string;
  readonly request?: ClientRequest;
  readonly expect: WantedResponse;
  readonly backend?: WantedRequest;
}

const backendHeaders = { "content-type": ["text/plain"], "x-backend": ["echo"], server: ["Skipper"] };
const served = { server: ["Skipper"] };
const errorHeaders = { "content-type": ["text/plain; charset=utf-8"], "x-content-type-options": ["nosniff"] };

const cases: readonly Case[] = [
  {
    title: "a suffix in front of a slow body filter comes once",
    chain: 'chunks(1, "2ms") -> wrapContent("<", ">") -> dropResponseHeader("Content-Length") -> "http://B"',
    expect: { status: 200, headers: backendHeaders, framing: "chunked", body: "<backend>" },
  },
  {
    title: "the same behind two",
    chain: 'wrapContent("(", ")") -> chunks(1, "2ms") -> wrapContent("[", "]") -> wrapContent("<", ">") -> "http://B"',
    expect: { status: 200, headers: backendHeaders, framing: "length", content_length: 13, body: "([<backend>])" },
  },
  {
    title: "a slow body comes in pieces",
    chain: 'chunks(10, "60ms") -> repeatContent("x", 1000) -> <shunt>',
    request: { read_bytes: 20 },
    expect: { status: 200, headers: served, body_prefix: "x".repeat(20), min_ms: 115 },
  },
  {
    title: "the limit for writing ends a slow response",
    chain: 'writeTimeout("400ms") -> chunks(10, "500ms") -> repeatContent("x", 20) -> <shunt>',
    expect: { status: 200, headers: served, complete: false },
  },
  {
    title: "a response in time is not touched by it",
    chain: 'writeTimeout("10s") -> repeatContent("x", 20) -> <shunt>',
    expect: { status: 200, headers: served, framing: "length", content_length: 20, body: "x".repeat(20) },
  },
  {
    title: "a query that would end the request line",
    chain: 'setQuery("${request.path}") -> "http://B"',
    request: { target: "/a%20HTTP%2F1.1%0D%0AX-B:%201%0D%0A" },
    expect: { status: 200, headers: backendHeaders, body: "backend" },
    backend: { target: "/a%20HTTP%2F1.1%0D%0AX-B:%201%0D%0A?/a%20HTTP/1.1%0D%0AX-B:%201%0D%0A" },
  },
  {
    title: "a second length is not sent",
    chain: 'appendResponseHeader("Content-Length", "9") -> "http://B"',
    expect: {
      status: 200,
      headers: backendHeaders,
      header_names: ["Content-Type", "X-Backend", "Server"],
      body: "backend",
    },
  },
  {
    title: "of several lengths that filters add the first counts",
    chain: 'appendResponseHeader("Content-Length", "2") -> setResponseHeader("Content-Length", "3") -> "http://B"',
    expect: { status: 200, headers: backendHeaders, framing: "length", content_length: 3, body: "bac" },
  },
  {
    title: "the words of the connection are ours",
    chain:
      'setResponseHeader("Transfer-Encoding", "gzip") -> setResponseHeader("Keep-Alive", "timeout=9") -> setResponseHeader("Proxy-Connection", "x") -> "http://B"',
    expect: { status: 200, headers: backendHeaders, framing: "length", content_length: 7, body: "backend" },
  },
  {
    title: "the deprecated redirect keeps the body of the backend and nothing of any head",
    chain: 'setResponseHeader("X-A", "1") -> wrapContent("<", ">") -> redirect(302, "/new") -> "http://B"',
    request: { target: "/old?q=1" },
    expect: {
      status: 302,
      headers: { location: ["http://example.org/new?q=1"] },
      framing: "chunked",
      body: "<backend>",
    },
    backend: { target: "/old?q=1" },
  },
  {
    title: "a Host that a filter set before a loopback",
    chain: 'setRequestHeader("Host", "set.example") -> setPath("/redirected") -> <loopback>',
    expect: { status: 302, headers: { ...served, location: ["https://set.example/redirected"] }, body: "" },
  },
  {
    title: "an address without a host",
    chain: 'setDynamicBackendUrl("/path") -> setDynamicBackendHost("B") -> <dynamic>',
    expect: { status: 500, headers: { ...served, ...errorHeaders }, body: "Internal Server Error\n" },
  },
  {
    title: "what is no address counts for nothing",
    chain: 'setDynamicBackendUrl("no url") -> setDynamicBackendHost("127.0.0.1:1") -> <dynamic>',
    request: { headers: [["Host", "B"]] },
    expect: { status: 200, headers: backendHeaders, body: "backend" },
  },
  {
    title: "filters see a body that nobody takes",
    chain: 'backendChunks(1, "20ms") -> <shunt>',
    request: { method: "POST", body: "abc" },
    expect: { status: 404, headers: served, framing: "chunked", body: "", min_ms: 75 },
  },
  ...[0, 99, 1000, -1].map((status) => ({
    title: `status ${status}, which no answer can have`,
    chain: `status(${status}) -> inlineContent("x") -> <shunt>`,
    expect: { status: 500, headers: { ...served, "content-type": ["text/plain; charset=utf-8"] }, body: "x" },
  })),
  {
    title: "a status that has no name",
    chain: 'status(799) -> "http://B"',
    expect: { status: 799, headers: backendHeaders, body: "backend" },
  },
  {
    title: "HEAD: a wrapped body has the length that GET would get",
    chain: 'wrapContent("<", ">") -> inlineContent("x") -> <shunt>',
    request: { method: "HEAD" },
    expect: {
      status: 200,
      headers: { ...served, "content-type": ["text/plain; charset=utf-8"] },
      framing: "none",
      content_length: 3,
    },
  },
  {
    title: "a text in place of a compressed one",
    chain: 'compress() -> inlineContentIfStatus(200, "other", "text/css") -> compress() -> "http://B"',
    request: { headers: [["Accept-Encoding", "gzip"]] },
    expect: {
      status: 200,
      headers: {
        ...backendHeaders,
        "content-type": ["text/css"],
        "content-encoding": ["gzip"],
        vary: ["Accept-Encoding"],
      },
      framing: "chunked",
      body_encoding: "gzip",
      body_decoded: "other",
    },
  },
  {
    title: "header filters around a loopback: the outer route's run last, on both ways",
    chain:
      'setResponseHeader("X-A", "outer") -> setRequestHeader("X-Case", "none") -> setPath("/redirected") -> <loopback>',
    expect: {
      status: 302,
      headers: { ...served, location: ["https://example.org/redirected"], "x-a": ["outer"] },
      body: "",
    },
  },
  {
    title: "a filter behind one that serves does nothing on either way",
    chain:
      'setResponseHeader("X-A", "1") -> redirectTo(302, "/x") -> setPath("/y") -> setResponseHeader("X-A", "2") -> "http://B"',
    expect: { status: 302, headers: { ...served, location: ["https://example.org/x"], "x-a": ["1"] }, body: "" },
  },
  {
    title: "a large body is absorbed to its end",
    chain: "absorb() -> <shunt>",
    request: { method: "POST", headers: [["X-Flow-Id", "large"]], body: "x".repeat(1_000_000) },
    expect: { status: 200, headers: served, framing: "chunked", body: "" },
  },
];

const directory = mkdtempSync(join(tmpdir(), "effects-"));
const backend = new ScriptedBackend([]);
let proxy: ProxyProcess;
let port = 0;
const inPlace = (text: string): string => text.replaceAll(/\bB\b/g, `127.0.0.1:${backend.port}`);

before(async () => {
  await backend.listen();
  const routes = cases.map(({ chain }, i) => `c${i}: Header("X-Case", "${i}") -> ${inPlace(chain)};`);
  routes.push('redirected: Path("/redirected") -> redirectTo(302) -> <shunt>;');
  writeFileSync(join(directory, "routes.eskip"), routes.join("\n"));
  port = await freePort();
  const args = [`-address=127.0.0.1:${port}`, `-support-listener=127.0.0.1:${await freePort()}`, "-workers=1"];
  proxy = new ProxyProcess([...args, "-wait-first-route-load", "-routes-file=routes.eskip"], directory);
  await proxy.ready(port);
});

after(async () => {
  await proxy.stop();
  await backend.close();
  rmSync(directory, { recursive: true });
});

describe("filters in a running proxy", () => {
  for (const [i, { title, request, expect, ...wanted }] of cases.entries()) {
    test(title, async () => {
      const seen = backend.seen.length;
      const headers = (request?.headers ?? []).map(([name, value]) => [name, inPlace(value)] as const);
      const { message, elapsedMs } = await ask(port, { ...request, headers: [...headers, ["X-Case", String(i)]] });
      assert.equal(responseDifference(expect, message, elapsedMs), "");
      if (wanted.backend !== undefined) {
        assert.equal(requestsDifference([wanted.backend], backend.seen.slice(seen)), "");
      }
    });
  }

  test("absorb says how much it got", () =>
    until("two lines of absorb", () =>
      /request large, consumed bytes: 1000000"\n.*request finished: large"/.test(proxy.errors),
    ));
});
