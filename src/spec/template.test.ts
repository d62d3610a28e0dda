// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholder syntax of templates
import assert from "node:assert/strict";
import { test } from "node:test";
import { Headers } from "../http/headers.ts";
import type { FilterContext } from "./context.ts";
import { Template } from "./template.ts";

function context(hasResponse = false): FilterContext {
  const headers = new Headers();
  headers.append("X-Id", "7");
  headers.append("X-Id", "8");
  headers.append("X-Empty", "");
  headers.append("X-Sneaky", "${request.method}");
  headers.append("Cookie", 'c="v w"');
  headers.append("X-Forwarded-For", "1.2.3.4:5, 9.9.9.9 ");
  const answer = new Headers();
  answer.append("X-Answer", "42");
  const params = new Map([
    ["id", "a/b"],
    ["*", "/rest"],
    [" id ", "blank"],
    ["\xc3\xa9", "accent"],
  ]);
  const request = {
    method: "GET",
    host: "h.test:80",
    path: "/p q",
    rawQuery: "q=1+2&Q=3&e=",
    remoteAddress: "127.0.0.1",
    headers,
  };
  // Only what templates read.
  return {
    request,
    response: { status: 200, headers: answer },
    hasResponse,
    pathParam: (name: string) => params.get(name) ?? "",
  } as unknown as FilterContext;
}

test("placeholders", () => {
  const cases: [source: string, expected: string | undefined, loose?: string][] = [
    ["", ""],
    ["text", "text"],
    ["\u00e9", "\xc3\xa9"],
    ["/v/${id}/x", "/v/a/b/x"],
    ["${*}${*}", "/rest/rest"],
    ["${ id }", "blank"],
    ["${\u00e9}", "accent"],
    ["$id", "$id"],
    ["${}", "${}"],
    ["${{id}}", "${{id}}"],
    ["$${id}", "$a/b"],
    ["${id", "${id"],
    ["${a${id}", "${aa/b"],
    ["${missing}", undefined, ""],
    ["a${missing}b${id}", undefined, "aba/b"],
    ["${request.header.x-id}", "7"],
    ["${request.header.X-Empty}", undefined, ""],
    ["${request.query.q}", "1 2"],
    ["${request.query.Q}", "3"],
    ["${request.query.e}", undefined, ""],
    ["${request.cookie.c}", "v w"],
    ["${request.cookie.C}", undefined, ""],
    ["${request.method} ${request.host}", "GET h.test:80"],
    ["${request.path}?${request.rawQuery}", "/p q?q=1+2&Q=3&e="],
    ["${request.source}", "1.2.3.4"],
    ["${request.sourceFromLast}", "9.9.9.9"],
    ["${request.clientIP}", "127.0.0.1"],
    ["${response.header.X-Answer}", undefined, ""],
    ["${toString}", undefined, ""],
    ["${request.header.X-Sneaky}${request.method}", "${request.method}GET"],
  ];
  for (const [source, expected, loose] of cases) {
    const template = new Template(source);
    assert.equal(template.apply(context()), expected, source);
    assert.equal(template.applyLoose(context()), loose ?? expected, source);
  }
});

test("response headers once there is a response", () => {
  assert.equal(new Template("${response.header.x-answer}").apply(context(true)), "42");
});

test("constant templates", () => {
  assert.ok(new Template("a").isConstant);
  assert.ok(!new Template("${a}").isConstant);
});
