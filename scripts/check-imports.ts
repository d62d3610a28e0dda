// Holds the direction of imports in src/: `node scripts/check-imports.ts` prints every import that breaks a rule, with the rule's
// reason, and ends with 1 when there is one. Tests and benchmarks beside the code may import anything: they only ever start.

import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { findImports, type Import, stripText } from "./source-text.ts";

/** A folder of src/ imports only folders of lower layers, and itself. */
const layers: readonly (readonly string[])[] = [
  ["util"],
  ["observability", "http", "eskip", "lua"],
  ["spec"],
  [
    "routing",
    "predicates",
    "filters",
    "resilience",
    "cluster",
    "secrets",
    "backends",
    "response-store",
    "data-clients",
    "kubernetes",
    "plugins",
  ],
  ["proxy"],
  ["runtime", "routesrv", "support"],
  ["config", "app"],
  ["bin", "index.ts"],
];

/** Neighbours in one layer that may be imported all the same. */
const neighbours: Readonly<Record<string, readonly string[]>> = {
  filters: ["resilience", "cluster", "secrets"],
  resilience: ["cluster"],
  app: ["config"],
};

/** Met as values in a registry by everything else. */
const registries = ["filters", "predicates", "data-clients", "kubernetes"];
const knowsRegistries = ["app"];

/** Libraries, where they may be imported, and what they save us. One in the request path needs a benchmark. */
const libraries: Readonly<Record<string, { where: RegExp; saves: string }>> = {
  "@opentelemetry/api": { where: /^src\/observability\//, saves: "the tracing of OpenTelemetry, with the four below" },
  "@opentelemetry/core": { where: /^src\/observability\//, saves: "its times and results" },
  "@opentelemetry/exporter-trace-otlp-proto": { where: /^src\/observability\//, saves: "OTLP over http/protobuf" },
  "@opentelemetry/resources": { where: /^src\/observability\//, saves: "the attributes of a process" },
  "@opentelemetry/sdk-trace": { where: /^src\/observability\//, saves: "spans, samplers and their batches" },
  "@prometheus-io/client": { where: /^src\/(observability|support)\//, saves: "the exposition formats" },
  "@redis/client": {
    where: /^src\/response-store\/second-level\//,
    saves: "the protocol of Redis, TLS and passwords; loaded only where servers are named",
  },
  re2js: { where: /^src\/util\/regexp\.ts$/, saves: "RE2 syntax in linear time (regexp.bench.ts)" },
  "xxhash-wasm": {
    where: /^src\/(util|backends|routing|observability)\//,
    saves: "XXH64, the hash of consistent hashing and of masked query values",
  },
  yaml: { where: /^src\/(config|kubernetes|eskip|app)\//, saves: "a YAML parser with positions" },
};

interface Source {
  /** Path from the root of the repository, with slashes. */
  readonly file: string;
  /** Folder below src/, or the file name of a file directly in it. */
  readonly part: string;
  readonly imports: readonly Import[];
  /** The text with comments and the contents of strings blanked. */
  readonly code: string;
}

interface Rule {
  readonly reason: string;
  /** Gives what breaks the rule in a file, one text each. */
  find(source: Source): string[];
}

function layerOf(part: string): number {
  return layers.findIndex((parts) => parts.includes(part));
}

/** The part of src/ that a relative import leads to, "" when it is another sort of import. */
function partOf(source: Source, specifier: string): string {
  if (!specifier.startsWith(".")) return "";
  const target = path.posix.join(path.posix.dirname(source.file), specifier);
  return target.startsWith("src/") ? target.split("/")[1]! : target;
}

function eachImport(broken: (source: Source, specifier: string, part: string) => boolean): Rule["find"] {
  return (source) =>
    source.imports
      .filter((item) => broken(source, item.specifier, partOf(source, item.specifier)))
      .map((item) => `line ${item.line}: imports ${item.specifier}`);
}

function eachMatch(applies: (file: string) => boolean, pattern: RegExp): Rule["find"] {
  return (source) => (applies(source.file) ? [...source.code.matchAll(pattern)].map((m) => `uses ${m[0]}`) : []);
}

const pure = /^src\/(eskip|http\/h1|lua|routing)\//;

const rules: readonly Rule[] = [
  {
    reason: "a folder imports lower layers only, types too: a cycle of types is still a cycle in the reader's head",
    find: eachImport((source, _specifier, part) => {
      if (part === "" || part === source.part) return false;
      if (neighbours[source.part]?.includes(part)) return false;
      return layerOf(part) < 0 || layerOf(part) >= layerOf(source.part);
    }),
  },
  {
    reason: "routing and proxy meet filters, predicates and data clients as values in a registry",
    find: eachImport(
      (source, _specifier, part) =>
        registries.includes(part) && part !== source.part && !knowsRegistries.includes(source.part),
    ),
  },
  {
    reason: "any filter can be read alone: no other filter, no layer above spec/, no sockets",
    find: eachImport((source, specifier, part) => {
      if (source.part !== "filters" || source.file === "src/filters/index.ts") return false;
      if (specifier === "node:net") return true;
      if (part === "filters") return isFilterFile(source, specifier);
      return !["", "util", "eskip", "http", "lua", "spec", "resilience", "cluster", "secrets"].includes(part);
    }),
  },
  {
    reason: "pure and fuzzable, usable from the CLI and from workers: no node: module but node:buffer",
    find: eachImport(
      (source, specifier) => pure.test(source.file) && specifier.startsWith("node:") && specifier !== "node:buffer",
    ),
  },
  {
    reason: "data clients return eskip Routes and know nothing of trees: the Route Server needs them without a proxy",
    find: eachImport(
      (source, _specifier, part) => ["kubernetes", "data-clients"].includes(source.part) && part === "routing",
    ),
  },
  {
    reason: "process.argv, .env and .exit belong to config/ and bin/: everything else runs in tests and workers",
    find: eachMatch((file) => !/^src\/(config|bin)\//.test(file), /\bprocess\.(argv|env|exit)\b/g),
  },
  {
    reason: "console belongs to log.ts and bin/",
    find: eachMatch((file) => !/^src\/(bin\/|observability\/log\.ts)/.test(file), /\bconsole\.\w+/g),
  },
  {
    reason: "no import for its side effects: registries are explicit sorted lists",
    find: (source) =>
      source.imports.filter((item) => item.sideEffect).map((item) => `line ${item.line}: imports ${item.specifier}`),
  },
  {
    reason:
      "an idle proxy stays small: these modules of Node come from util/lazy-builtin.ts, imported are their types alone",
    find: (source) =>
      [
        ...readFileSync(source.file, "utf8").matchAll(/^import (?!type\b).*"(node:(?:https?2?|tls|zlib|crypto))";$/gm),
      ].map((found) => `imports ${found[1]}`),
  },
  {
    reason: "a library stands in the table of scripts/check-imports.ts with its place and what it saves",
    find: eachImport((source, specifier) => {
      if (specifier.startsWith(".") || specifier.startsWith("node:")) return false;
      const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
      return !libraries[name]?.where.test(source.file);
    }),
  },
];

let filterFiles: Set<string> | null = null;

/** Whether the import leads to a file that filters/index.ts lists, and so to a filter and not to the factory of a family. */
function isFilterFile(source: Source, specifier: string): boolean {
  const index = sources.find((one) => one.file === "src/filters/index.ts");
  filterFiles ??= new Set(index?.imports.map((item) => path.posix.join("src/filters", item.specifier)));
  return filterFiles.has(path.posix.join(path.posix.dirname(source.file), specifier));
}

function readSource(file: string): Source {
  const text = readFileSync(file, "utf8");
  return { file, part: file.split("/")[1]!, imports: findImports(text), code: stripText(text) };
}

const sources = globSync("src/**/*.ts")
  .map((file) => file.replaceAll(path.sep, "/"))
  .filter((file) => !/\.(test|bench|reference|fixture)\.ts$/.test(file))
  .sort()
  .map(readSource);

let broken = 0;
for (const rule of rules) {
  const found = sources.flatMap((source) => rule.find(source).map((text) => `  ${source.file}: ${text}`));
  if (found.length === 0) continue;
  broken += found.length;
  console.log(`${rule.reason}\n${found.join("\n")}`);
}
for (const source of sources) {
  if (layerOf(source.part) >= 0) continue;
  broken++;
  console.log(`a folder of src/ has a layer in scripts/check-imports.ts\n  ${source.file}`);
}
console.log(`${sources.length} files, ${broken} imports or uses against the rules`);
process.exitCode = broken === 0 ? 0 : 1;
