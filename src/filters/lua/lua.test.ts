// lua(): what scripts see and change, and the code of the guide.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { FakeContext, type FakeRequest, fakeEnv, headerRecord, runChain } from "../../../test/support/fake-context.ts";
import { parseDocument } from "../../eskip/parser.ts";
import { toByteString } from "../../util/bytes.ts";
import { COMMAND_OPTIONS, ScriptFiles } from "./script-files.ts";
import { ScriptFilter } from "./script-filter.ts";
import { run, valueOf } from "./script-run.fixture.ts";
import { ScriptTexts } from "./script-texts.ts";

const lua = new ScriptFiles(COMMAND_OPTIONS);

const REQUEST: FakeRequest = {
  target: "/a%20b/c?q=1&q=2&z=%20x",
  host: "www.example.org",
  headers: [
    ["X-Multi", "m1"],
    ["x-multi", "m2"],
    ["Cookie", "a=1; b=2"],
    ["Host", "www.example.org"],
  ],
  body: ["abc"],
  pathParams: { id: "7" },
  backendHost: "backend.test:8080",
  backendScheme: "http",
};

describe("what a script reads", () => {
  for (const [expression, expected] of [
    [
      "c.request.method, c.request.proto, c.request.host, c.request.remote_addr",
      "GET|HTTP/1.1|www.example.org|127.0.0.1:4711",
    ],
    [
      "c.request.content_length, c.request.backend_url, c.request.outgoing_host",
      "3|http://backend.test:8080|backend.test:8080",
    ],
    ["c.request.url, c.request.url_path, c.request.url_raw_query", "/a%20b/c?q=1&q=2&z=%20x|/a b/c|q=1&q=2&z=%20x"],
    ["c.request.nothing, c.nothing, c.request[1]", "nil|nil|nil"],
    ["c.request.header['x-multi'], c.request.header.none, #c.request.header.values('X-MULTI')", "m1||2"],
    ["c.request.header.Host, #c.request.header.values('host')", "|0"],
    ["c.request.cookie.a, c.request.cookie.none", "1|nil"],
    ["c.request.url_query.q, c.request.url_query.z, c.request.url_query.none", "1| x|nil"],
    ["c.path_param.id, c.path_param.none", "7|nil"],
    ["c.state_bag.none", "nil"],
    [
      "type(c), type(c.request), type(c.request.header), type(c.state_bag), type(c.serve)",
      "table|table|table|table|function",
    ],
    ["(pcall(function() return c.response end))", "false"],
    ["(pcall(function() c.request.cookie.a = '2' end))", "false"],
    ["getmetatable(c.request), (pcall(setmetatable, c.request, {}))", "protected|false"],
    ["(function() local n = 0 for k in c.request.header() do n = n + 1 end return n end)()", "2"],
    [
      "(function() local t = {} for k, v in c.request.url_query() do t[#t + 1] = k .. v end return table.concat(t, ' ') end)()",
      "q1 z x",
    ],
    [
      "(function() local t = {} for k, v in c.request.cookie() do t[#t + 1] = k .. v end return table.concat(t, ' ') end)()",
      "a1 b2",
    ],
  ] as const) {
    test(expression, async () => assert.equal(await valueOf(expression, REQUEST), expected));
  }
});

describe("what a script changes in a request", () => {
  const headersOf = async (body: string): Promise<Record<string, string[]>> =>
    headerRecord(
      (await run(`function request(c) local h = c.request.header ${body} end`, REQUEST)).ctx.request.headers,
    );

  test("headers", async () => {
    const headers = await headersOf(
      "h['x-new'] = 'v' h.number = 5 h['X-MULTI'] = 'one' h.cookie = nil h.flag = true h.add('X-Add', '1') h.add('x-add', 2) h.add('', 'x') h.add('X-None', '') h.Host = 'other'",
    );
    assert.deepEqual(headers, {
      "x-new": ["v"],
      number: ["5"],
      "x-multi": ["one"],
      flag: [""],
      "x-add": ["1", "2"],
      host: ["www.example.org"],
    });
  });

  for (const [change, field, expected] of [
    ["url_path = '/n w'", "path", "/n w"],
    ["url_raw_query = 'a=b&c'", "rawQuery", "a=b&c"],
    ["url_raw_query = 'a b\\r\\nX: 1'", "rawQuery", "a%20b%0D%0AX:%201"],
    ["url = 'http://other:1/q/w?e=r'", "rawQuery", "e=r"],
    ["url = 'http://other:1/q/w?e=r'", "path", "/q/w"],
    ["url = '%zz'", "path", "/a b/c"],
    ["url_query.q = 'x y'", "rawQuery", "q=x+y&z=+x"],
    ["url_query.q = nil", "rawQuery", "z=+x"],
    ["url_query.n = 7", "rawQuery", "n=7&q=1&q=2&z=+x"],
    ["method = 'POST'", "method", "GET"],
    ["host = 'x'", "host", "www.example.org"],
  ] as const) {
    test(change, async () => {
      const { ctx } = await run(`function request(c) c.request.${change} end`, REQUEST);
      assert.equal(ctx.request[field], expected);
    });
  }

  test("the outgoing host", async () => {
    const { ctx } = await run("function request(c) c.request.outgoing_host = 'out.test' end");
    assert.equal(ctx.outgoingHost, "out.test");
  });
});

describe("a response", () => {
  test("is seen and changed in its phase", async () => {
    const script =
      "function response(c) c.response.header['X-Was'] = c.response.status_code c.response.status_code = 418 end";
    const { status, headers } = await runChain(`lua("${script}")`, {}, { status: 201, headers: [["A", "b"]] });
    assert.equal(status, 418);
    assert.deepEqual(headers, { a: ["b"], "x-was": ["201"] });
  });

  test("an error keeps what was changed before", async () => {
    const script =
      "function response(c) c.response.header.A = '1' c.response.status_code = 'x' c.response.header.B = '1' end";
    const env = fakeEnv();
    const { status, headers } = await runChain(`lua("${script}")`, {}, {}, env);
    assert.equal(status, 200);
    assert.deepEqual(headers, { a: ["1"] });
    assert.match(
      env.logged.join(),
      /^error Error calling response from function response.*: .*:1: unsupported status_code/,
    );
  });

  test("is replaced by serve", async () => {
    const script = "function response(c) c.serve({status_code = 500, body = 'mended'}) end";
    const { status, body } = await runChain(`lua("${script}")`, {}, { status: 502, body: ["broken"] });
    assert.deepEqual([status, body], [500, "mended"]);
  });
});

describe("serve", () => {
  for (const [call, status, headers, body] of [
    [
      "{status_code = 403, header = {foo = 5, bar = 'x', no = {}}, body = 'denied'}",
      403,
      { foo: ["5"], bar: ["x"] },
      "denied",
    ],
    ["{status_code = 200.7, body = {a = 1, b = {1, '<x>'}}}", 200, {}, '{"a":1,"b":[1,"\\u003cx\\u003e"]}'],
    ["{status_code = 204}", 204, {}, ""],
    ["{}", 0, {}, ""],
  ] as const) {
    test(call, async () => {
      const script = `function request(c) c.serve(${call}) end`.replaceAll('"', '\\"');
      const result = await runChain(
        `setResponseHeader("Pre", "1") -> lua("${script}") -> setResponseHeader("Post", "1") -> status(999)`,
      );
      assert.equal(result.status, status);
      assert.deepEqual(result.headers, { pre: ["1"], ...headers });
      assert.equal(result.body, body);
    });
  }

  test("gives a text for what it does not take, and the script goes on", async () => {
    assert.match(
      await valueOf("c.serve('x'), c.serve(), c.serve({body = {1, x = 2}})"),
      /^unsupported.*\|unsupported.*\|cannot encode/,
    );
  });
});

test("parameters by number and by key", async () => {
  const script =
    "function request(c, p) c.request.header.Out = table.concat({p[1], p[2], p[3], p.k, p.o, p.just, tostring(p[4])}, '|') end";
  const { ctx } = await run(script, {}, ["k=v=w", "o=", "just"]);
  assert.equal(ctx.request.headers.get("Out"), "k=v=w|o=|just|v=w|||nil");
});

describe("the state bag", () => {
  test("goes to other filters and to the response", async () => {
    const script =
      "function request(c) c.state_bag.text = 'abc' c.state_bag.number = 1.5 c.state_bag.flag = true c.state_bag.t = {1, {x = 'y'}} end function response(c) local b = c.state_bag c.response.header.Out = b.text .. b.number .. tostring(b.flag) .. b.t[2].x end";
    const { requestHeaders, headers } = await runChain(
      `lua("${script}") -> setContextRequestHeader("X-Text", "text") -> setContextRequestHeader("X-Number", "number") -> setContextRequestHeader("X-Flag", "flag")`,
    );
    assert.deepEqual(requestHeaders, { "x-text": ["abc"], "x-number": ["1.5"] });
    assert.deepEqual(headers, { out: ["abc1.5nily"] });
  });

  test("reads what other filters left, and sets a dynamic backend", async () => {
    const script =
      "function request(c) c.request.header.Out = tostring(c.state_bag['backend:dynamic:host']) .. tostring(c.state_bag['backend:timeout']) c.state_bag['backend:dynamic:url'] = 'http://x.test' end";
    const { ctx, requestHeaders } = await runChain(
      `setDynamicBackendHost("h.test") -> backendTimeout("1s") -> lua("${script}")`,
    );
    assert.deepEqual(requestHeaders, { out: ["h.testnil"] });
    assert.equal(ctx.dynamicUrl, "http://x.test");
    assert.equal(ctx.backendTimeoutMs, 1000);
  });
});

describe("the guide", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/guides/lua.md"), "utf8");
  const scripts = new Map(
    [...page.matchAll(/^```lua\n-- (\S+)\n([\s\S]*?)^```/gm)].map((found) => [found[1]!, found[2]!]),
  );

  test("has routes and scripts that load", () => {
    assert.ok(scripts.size >= 3);
    for (const [name, script] of scripts) assert.equal(lua.check([toByteString(script), []]), "", name);
    for (const [, text] of page.matchAll(/^```eskip\n([\s\S]*?)^```/gm)) {
      const { routes, error } = parseDocument(text!);
      assert.equal(error, null);
      for (const call of routes[0]!.filters) {
        if (call.name === "lua" && !String(call.args[0]).endsWith(".lua"))
          assert.equal(lua.check([call.args[0], []]), "");
      }
    }
  });

  test("tenant.lua", async () => {
    const { ctx } = await run(scripts.get("tenant.lua")!, { host: "shop.example.org" }, ["header=X-Tenant"]);
    assert.equal(ctx.request.headers.get("X-Tenant"), "shop");
  });

  test("deny.lua", async () => {
    const script = scripts.get("deny.lua")!;
    assert.equal((await run(script, { headers: [["X-Key", "secret"]] }, ["key=secret"])).ctx.served, false);
    const { ctx } = await run(script, {}, ["key=secret"]);
    assert.deepEqual([ctx.response.status, ctx.body], [401, '{"error":"key needed"}']);
  });

  test("timing.lua", async () => {
    const ctx = new FakeContext();
    const filter = new ScriptFilter(scripts.get("timing.lua")!, [], fakeEnv(), new ScriptTexts([]));
    await filter.request(ctx);
    ctx.hasResponse = true;
    await filter.response(ctx);
    assert.match(ctx.response.headers.get("X-Seconds") ?? "", /^\d\.\d{3}$/);
  });
});
