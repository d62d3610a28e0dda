// Runs the examples of all filter declarations in one proxy: each gets a Header predicate of its own, the backend address is that
// of an echo backend.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { filterSpecs } from "../../src/filters/index.ts";
import type { FilterExample } from "../../src/spec/filter.ts";
import { ask } from "./client-request.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { ScriptedBackend } from "./scripted-backend.ts";
import { type Fields, freePort, valuesOf } from "./socket-reader.ts";

const examples: (readonly [name: string, example: FilterExample])[] = filterSpecs.flatMap((spec) =>
  spec.examples.map((example) => [spec.name, example] as const),
);
const directory = mkdtempSync(join(tmpdir(), "examples-"));
const backend = new ScriptedBackend([]);
let proxy: ProxyProcess;
let port = 0;

before(async () => {
  const address = `127.0.0.1:${await backend.listen()}`;
  const routes = examples.map(([, { route }], i) => {
    const arrow = route.indexOf(" -> ");
    const predicates = route.slice(0, arrow) === "*" ? "" : ` && ${route.slice(0, arrow)}`;
    return `e${i}: Header("X-Example", "${i}")${predicates}${route.slice(arrow).replaceAll("backend.test", address)};`;
  });
  writeFileSync(join(directory, "routes.eskip"), routes.join("\n"));
  port = await freePort();
  const args = [
    `-address=127.0.0.1:${port}`,
    `-support-listener=127.0.0.1:${await freePort()}`,
    "-workers=1",
    "-enable-lua",
  ];
  proxy = new ProxyProcess([...args, "-wait-first-route-load", "-routes-file=routes.eskip"], directory);
  await proxy.ready(port);
});

after(async () => {
  await proxy.stop();
  await backend.close();
  rmSync(directory, { recursive: true });
});

describe("examples of filters", () => {
  for (const [i, [name, { route, send = {}, expect }]] of examples.entries()) {
    test(`${name}: ${route}`, async () => {
      const headers: Fields = [...Object.entries(send.headers ?? {}), ["X-Example", String(i)]].map(
        ([key, value]) => [key!, (value ?? "").replaceAll("backend.test", valueOfBackend())] as const,
      );
      const seenBefore = backend.seen.length;
      const request = { method: send.method ?? "GET", target: send.path ?? "/", headers };
      // An endless body is read only in part.
      const limit = name === "tarpit" ? { read_bytes: 0 } : {};
      const { message } = await ask(port, {
        ...request,
        ...limit,
        ...(send.body === undefined ? {} : { body: send.body }),
      });
      assert.ok(message !== null, "a response");
      if (expect.status !== undefined) assert.equal(Number(message.start[1]), expect.status);
      for (const [key, value] of Object.entries(expect.headers ?? {})) {
        assert.deepEqual(valuesOf(message.fields, key), [value], key);
      }
      if (expect.body !== undefined) assert.equal(message.body.toString("latin1"), expect.body);
      if (expect.backend === undefined) return;
      assert.equal(backend.seen.length, seenBefore + 1, "one backend request");
      const seen = backend.seen.at(-1)!;
      if (expect.backend.target !== undefined) assert.equal(seen.start[1], expect.backend.target);
      for (const [key, value] of Object.entries(expect.backend.headers ?? {})) {
        assert.deepEqual(valuesOf(seen.fields, key), [value], key);
      }
      if (expect.backend.body !== undefined) assert.equal(seen.body.toString("latin1"), expect.backend.body);
    });
  }
});

function valueOfBackend(): string {
  return `127.0.0.1:${backend.port}`;
}
