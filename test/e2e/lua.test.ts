// lua() in a running proxy with one worker: a script that never ends costs its own request, scripts work with loopbacks, files are reloaded.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { dial, SocketReader } from "../conformance/socket-reader.ts";
import { RunningProxy, until } from "./running-proxy.ts";

const folder = mkdtempSync(join(tmpdir(), "lua-e2e-"));
const file = join(folder, "s.lua");
let proxy: RunningProxy;

const serving = (status: number): string => `function request(c) c.serve({status_code = ${status}}) end`;

before(async () => {
  writeFileSync(file, serving(201));
  proxy = await RunningProxy.start(
    `loop: Path("/loop") -> lua("function request(c) while true do end end") -> status(204) -> <shunt>;
     quick: Path("/quick") -> lua("${serving(200)}") -> <shunt>;
     again: Path("/again") -> lua("function request(c) c.request.url_path = '/inner' c.state_bag.from = 'outer' end function response(c) c.response.header.Outer = c.state_bag.back end") -> <loopback>;
     inner: Path("/inner") -> lua("function request(c) c.state_bag.back = c.state_bag.from .. c.request.url_path end") -> status(202) -> <shunt>;
     file: Path("/file") -> lua("${file}") -> <shunt>;
     bad: Path("/bad") -> lua("function request(") -> <shunt>;`,
    "-workers=1",
    "-enable-lua",
    "-lua-max-instructions=20000000",
  );
});

after(async () => {
  await proxy.stop();
  rmSync(folder, { recursive: true });
});

async function ask(path: string): Promise<{ status: string; head: string }> {
  const socket = await dial(proxy.port);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  const message = await new SocketReader(socket).message(false, false);
  socket.destroy();
  return { status: message?.start[1] ?? "", head: JSON.stringify(message?.fields) };
}

test("others are answered while a script runs without end", async () => {
  let ended = false;
  const slow = ask("/loop").then(({ status }) => {
    ended = true;
    return status;
  });
  let answered = 0;
  while (!ended) {
    assert.equal((await ask("/quick")).status, "200");
    answered++;
  }
  assert.equal(await slow, "204");
  assert.ok(answered >= 5, `${answered} answers meanwhile`);
  await until("the line of the script", () => /Error calling request from .*more than 20000000 instr/.test(proxy.log));
});

test("a script before a loopback changes where it leads, and sees the response", async () => {
  const { status, head } = await ask("/again");
  assert.equal(status, "202");
  assert.match(head, /"Outer","outer\/inner"/);
});

test("a script that does not load makes its route invalid, and the log says where", async () => {
  assert.equal((await ask("/bad")).status, "404");
  assert.match(
    proxy.log,
    /failed to process route bad: invalid_filter_params: .*:1: <name> or '...' expected near '<eof>'/,
  );
});

test("a file that changes is taken over without a restart", async () => {
  assert.equal((await ask("/file")).status, "201");
  writeFileSync(file, serving(203));
  await until("the new version", async () => (await ask("/file")).status === "203");
});
