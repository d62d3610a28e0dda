// `npm run new -- filter fooBar [topic folder]` or `-- predicate FooBar`: writes the declaration, a test, the line in the index and the
// section of the reference. All checks are green afterwards; what is left is to say what the new one does, here and there.
// `-- plugin fooBar FOLDER` writes a project of its own.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { newPlugin } from "./new-plugin.ts";
import { kebabCase, registryFolders, root } from "./registries.ts";

const [noun, name, topic = "diag"] = process.argv.slice(2);

function fail(message: string): never {
  console.error(message);
  for (const use of ["filter fooBar [topic folder]", "predicate FooBar", "plugin fooBar FOLDER"]) {
    console.error(`npm run new -- ${use}`);
  }
  process.exit(2);
}

if (noun === "plugin") {
  if (!/^[A-Za-z]\w*$/.test(name ?? "")) fail("new: a name of letters and digits, please");
  if (process.argv[4] === undefined) fail("new: a folder for the project, please");
  const folder = path.resolve(root, topic);
  const problem = newPlugin(name!, folder);
  if (problem !== "") fail(`new: ${problem}`);
  console.log(`wrote ${folder}; run its test: cd ${topic} && npm test`);
  // The test, the compiler and the editor want the package with its types.
  if (!existsSync(path.join(root, "dist/types"))) run(process.execPath, "scripts/build.mjs", "--types");
  process.exit(0);
}

const registry = registryFolders.find((one) => one.noun === noun) ?? fail("new: filter, predicate or plugin?");
if (!/^[A-Za-z]\w*$/.test(name ?? "")) fail("new: a name of letters and digits, please");
if (!/^[a-z][a-z0-9-]*$/.test(topic)) fail("new: a topic folder of small letters, please");

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

const test = isFilter
  ? `// Behaviour of ${specName}, case by case.

import { testFilters } from "../../../test/support/filter-table.ts";

testFilters([
  { title: "sets its header", chain: "${specName}()", expect: { requestHeaders: { "x-${specName.toLowerCase()}": "1" } } },
]);
`
  : `// Behaviour of ${specName}, case by case.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { PredicateEnv, PredicateRequest } from "../spec/predicate.ts";
import { ${exportName} } from "./${kebab}.ts";

const env: PredicateEnv = { now: () => 0, random: () => 0, shuttingDown: () => false };

test("${specName} looks at the query", () => {
  const matches = ${exportName}.create([], env);
  for (const [rawQuery, expected] of [
    ["${specName}", true],
    ["", false],
  ] as const) {
    // Only what the predicate reads.
    assert.equal(matches({ rawQuery } as PredicateRequest), expected, rawQuery);
  }
});
`;

function write(file: string, text: string): void {
  const target = path.join(root, file);
  if (existsSync(target)) fail(`new: ${file} exists already`);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, text);
  console.log(`wrote ${file}`);
}

/** Adds the import, whose place the formatter finds, and the entry at the place of its name. */
function addToIndex(): void {
  const file = `${registry.folder}/index.ts`;
  const text = readFileSync(path.join(root, file), "utf8");
  const list = /(export const \w+Specs[^=]*= \[\n)([\s\S]*?)(\n?\];)/.exec(text);
  if (list === null) fail(`new: ${file} has no list`);
  const entries = list[2]!.split("\n").filter((line) => line.trim() !== "");
  const behind = registry.specs.findIndex((spec) => spec.name.toLowerCase() > specName.toLowerCase());
  entries.splice(behind < 0 ? entries.length : behind, 0, `  ${exportName},`);
  const withEntry = text.replace(list[0], () => `${list[1]}${entries.join("\n")}\n];`);
  const line = `import { ${exportName} } from "./${isFilter ? `${topic}/` : ""}${kebab}.ts";\n`;
  const at = withEntry.lastIndexOf("\nimport ") + 1;
  writeFileSync(path.join(root, file), withEntry.slice(0, at) + line + withEntry.slice(at));
  console.log(`listed in ${file}`);
}

function run(command: string, ...args: string[]): void {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) fail(`new: ${command} ${args.join(" ")} failed, see above`);
}

if (registry.specs.some((spec) => spec.name === specName)) fail(`new: there is a ${noun} ${specName}`);
write(`${folder}/${kebab}.ts`, declaration);
write(`${folder}/${kebab}.test.ts`, test);
addToIndex();
run(path.join(root, "node_modules/.bin/biome"), "check", "--write", folder, `${registry.folder}/index.ts`);
run(process.execPath, "scripts/gen-docs.ts");
console.log(`next: say in ${folder}/${kebab}.ts what it does and in its test how that shows, then run npm run docs`);
