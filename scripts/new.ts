// `npm run new -- filter fooBar [topic folder]` or `-- predicate FooBar`: writes the declaration, a test that fails until the work is
// done, and the line in the index.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { kebabCase, root } from "./registries.ts";

const [noun, name, topic = "diag"] = process.argv.slice(2);

function fail(message: string): never {
  console.error(`${message}\nnpm run new -- filter fooBar [topic folder]\nnpm run new -- predicate FooBar`);
  process.exit(2);
}

if (noun !== "filter" && noun !== "predicate") fail("new: filter or predicate?");
if (!/^[A-Za-z]\w*$/.test(name ?? "")) fail("new: a name of letters and digits, please");

const specName = name!;
const exportName = specName[0]!.toLowerCase() + specName.slice(1);
const kebab = kebabCase(specName);
const isFilter = noun === "filter";
const folder = isFilter ? `src/filters/${topic}` : "src/predicates";
const up = isFilter ? "../.." : "..";

const declaration = isFilter
  ? `// ${specName}: what it does, in one line (spec filters N).

import { defineFilter } from "${up}/spec/filter.ts";

export const ${exportName} = defineFilter({
  name: "${specName}",
  summary: "Does one thing to the request or the response.",
  args: [],
  examples: [{ route: '* -> ${specName}() -> "http://backend.test"', expect: { status: 200 } }],
  create() {
    return {
      request(ctx) {
        ctx.request.headers.set("X-${specName}", "1");
      },
    };
  },
});
`
  : `// ${specName}: which requests it matches, in one line (spec predicates N).

import { definePredicate } from "${up}/spec/predicate.ts";

export const ${exportName} = definePredicate({
  name: "${specName}",
  summary: "Matches requests that have something.",
  args: [],
  examples: ["r: ${specName}() -> <shunt>"],
  create() {
    return (request) => request.rawQuery === "${specName}";
  },
});
`;

const test = `// What ${specName} does, case by case.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ${exportName} } from "./${kebab}.ts";

test("${specName} does what its summary says", () => {
  assert.equal(${exportName}.name, "${specName}");
  assert.fail("say here what it must do, and check it");
});
`;

function write(file: string, text: string): void {
  const target = path.join(root, file);
  if (existsSync(target)) fail(`new: ${file} exists already`);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
  console.log(`wrote ${file}`);
}

/** Adds the import and the entry; the formatter sorts the imports, the list is kept sorted here. */
function addToIndex(): void {
  const file = `src/${noun}s/index.ts`;
  const text = readFileSync(path.join(root, file), "utf8");
  const list = /(export const \w+Specs[^=]*= \[\n)([\s\S]*?)(\n?\];)/.exec(text);
  if (list === null) fail(`new: ${file} has no list`);
  const entries = list[2]!.split("\n").filter((line) => line.trim() !== "");
  entries.push(`  ${exportName},`);
  entries.sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const withEntry = text.replace(list[0], () => `${list[1]}${entries.join("\n")}\n];`);
  const line = `import { ${exportName} } from "./${isFilter ? `${topic}/` : ""}${kebab}.ts";\n`;
  const at = withEntry.lastIndexOf("\nimport ") + 1;
  writeFileSync(path.join(root, file), withEntry.slice(0, at) + line + withEntry.slice(at));
  console.log(
    `listed in ${file}; next: biome check --write ${file}, then the declaration, its test and \`npm run docs\``,
  );
}

write(`${folder}/${kebab}.ts`, declaration);
write(`${folder}/${kebab}.test.ts`, test);
addToIndex();
