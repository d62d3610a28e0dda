import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpDate } from "../date.ts";
import { isReplayable, methodAt } from "../method.ts";
import { statusText } from "../status.ts";
import { requestLine, statusLine } from "./head-writer.ts";

test("status lines of all codes", () => {
  assert.equal(statusLine(200, 1), "HTTP/1.1 200 OK\r\n");
  assert.equal(statusLine(404, 0), "HTTP/1.0 404 Not Found\r\n");
  assert.equal(statusLine(299, 1), "HTTP/1.1 299 status code 299\r\n");
  for (let status = 100; status <= 999; status++) {
    assert.match(statusLine(status, 1), new RegExp(`^HTTP/1\\.1 ${status} [ -~]+\\r\\n$`));
  }
  assert.equal(statusText(413), "Request Entity Too Large");
  assert.equal(statusText(599), "");
});

test("the request line", () => {
  assert.equal(requestLine("GET", "/a?b"), "GET /a?b HTTP/1.1\r\n");
});

test("the date changes with the second", () => {
  const date = new HttpDate();
  const start = Date.UTC(1994, 10, 6, 8, 49, 37);
  assert.equal(date.at(start), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.equal(date.at(start + 999), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.equal(date.at(start + 1000), "Sun, 06 Nov 1994 08:49:38 GMT");
  assert.equal(date.at(start), "Sun, 06 Nov 1994 08:49:37 GMT", "also when the clock is set back");
});

test("methods are found by their bytes", () => {
  const known = ["GET", "PUT", "HEAD", "POST", "PATCH", "TRACE", "DELETE", "OPTIONS", "CONNECT"];
  for (const method of [...known, "get", "GAT", "PRI", "PUL", "CONNECX", "PROPFIND", "G", "A-LONG-ONE"]) {
    assert.equal(methodAt(Buffer.from(`##${method} /`), 2, 2 + method.length), method);
  }
  assert.deepEqual(known.filter(isReplayable), ["GET", "HEAD", "TRACE", "OPTIONS"]);
});
