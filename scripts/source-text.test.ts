// What the checks of this folder see of a source file.

import assert from "node:assert/strict";
import { test } from "node:test";
import { findImports, stripText } from "./source-text.ts";

test("imports are found in every form, with their lines", () => {
  const text = [
    'import net from "node:net";',
    "import {",
    "  type A,",
    "  b,",
    '} from "./b.ts";',
    'import "./effect.ts";',
    'export { c } from "./c.ts";',
    'export const d = "not from";',
    'const e = await import("./e.ts");',
    'type F = import("./f.ts").F;',
    '// import "./comment.ts";',
    '/* import "./block.ts"; */',
  ].join("\n");
  assert.deepEqual(
    findImports(text).map((item) => [item.specifier, item.line, item.sideEffect]),
    [
      ["node:net", 1, false],
      ["./b.ts", 2, false],
      ["./effect.ts", 6, true],
      ["./c.ts", 7, false],
      ["./e.ts", 9, false],
      ["./f.ts", 10, false],
    ],
  );
});

test("comments and strings are blanked and keep their lines", () => {
  const stripped = stripText('a("process.exit"); // console.log\n/* x\n*/ b(`c`);');
  assert.equal(stripped, `a("            "); ${" ".repeat(14)}\n    \n   b(\` \`);`);
});
