// Strictness of HTTP/1.1 on the wire: the skipper command before a backend that reads strictly. The cases of this repository say for
// exact bytes what the client gets and what the backend may see; the http11 vectors are replayed when their file is there.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { http11Answer } from "./http11-backend.ts";
import { http11Cases } from "./http11-cases.ts";
import { type Http11Case, judgeCase, type Outcome, type WantedRequest } from "./http11-judge.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { freePort } from "./socket-reader.ts";
import { StrictBackend } from "./strict-backend.ts";

const root = dirname(dirname(import.meta.dirname));
const place = join(root, "../shared/vectors/http11.json");
const fixtures = existsSync(place) ? place : undefined;

describe("HTTP/1.1 on the wire", () => {
  const backend = new StrictBackend(http11Answer);
  let proxy: ProxyProcess;
  let port = 0;

  before(async () => {
    const backendPort = await backend.listen();
    port = await freePort();
    proxy = new ProxyProcess(
      [
        `-address=127.0.0.1:${port}`,
        "-support-listener=",
        "-metrics-listener=",
        "-access-log-disabled",
        "-wait-first-route-load",
        `-inline-routes=r: * -> "http://127.0.0.1:${backendPort}"`,
      ],
      tmpdir(),
    );
    await proxy.ready(port);
    await backend.take();
  });

  after(async () => {
    await proxy.stop();
    await backend.close();
  });

  for (const { name, send, refused, forwarded } of http11Cases) {
    test(name, async () => {
      const close: Outcome = { status: refused ?? "400", close: true };
      const rule: Http11Case["proxy"] =
        forwarded === undefined
          ? { rule: "must-reject", refuse: [close] }
          : { rule: "forward", origin: forwarded satisfies readonly WantedRequest[], client: ["any"] };
      assert.equal(await judgeCase({ id: name, steps: [{ send }], proxy: rule }, port, backend), "");
    });
  }

  test("http11 vectors", { skip: fixtures === undefined ? "skipped: fixtures absent" : false }, async (t) => {
    const { cases }: { cases: Http11Case[] } = JSON.parse(readFileSync(fixtures!, "utf8"));
    assert.ok(cases.length > 0);
    for (const given of cases) {
      await t.test(given.id, async () => assert.equal(await judgeCase(given, port, backend), ""));
    }
  });
});
