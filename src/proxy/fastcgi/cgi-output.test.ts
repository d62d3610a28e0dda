import assert from "node:assert/strict";
import { test } from "node:test";
import { Headers } from "../../http/headers.ts";
import { readCgiOutput } from "./cgi-output.ts";

const rows: [text: string, status: number, headers: [string, string][], body: string][] = [
  ["Content-Type: a/b\r\n\r\nbody", 200, [["Content-Type", "a/b"]], "body"],
  ["Content-Type: a/b\n\nbody\n\n", 200, [["Content-Type", "a/b"]], "body\n\n"],
  [
    "Status: 201 Created\r\nX-A: 1\r\nX-A: 2\r\n\r\n",
    201,
    [
      ["X-A", "1"],
      ["X-A", "2"],
    ],
    "",
  ],
  ["X-A: 1\r\nstatus:404\r\n\r\nno", 404, [["X-A", "1"]], "no"],
  ["Status: 302 Moved \xe9\r\nLocation: /x\r\n\r\n", 302, [["Location", "/x"]], ""],
  ["Status: 204\r\n\r\n", 204, [], ""],
];

test("status, headers and body of a script", () => {
  for (const [text, status, headers, body] of rows) {
    const output = readCgiOutput(Buffer.from(text, "latin1"));
    assert.ok(output !== null, text);
    const lines: [string, string][] = [];
    const block = new Headers();
    block.reset(output.head.text, output.head.lines, output.head.lineCount);
    block.forEach((name, value) => {
      lines.push([name, value]);
    });
    assert.deepEqual([output.head.status, lines, output.body.toString("latin1")], [status, headers, body], text);
  }
});

test("what is no output of a script", () => {
  const texts = [
    "",
    "\r\nbody without headers",
    "Content-Type: a/b\r\n",
    "no colon\r\n\r\n",
    "X Y: 1\r\n\r\n",
    "X: a\0b\r\n\r\n",
    "Status: 2000\r\n\r\n",
    "Status: abc\r\n\r\n",
    "Status: 100\r\nX: 1\r\n\r\n",
    "Status: 20\r\nX: 1\r\n\r\n",
  ];
  for (const text of texts) assert.equal(readCgiOutput(Buffer.from(text, "latin1")), null, JSON.stringify(text));
});
