// The time for writing a response: -write-timeout-server, and writeTimeout() in its place (spec resilience 8, proxy 3).

import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Backend, RunningProxy, startBackend } from "./running-proxy.ts";

/** Two pieces come at once, the last one later than -write-timeout-server allows. */
const PIECES = 3;
const PAUSE_MS = 1000;

let backend: Backend;
let proxy: RunningProxy;

before(async () => {
  backend = await startBackend(async (_request, response) => {
    response.write("piece piece ");
    await pause(PAUSE_MS);
    response.end("piece ");
  });
  const to = `"http://127.0.0.1:${backend.port}"`;
  proxy = await RunningProxy.start(
    `plain: Path("/plain") -> ${to};
     longer: Path("/longer") -> writeTimeout("10s") -> ${to};
     shorter: Path("/shorter") -> writeTimeout("50ms") -> ${to};
     last: Path("/last") -> writeTimeout("50ms") -> writeTimeout("10s") -> ${to};
     now: Path("/now") -> writeTimeout("0s") -> ${to};
     before: Path("/before") -> writeTimeout("-1s") -> status(200) -> inlineContent("text") -> <shunt>;`,
    "-workers=1",
    "-write-timeout-server=600ms",
  );
});
after(async () => {
  await proxy.stop();
  await backend.close();
});

/** Pieces that came, or how the answer broke off. */
function ask(path: string): Promise<{ pieces: number; whole: boolean }> {
  return new Promise((resolve) => {
    let text = "";
    const sent = request({ port: proxy.port, host: "127.0.0.1", path, agent: false }, (response) => {
      response.setEncoding("latin1").on("data", (data: string) => {
        text += data;
      });
      response.on("close", () => resolve({ pieces: text.split("piece").length - 1, whole: response.complete }));
    });
    sent.on("error", () => resolve({ pieces: 0, whole: false })).end();
  });
}

test("a response that takes longer than -write-timeout-server breaks off", async () => {
  assert.deepEqual(await ask("/plain"), { pieces: 2, whole: false });
});

test("writeTimeout() gives more time, or less; the last one counts", async () => {
  assert.deepEqual(await ask("/longer"), { pieces: PIECES, whole: true });
  assert.deepEqual(await ask("/last"), { pieces: PIECES, whole: true });
  const { pieces, whole } = await ask("/shorter");
  assert.ok(!whole && pieces < PIECES, `${pieces} pieces`);
});

for (const path of ["/now", "/before"]) {
  test(`no time at all: the connection is closed without an answer (${path})`, async () => {
    assert.deepEqual(await ask(path), { pieces: 0, whole: false });
  });
}
