// Files of lua() in a running proxy with one worker and with two: the main thread reads them and says so once, workers get the texts, late ones too.

import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { dial, SocketReader } from "../conformance/socket-reader.ts";
import { RunningProxy, until } from "./running-proxy.ts";

/** So many connections in a row meet both workers. */
const ASKED = 16;

const serving = (status: number): string => `function request(c) c.serve({status_code = ${status}}) end`;

async function statusOf(port: number, path: string): Promise<string> {
  const socket = await dial(port);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  const message = await new SocketReader(socket).message(false, false);
  socket.destroy();
  return message?.start[1] ?? "";
}

async function statuses(port: number, path: string): Promise<string> {
  const seen = new Set<string>();
  for (let i = 0; i < ASKED; i++) seen.add(await statusOf(port, path));
  return [...seen].join();
}

for (const workers of [1, 2]) {
  test(`reload, missing module, late worker, ${workers} worker(s)`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "lua-files-"));
    const write = (name: string, text: string): void => {
      writeFileSync(join(folder, `${name}.new`), text);
      renameSync(join(folder, `${name}.new`), join(folder, name));
    };
    write("s.lua", serving(201));
    write("m.lua", "local status = require('status') function request(c) c.serve({status_code = status}) end");
    const proxy = await RunningProxy.startMortal(
      `s: Path("/s") -> lua("${folder}/s.lua") -> <shunt>;
       m: Path("/m") -> lua("${folder}/m.lua") -> <shunt>;`,
      `-workers=${workers}`,
      "-enable-lua",
      `-lua-sources=${folder}/`,
    );
    const lines = (pattern: RegExp): number => proxy.log.split("\n").filter((line) => pattern.test(line)).length;
    const becomes = (path: string, status: string): Promise<void> =>
      until(`${path} is ${status}`, async () => (await statuses(proxy.port, path)) === status);
    try {
      assert.equal(await statuses(proxy.port, "/s"), "201");
      assert.equal(await statuses(proxy.port, "/m"), "404");
      write("status.lua", "return 210");
      await becomes("/m", "210");
      write("s.lua", "function request(");
      await until("the line about the broken version", () => lines(/s\.lua has changed and cannot be used/) > 0);
      assert.equal(await statuses(proxy.port, "/s"), "201");
      write("s.lua", serving(203));
      await becomes("/s", "203");
      write("status.lua", "return 211");
      await becomes("/m", "211");

      for (const name of ["s.lua", "m.lua", "status.lua"]) rmSync(join(folder, name));
      await until("the removals are seen", () => lines(/cannot be used, the last good version stays/) === 3);
      proxy.signal("SIGUSR2");
      await until("a worker has died", () => lines(/another starts in/) === 1);
      await until("its successor serves", async () => {
        const answers = await Promise.all(
          Array.from({ length: ASKED }, () => statusOf(proxy.port, "/s").catch(String)),
        );
        return answers.every((status) => status === "203");
      });
      assert.equal(await statuses(proxy.port, "/s"), "203");
      assert.equal(await statuses(proxy.port, "/m"), "211");
      assert.equal(lines(/s\.lua has changed and cannot be used.*:1: /), 1);
      assert.equal(lines(/s\.lua was reloaded/), 1);
      assert.equal(lines(/m\.lua was reloaded/), 1);
      assert.equal(lines(/m\.lua can be used now/), 1);
    } finally {
      await proxy.stop();
      rmSync(folder, { recursive: true });
    }
  });
}
