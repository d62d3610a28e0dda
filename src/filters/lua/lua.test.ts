// lua(): what scripts see and change, what is refused, what is limited, and that the other requests do not notice.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  FakeContext,
  type FakeEnv,
  type FakeRequest,
  fakeEnv,
  headerRecord,
  runChain,
} from "../../../test/support/fake-context.ts";
import { parseDocument } from "../../eskip/parser.ts";
import type { LuaOptions } from "../../spec/env.ts";
import { fromByteString, toByteString } from "../../util/bytes.ts";
import { lua, luaWith } from "./lua.ts";
import { ScriptFilter } from "./script-filter.ts";

const OPTIONS: LuaOptions = fakeEnv().options.lua;

function envWith(options: Partial<LuaOptions>): FakeEnv {
  const env = fakeEnv();
  return { ...env, options: { ...env.options, lua: { ...OPTIONS, ...options } } };
}

interface Run {
  readonly ctx: FakeContext;
  readonly env: FakeEnv;
}

/** Runs `request` of a script over one request. */
async function run(
  script: string,
  given: FakeRequest = {},
  params: readonly string[] = [],
  env = fakeEnv(),
): Promise<Run> {
  const ctx = new FakeContext(given);
  const filter = new ScriptFilter(toByteString(script), params, env);
  await filter.request(ctx);
  filter.close();
  return { ctx, env };
}

/** What an expression of a script is: it comes back in a header. */
async function valueOf(expression: string, given: FakeRequest = {}, env = fakeEnv()): Promise<string> {
  const script = `local function text(...) local t = {...} for i = 1, select("#", ...) do t[i] = tostring(t[i]) end return table.concat(t, "|") end function request(c, p) c.request.header.Out = text(${expression}) end`;
  const { ctx } = await run(script, given, [], env);
  return ctx.request.headers.get("Out") ?? env.logged.join("\n");
}

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

describe("modules", () => {
  for (const [expression, expected] of [
    [
      "require('base64').encode('hello'), require('base64').decode('aGk='), require('base64').decode('!')",
      "aGVsbG8=|hi|nil|illegal base64 data",
    ],
    [
      "require('json').encode({a = {}, b = {1, 2.5, 'x', true}, c = {d = 'ä'}})",
      '{"a":[],"b":[1,2.5,"x",true],"c":{"d":"\u00e4"}}',
    ],
    ["require('json').encode({1, x = 2})", "nil|cannot encode mixed or invalid key types"],
    ["require('json').encode({1, [3] = 2})", "nil|cannot encode sparse array"],
    ["require('json').encode(print)", "nil|cannot encode function to JSON"],
    ["require('json').encode(1/0)", "nil|unsupported value: Infinity"],
    [
      "(function() local t = {} t.t = t return select(2, require('json').encode(t)) end)()",
      "cannot encode recursively nested tables to JSON",
    ],
    ["require('json').decode('{\"k\":[1,null,{\"x\":\"y\"}]}').k[3].x, (require('json').decode('{'))", "y|nil"],
    [`require('json').decode(('['):rep(5000) .. (']'):rep(5000))`, "nil|nested deeper than 100"],
    [
      "(function() local u = require('url').parse('http://u:p@h:8/p%20q?q=1#f') return table.concat({u.scheme, u.username, u.password, u.host, u.path, u.query, u.fragment}, ' ') end)()",
      "http u p h:8 /p q q=1 f",
    ],
    ["require('url').parse('http://h/%zz')", 'nil|parse "http://h/%zz": invalid URL escape in path'],
    [
      "require('url').build({scheme = 'https', host = 'z', path = '/a b', query = 'a=b', username = 'u', password = 'p:', fragment = 'f'})",
      "https://u:p%3A@z/a%20b?a=b#f",
    ],
    [
      "require('url').build_query_string({a = 'b c', l = {1, 2}, t = {x = 'y'}})",
      "a=b+c&l%5B%5D=1&l%5B%5D=2&t%5Bx%5D=y",
    ],
    [
      "require('url').resolve('http://a/b/c', '../d'), require('url').resolve('http://a/b/c?q', '?x'), require('url').resolve('http://a/b/', '//h/x')",
      "http://a/d|http://a/b/c?x|http://h/x",
    ],
    ["(pcall(require, 'nosuch'))", "false"],
  ] as const) {
    test(expression.slice(0, 90), async () => assert.equal(fromByteString(await valueOf(expression)), expected));
  }

  describe("http", () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(
        `${request.method} ${request.url} ${request.headers.cookie ?? ""} ${request.headers.authorization ?? ""}`,
      );
      let body = "";
      request.on("data", (piece) => {
        body += piece;
      });
      request.on("end", () => {
        if (request.url === "/slow") return;
        if (request.url === "/moved") response.writeHead(302, { Location: "/there" }).end();
        else if (request.url === "/huge") response.end(Buffer.alloc(5 << 20));
        else response.writeHead(200, { "X-Name": "v", "Set-Cookie": "s=t; Path=/" }).end(`${body}!`);
      });
    });
    let origin = "";
    before(async () => {
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(() => {
      server.closeAllConnections();
      server.close();
    });
    const ask = (expression: string): Promise<string> =>
      valueOf(`(function() local http = require('http') ${expression.replaceAll("ORIGIN", origin)} end)()`);

    for (const [script, expected] of [
      [
        "local r = http.get('ORIGIN/a', {query = 'x=1'}) return table.concat({r.status_code, r.body, r.body_size, r.headers['X-Name'], r.cookies.s}, ' ')",
        /^200 ! 1 v t$/,
      ],
      [
        "local r = http.post('ORIGIN/p', {body = 'text', cookies = {c = 'd'}, auth = {user = 'u', pass = 'p'}}) return r.body",
        /^text!$/,
      ],
      ["return http.put('ORIGIN/p', {form = {a = 'b c'}}).body", /^a=b\+c!$/],
      ["local r = http.request('delete', 'ORIGIN/moved') return r.url .. r.body", /\/there!$/],
      ["return select(2, http.get('ORIGIN/slow', {timeout = 0.05}))", /no answer within 50 ms$/],
      ["return select(2, http.get('ORIGIN/slow', {timeout = '50ms'}))", /no answer within 50 ms$/],
      ["return select(2, http.get('ORIGIN/huge'))", /the body is longer than/],
      ["return select(2, http.get('http://127.0.0.1:1/'))", /ECONNREFUSED/],
      ["return select(2, http.get('ftp://x/'))", /unsupported protocol/],
      ["return select(2, http.get('nonsense'))", /invalid URL/],
      [
        "local r, e = http.request_batch({{'get', 'ORIGIN/1'}, {'post', 'ORIGIN/2', {body = 'b'}}, {}}) return r[1].body .. r[2].body .. e[3]",
        /^!b!expected a table/,
      ],
    ] as const) {
      test(script.slice(0, 80), async () => assert.match(await ask(script), expected));
    }

    test("sends what the script says", () => {
      assert.ok(seen.includes("GET /a?x=1  "));
      assert.ok(seen.includes("POST /p c=d Basic dTpw"));
    });
  });
});

describe("the sandbox", () => {
  for (const [expression, expected] of [
    ["type(io), type(debug), type(channel), type(dofile), type(loadfile)", "nil|nil|nil|nil|nil"],
    ["type(os.execute), type(os.getenv), type(os.exit), type(os.remove), type(os.time())", "nil|nil|nil|nil|number"],
    ["type(os.date()), type(package.loadlib), type(string.dump)", "string|nil|function"],
    ["(pcall(string.dump, print)), (loadstring('\\27Lua'))", "false|nil"],
  ] as const) {
    test(expression, async () => assert.equal(await valueOf(expression), expected));
  }

  for (const [modules, expression, expected] of [
    [
      ["base", "package", "json", "table"],
      "type(os), type(require), type(string), (pcall(require, 'base64')), (pcall(require, 'json'))",
      "nil|function|nil|false|true",
    ],
    [["base", "table", "string.rep"], "type(string.rep), type(string.sub), type(require)", "function|nil|nil"],
    [["base", "table", "os.time"], "type(os.time), type(os.date)", "function|nil"],
  ] as const) {
    test(`-lua-modules=${modules}`, async () =>
      assert.equal(await valueOf(expression, {}, envWith({ modules })), expected));
  }

  test("-lua-modules with single symbols of the basic library", async () => {
    const env = envWith({ modules: ["base.tostring", "base.print"] });
    await run("function request() print(tostring(pcall), tostring(sleep), tostring(print ~= nil)) end", {}, [], env);
    assert.deepEqual(env.logged, ["info nilniltrue"]);
  });

  test("-lua-modules=none leaves nothing", async () => {
    const env = envWith({ modules: ["none"] });
    const { ctx } = await run(
      "function request(c) if not print and not _G then c.request.header.Out = 'none' end end",
      {},
      [],
      env,
    );
    assert.equal(ctx.request.headers.get("Out"), "none");
  });

  test("a script that keeps its request gets an error afterwards", async () => {
    const filter = new ScriptFilter(
      "function request(c) kept = kept or c c.request.header.A = '1' c.x = 1 old = kept.request end",
      [],
      fakeEnv(),
    );
    const env = fakeEnv();
    const other = new ScriptFilter("local f function request(c) f = f or c.request.header local x = f.a end", [], env);
    for (let i = 0; i < 8; i++) {
      await filter.request(new FakeContext());
      await other.request(new FakeContext());
    }
    assert.deepEqual(env.logged, []);
  });
});

describe("limits", () => {
  test("an endless loop ends, its request goes on, and others get their turns", async () => {
    const env = fakeEnv();
    let turns = 0;
    let longest = 0;
    let last = process.cpuUsage().user;
    let watching = true;
    const watch = (): void => {
      const { user } = process.cpuUsage();
      longest = Math.max(longest, user - last);
      last = user;
      turns++;
      if (watching) setImmediate(watch);
    };
    setImmediate(watch);
    const { ctx } = await run("function request(c) c.request.header.A = '1' while true do end end", {}, [], env);
    watching = false;
    assert.equal(ctx.request.headers.get("A"), "1");
    assert.match(env.logged.join(), /^error Error calling request from .*: more than 5000000 instructions$/);
    assert.ok(turns > 20, `${turns} turns`);
    assert.ok(longest < 250_000, `${longest} us of CPU in one turn`);
  });

  test("a full memory ends the call, and the next has a new interpreter", async () => {
    const env = envWith({ maxMemoryBytes: 1 << 20 });
    const filter = new ScriptFilter(
      "kept = {} function request(c) for i = 1, 1e6 do kept[#kept + 1] = {} end end",
      [],
      env,
    );
    for (let i = 0; i < 5; i++) await filter.request(new FakeContext());
    assert.equal(env.logged.length, 5);
    for (const line of env.logged) assert.match(line, /more than 1048576 bytes of memory/);
  });

  test("the log of a script that fails or prints without end is bounded", async () => {
    let now = 0;
    const env = { ...fakeEnv(), now: () => now };
    const filter = new ScriptFilter("function request() for i = 1, 100 do print(i) end error('x') end", [], env);
    await filter.request(new FakeContext());
    assert.equal(env.logged.length, 50);
    now = 1000;
    await filter.request(new FakeContext());
    assert.equal(env.logged.length, 100);
  });

  test("an error with a value that is no text", async () => {
    const { env } = await run(
      "function request() error(setmetatable({}, {__tostring = function() error('again') end})) end",
    );
    assert.match(env.logged.join(), /Error calling request/);
  });
});

describe("waiting", () => {
  test("sleep holds its request only, and each request has a machine of its own", async () => {
    const filter = new ScriptFilter(
      "local n = 0 function request(c, p) n = n + 1 sleep(20) n = n - 1 c.request.header.N = tostring(n) end",
      [],
      fakeEnv(),
    );
    const contexts = Array.from({ length: 20 }, () => new FakeContext());
    const before = performance.now();
    await Promise.all(contexts.map((ctx) => filter.request(ctx)));
    assert.ok(performance.now() - before < 400, "they slept at the same time");
    for (const ctx of contexts) assert.equal(ctx.request.headers.get("N"), "0");
  });

  test("works within pcall, coroutines and callbacks", async () => {
    assert.equal(
      await valueOf(
        "pcall(function() sleep(1) return 1 end), (coroutine.wrap(function() sleep(1) return 2 end))(), (('x'):gsub('x', function() sleep(1) return 3 end))",
      ),
      "true|2|3",
    );
  });

  test("is refused while a script is loaded", () => {
    assert.match(lua.check(["sleep(1) function request() end", []]), /attempt to wait/);
  });
});

describe("scripts that cannot be used", () => {
  for (const [script, expected] of [
    ["local x = 1", /at least one of `request` and `response`/],
    ["request = 5", /at least one/],
    ["function request(", /:1: .* near '<eof>'/],
    ["error('at load')", /at load/],
    ["while true do end function request() end", /more than 5000000 instructions/],
    ["require('nosuch') function request() end", /module 'nosuch' not found/],
    ["/no/such/file.lua", /failed to read/],
  ] as const) {
    test(script, () => assert.match(lua.check([script, []]), expected));
  }

  for (const [options, script, expected] of [
    [{ enabled: false }, "function request() end", "lua is not enabled: it needs -enable-lua"],
    [{ sources: ["none"] }, "function request() end", "lua Sources are disabled"],
    [{ sources: ["file"] }, "function request() end", 'invalid lua source referenced "inline", allowed: "[file]"'],
    [{ sources: ["inline"] }, "x.lua", 'invalid lua source referenced "file", allowed: "[inline]"'],
    [{ sources: ["file", "inline"] }, "function request() end", ""],
    [{ sources: [] }, "function response() end", ""],
  ] as const) {
    test(JSON.stringify(options), () =>
      assert.equal(luaWith({ ...OPTIONS, ...options }).check([script, []]), expected),
    );
  }
});

describe("files", () => {
  const folder = mkdtempSync(join(tmpdir(), "lua-"));
  const file = join(folder, "scripts/s.lua");
  const options = { sources: [join(folder, "scripts")] };
  before(() => {
    mkdirSync(join(folder, "scripts/lib/deep"), { recursive: true });
    writeFileSync(file, "local m = require('lib.m') function request(c) c.request.header.Out = m.name end");
    writeFileSync(join(folder, "scripts/lib/m.lua"), "return {name = 'm1'}");
    writeFileSync(join(folder, "scripts/lib/deep/init.lua"), "return 'deep'");
    writeFileSync(join(folder, "outside.lua"), "function request() end");
    symlinkSync(join(folder, "outside.lua"), join(folder, "scripts/link.lua"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const check = (script: string): string => luaWith({ ...OPTIONS, ...options }).check([script, []]);

  test("and modules come from the folders of -lua-sources", async () => {
    assert.equal(check(file), "");
    const { ctx } = await run(file, {}, [], envWith(options));
    assert.equal(ctx.request.headers.get("Out"), "m1");
  });

  for (const [script, expected] of [
    ["outside.lua", /lies in none of/],
    ["scripts/link.lua", /lies in none of/],
    ["scripts/../outside.lua", /lies in none of/],
    ["scripts/none.lua", /lies in none of|failed to read/],
  ] as const) {
    test(`${script} is refused`, () => assert.match(check(join(folder, script)), expected));
  }

  test("a module is no path, and is not looked for later", async () => {
    writeFileSync(
      join(folder, "scripts/r.lua"),
      "x = {pcall(require, '../outside')} function request(c) c.request.header.Out = tostring(x[1]) .. tostring(pcall(require, 'lib.deep')) end",
    );
    const { ctx } = await run(join(folder, "scripts/r.lua"), {}, [], envWith(options));
    assert.equal(ctx.request.headers.get("Out"), "falsefalse");
  });

  test("a change is taken over, a broken one is not", async () => {
    const watched = join(folder, "scripts/w.lua");
    const write = (name: string): void =>
      writeFileSync(watched, `function request(c) c.request.header.Out = '${name}' end`);
    write("one");
    const env = envWith(options);
    const filter = new ScriptFilter(watched, [], env);
    const seen = async (): Promise<string> => {
      const ctx = new FakeContext();
      await filter.request(ctx);
      return ctx.request.headers.get("Out") ?? "";
    };
    const logged = async (pattern: RegExp): Promise<void> => {
      for (let i = 0; i < 1000 && !env.logged.some((line) => pattern.test(line)); i++)
        await new Promise((go) => setTimeout(go, 20));
      assert.match(env.logged.join("\n"), pattern);
    };
    try {
      assert.equal(await seen(), "one");
      writeFileSync(watched, "function request(");
      await logged(/^error lua: .*w\.lua has changed and cannot be used, the last good version stays: .*w\.lua:1: /m);
      assert.equal(await seen(), "one");
      write("three");
      await logged(/^info lua: .*w\.lua was reloaded/m);
      assert.equal(await seen(), "three");
    } finally {
      filter.close();
    }
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
    const filter = new ScriptFilter(scripts.get("timing.lua")!, [], fakeEnv());
    await filter.request(ctx);
    ctx.hasResponse = true;
    await filter.response(ctx);
    assert.match(ctx.response.headers.get("X-Seconds") ?? "", /^\d\.\d{3}$/);
  });
});
