// `node scripts/check-tree.ts`: what is listed exists and what exists is listed. Each filter and predicate is exported from the file
// of its name, stands in its index and is tested; long files say why; pages name and link to files that are there; the eskip in
// the guides and examples is valid.

import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseDocument, parseFilters } from "../src/eskip/parser.ts";
import type { Call, Route } from "../src/eskip/route.ts";
import { checkArgs } from "../src/spec/args.ts";
import { registryFolders, root, typescriptFiles } from "./registries.ts";

const longFileLines = 400;
const problems: string[] = [];

function read(file: string): string {
  return readFileSync(path.join(root, file), "utf8");
}

function isSpec(value: unknown): value is { name: string } {
  return typeof value === "object" && value !== null && "name" in value && "create" in value && "args" in value;
}

/** Whether a text holds the name as a word of its own. */
function isNamed(name: string, text: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!/\w/.test(text[at - 1] ?? "") && !/\w/.test(text[at + name.length] ?? "")) return true;
  }
  return false;
}

/** The name without what differs between a file name and an identifier. */
function bare(name: string): string {
  return name.replaceAll("-", "").toLowerCase();
}

async function checkRegistry({ folder, noun, specs }: (typeof registryFolders)[number]): Promise<void> {
  const listed = new Set<unknown>(specs);
  const files = typescriptFiles(folder);
  const tests = [...files.filter((file) => file.endsWith(".test.ts")), ...typescriptFiles("test")].map(read).join("\n");
  const exported = new Set<unknown>();
  for (const file of files.filter((one) => !/\.(test|bench)\.ts$|\/index\.ts$/.test(one))) {
    const module = (await import(path.join(root, file))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module)) {
      if (!isSpec(value)) continue;
      exported.add(value);
      if (!listed.has(value)) problems.push(`${file}: ${noun} ${value.name} is not listed in ${folder}/index.ts`);
      // The name of the spec serves where the language keeps the word for itself (true, false).
      if (![name, value.name].map(bare).includes(bare(path.basename(file, ".ts")))) {
        problems.push(`${file}: exports ${name}, which belongs into a file of its name`);
      }
    }
  }
  const names = specs.map((spec) => spec.name);
  for (const [i, spec] of specs.entries()) {
    if (!exported.has(spec)) problems.push(`${folder}/index.ts: ${spec.name} comes from no file of ${folder}`);
    if (names.indexOf(spec.name) !== i) problems.push(`${folder}/index.ts: ${spec.name} is listed twice`);
    if (spec.examples.length === 0) problems.push(`${noun} ${spec.name} has no example`);
    // The examples of filters run as tests; those of predicates are only parsed.
    if (noun === "predicate" && !isNamed(spec.name, tests)) problems.push(`predicate ${spec.name} is named in no test`);
  }
  const sorted = names.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  if (names.join() !== sorted.join()) problems.push(`${folder}/index.ts: the list is not sorted by name`);
}

/** A file above the limit says so in its opening comment: `Long because ...` or the word "lines". */
function checkLength(file: string): void {
  const lines = read(file).split("\n");
  if (lines.length - 1 <= longFileLines) return;
  const end = lines.findIndex((line) => !line.startsWith("//"));
  const opening = lines.slice(0, end).join("\n");
  if (!/\b(long|lines)\b/i.test(opening)) {
    problems.push(`${file}: ${lines.length - 1} lines, and its opening comment does not say why it is that long`);
  }
}

function checkOpening(file: string): void {
  if (!file.endsWith(".test.ts") && !/^(#!.*\n)?\/[/*]/.test(read(file)))
    problems.push(`${file}: has no opening comment`);
}

/** Made by `npm run build`, so not there in a fresh clone. */
const built = "dist/";

/** Every `path/file.ext` and `folder/` in backquotes exists. */
function checkNamedFiles(page: string): void {
  for (const match of read(page).matchAll(/`((?!\/)[\w./-]*(?:\/|\.(?:ts|mjs|md|json|eskip)))`/g)) {
    const name = match[1]!;
    const isThere = ["", "src/"].some((from) => existsSync(path.join(root, from, name)));
    const isFileName =
      !name.includes("/") && globSync(`{src,bench,scripts,test,docs}/**/${name}`, { cwd: root }).length > 0;
    if (name !== built && !isThere && !isFileName) problems.push(`${page}: names ${name}, which does not exist`);
  }
}

/** Every link of a page to a file of the repository leads to one. */
function checkLinks(page: string): void {
  for (const match of read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
    const target = path.join(root, path.dirname(page), match[1]!);
    if (!existsSync(target)) problems.push(`${page}: links to ${match[1]}, which does not exist`);
  }
}

/** Names and arguments of a route or of a chain of filters, against the declarations. */
function checkCalls(where: string, noun: string, calls: readonly Call[]): void {
  const specs = registryFolders.find((one) => one.noun === noun)!.specs;
  for (const call of calls) {
    const spec = specs.find((one) => one.name === call.name);
    if (spec === undefined) problems.push(`${where}: unknown ${noun} ${call.name}`);
    else if (!spec.anyArgs) {
      const checked = checkArgs(spec.args, call.args);
      const problem = "error" in checked ? checked.error.message : spec.check(checked.values);
      if (problem !== "") problems.push(`${where}: ${call.name}: ${problem}`);
    }
  }
}

function checkEskip(where: string, text: string): void {
  const { routes, error } = parseDocument(text);
  if (error === null) {
    for (const route of routes as Route[]) {
      checkCalls(where, "filter", route.filters);
      checkCalls(where, "predicate", route.predicates);
    }
    return;
  }
  const chain = parseFilters(text);
  if (chain.error === null) checkCalls(where, "filter", chain.filters);
  else problems.push(`${where}: ${error.message}`);
}

/** The blocks of a page that are marked as eskip. */
function checkEskipBlocks(page: string): void {
  for (const match of read(page).matchAll(/^```eskip\n([\s\S]*?)^```/gm)) {
    const line = read(page).slice(0, match.index).split("\n").length;
    checkEskip(`${page}:${line}`, match[1]!);
  }
}

for (const one of registryFolders) await checkRegistry(one);
for (const file of ["src", "test", "bench", "scripts"].flatMap(typescriptFiles)) {
  checkLength(file);
  checkOpening(file);
}
const pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...globSync("docs/{guides,}/*.md", { cwd: root })];
for (const page of pages) {
  checkNamedFiles(page);
  checkLinks(page);
  checkEskipBlocks(page);
}
for (const file of globSync("examples/*.eskip", { cwd: root })) checkEskip(file, read(file));

for (const problem of problems) console.log(problem);
console.log(`${problems.length} faults in the tree`);
process.exitCode = problems.length === 0 ? 0 : 1;
