// Time per call of typical functions of scripts, the proxy left out. Run: node src/filters/lua/lua.bench.ts. The bar: 5 us of CPU for a function that sets a header.

import { FakeContext, fakeEnv } from "../../../test/support/fake-context.ts";
import { ScriptFilter } from "./script-filter.ts";
import { ScriptTexts } from "./script-texts.ts";

const scripts: readonly (readonly [name: string, body: string])[] = [
  ["nothing", ""],
  ["sets a header", "c.request.header['X-A'] = 'b'"],
  ["copies a header", "c.request.header['X-B'] = c.request.header['X-A'] .. '!'"],
  ["state bag and path", "c.state_bag.path = c.request.url_path"],
  ["a pattern", "c.request.header['X-A'] = c.request.url_path:match('^/api/(%w+)/')"],
  ["pcall", "pcall(function() c.request.header['X-A'] = 'b' end)"],
  ["a loop of 1000", "local s = 0 for i = 1, 1000 do s = s + i end"],
  ["json", "require('json').encode({a = 1, b = {1, 2, 3}})"],
];
const ROUNDS = 50_000;

for (const [name, body] of scripts) {
  const filter = new ScriptFilter(`function request(c, p) ${body} end`, [], fakeEnv(), new ScriptTexts([]));
  const ctx = new FakeContext({ target: "/api/users/7", headers: [["X-A", "a"]] });
  for (let i = 0; i < ROUNDS / 10; i++) filter.request(ctx);
  const before = process.cpuUsage();
  for (let i = 0; i < ROUNDS; i++) filter.request(ctx);
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${name}: ${((user + system) / ROUNDS).toFixed(2)} us\n`);
}
