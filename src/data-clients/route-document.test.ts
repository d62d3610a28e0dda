import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RecordingHost } from "../../test/support/recording-host.ts";
import type { ParseError } from "../eskip/parse-error.ts";
import { parseDocument } from "../eskip/parser.ts";
import { printExpression } from "../eskip/printer.ts";
import { ContentFailure, MemoryContent } from "./route-content.ts";
import { RouteDocument } from "./route-document.ts";

function content(text: string): MemoryContent {
  const bytes = Buffer.from(text);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return new MemoryContent(shared);
}

/** What is in force according to the document alone: the last route of each id. */
function expected(text: string): Map<string, string> {
  return new Map(parseDocument(text).routes.map((route) => [route.id, printExpression(route)]));
}

function inForce(host: RecordingHost): Map<string, string> {
  return new Map([...host.routes].map(([id, route]) => [id, printExpression(route)]));
}

function sorted(map: Map<string, string>): [string, string][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

const routes = Array.from({ length: 1000 }, (_, i) => `r${i}: Path("/p${i}") -> status(200) -> <shunt>;`);

const edits: { name: string; change: (lines: string[]) => string[]; upserts: string[]; deletes: string[] }[] = [
  {
    name: "one line in the middle",
    change: (l) => l.with(500, `r500: Path("/new") -> <shunt>;`),
    upserts: ["r500"],
    deletes: [],
  },
  { name: "the first line", change: (l) => l.with(0, `r0: * -> <shunt>;`), upserts: ["r0"], deletes: [] },
  { name: "the last line", change: (l) => l.with(999, `r999: * -> <shunt>;`), upserts: ["r999"], deletes: [] },
  { name: "a line more at the end", change: (l) => [...l, "x: * -> <shunt>;"], upserts: ["x"], deletes: [] },
  { name: "a line more at the begin", change: (l) => ["x: * -> <shunt>;", ...l], upserts: ["x"], deletes: [] },
  { name: "a line less", change: (l) => l.toSpliced(10, 1), upserts: [], deletes: ["r10"] },
  { name: "an id changed", change: (l) => l.with(3, l[3]!.replace("r3:", "y:")), upserts: ["y"], deletes: ["r3"] },
  { name: "two lines swapped", change: (l) => l.with(3, l[4]!).with(4, l[3]!), upserts: [], deletes: [] },
  {
    name: "three lines far from each other",
    change: (l) => l.with(5, "r5: * -> <shunt>;").toSpliced(500, 1).with(998, "z: * -> <shunt>;"),
    upserts: ["r5", "z"],
    deletes: ["r500", "r999"],
  },
  { name: "a line moved", change: (l) => [...l.toSpliced(10, 1), l[10]!], upserts: [], deletes: [] },
  { name: "a comment", change: (l) => l.with(7, `// here\n${l[7]}`), upserts: [], deletes: [] },
  { name: "white space", change: (l) => l.with(7, l[7]!.replace("->", "  ->\n")), upserts: [], deletes: [] },
  { name: "a line commented out", change: (l) => l.with(7, `// ${l[7]}`), upserts: [], deletes: ["r7"] },
  {
    name: "all but one line gone",
    change: (l) => l.slice(0, 1),
    upserts: [],
    deletes: routes.slice(1).map((_, i) => `r${i + 1}`),
  },
  { name: "everything gone", change: () => [], upserts: [], deletes: routes.map((_, i) => `r${i}`) },
  {
    name: "the id of another line",
    change: (l) => l.with(5, "r900: * -> <shunt>;"),
    upserts: ["r900"],
    deletes: ["r5"],
  },
];

for (const { name, change, upserts, deletes } of edits) {
  test(`an edit touches only the routes it changes: ${name}`, () => {
    const host = new RecordingHost();
    const document = new RouteDocument("routes.eskip");
    document.accept(content(routes.join("\n")), host);
    assert.equal(host.transactions.length, 1);
    const text = change(routes).join("\n");
    document.accept(content(text), host);
    assert.deepEqual(sorted(inForce(host)), sorted(expected(text)));
    if (name === "the id of another line") return;
    const last = host.transactions[1] ?? { upserts: [], deletes: [] };
    assert.deepEqual(last.upserts, upserts);
    assert.deepEqual(last.deletes, deletes);
  });
}

const broken = [
  ["a missing semicolon", (text: string) => text.replace("<shunt>;\nr500", "<shunt>\nr500")],
  ["a broken line", (text: string) => text.replace(`Path("/p500")`, "Path(")],
  ["a string left open", (text: string) => text.replace(`"/p500"`, `"/p500`)],
  ["a route without id", (text: string) => text.replace("r500: ", "")],
  ["a route without id at the end", (text: string) => text.replace("r999: ", "")],
  ["text behind the last route", (text: string) => `${text} x`],
] as const;

for (const [name, change] of broken) {
  test(`a broken edit changes nothing, mending it does: ${name}`, () => {
    const host = new RecordingHost();
    const document = new RouteDocument("routes.eskip");
    const good = routes.join("\n");
    document.accept(content(good), host);
    const bad = change(good);
    const { error } = parseDocument(bad);
    assert.ok(error !== null);
    assert.throws(() => document.accept(content(bad), host), refusal(error));
    assert.equal(host.transactions.length, 1);
    document.accept(content(good.replace("/p7", "/seven")), host);
    assert.deepEqual(host.transactions[1], { initial: false, upserts: ["r7"], deletes: [] });
  });
}

test("a first content that does not parse leaves the document unloaded", () => {
  const host = new RecordingHost();
  const document = new RouteDocument("routes.eskip");
  assert.throws(() => document.accept(content("r: * -> <shunt>; broken"), host), ContentFailure);
  assert.equal(document.loaded, false);
  assert.deepEqual(host.transactions, []);
  document.accept(content(""), host);
  assert.deepEqual(host.transactions, [{ initial: true, upserts: [], deletes: [] }]);
});

function refusal({ message, explanation }: ParseError): ContentFailure {
  return new ContentFailure(`${message} (routes.eskip, ${explanation})`);
}

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat(6), fc.nat(3)).map(([id, path]) => `r${id}: Path("/${path}") -> <shunt>;`) },
  fc.constantFrom(
    "\n",
    " ",
    ";",
    "// c",
    "\n//",
    `"`,
    "r1: * ->",
    "* -> <shunt>",
    "<shunt>",
    "r2",
    ":",
    "é",
    "/",
    "//\n",
  ),
);

test("any sequence of documents leaves the routes of the last one that parses", () => {
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(11), fc.nat(3), fc.array(piece, { maxLength: 3 })), { maxLength: 8 }),
      (first, changes) => {
        const host = new RecordingHost();
        const document = new RouteDocument("routes.eskip");
        let pieces = first;
        let good = "";
        for (const change of [null, ...changes]) {
          if (change !== null) pieces = pieces.toSpliced(change[0], change[1], ...change[2]);
          const text = pieces.join("");
          const { error } = parseDocument(text);
          if (error === null) good = text;
          if (error === null) document.accept(content(text), host);
          else assert.throws(() => document.accept(content(text), host), refusal(error));
          assert.deepEqual(sorted(inForce(host)), sorted(expected(good)), JSON.stringify(text));
        }
      },
    ),
    { numRuns: 3000 },
  );
});
