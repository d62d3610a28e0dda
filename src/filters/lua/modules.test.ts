// The modules of lua(): base64, json, url, and http against a server on the loopback address.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { fromByteString } from "../../util/bytes.ts";
import { valueOf } from "./script-run.fixture.ts";

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
