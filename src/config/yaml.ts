// The configuration file: a YAML 1.1 mapping of option names to values (spec route-sources 8.2). Keeps the text of every scalar, so
// that `routes-file: 007` stays text. The YAML library is loaded only when there is a file, or a flag that holds YAML.

import { createRequire } from "node:module";
import type { Node } from "yaml";
import { fieldName, Invalid, type OptionSpec, type YamlNode } from "./option.ts";

export type YamlResult =
  | { readonly values: Readonly<Record<string, unknown>>; readonly given: readonly string[] }
  | { readonly error: string };

/** The values that `text` sets, by field name; unknown keys are ignored, null means the default. */
export function parseConfigFile(specs: readonly OptionSpec[], text: string): YamlResult {
  const root = readYaml(text);
  if (root instanceof Invalid) return { error: `yaml: ${root.message}` };
  if (root.type === "scalar" && root.value === null) return { values: {}, given: [] };
  if (root.type !== "map") return { error: `line ${root.line}: expected a mapping of option names to values` };
  const byKey = new Map<string, OptionSpec>();
  for (const spec of specs) if (spec.yamlKey !== null) byKey.set(spec.yamlKey, spec);
  const values: Record<string, unknown> = {};
  const given: string[] = [];
  for (const [key, node] of root.entries) {
    const spec = byKey.get(key);
    if (spec === undefined) continue;
    given.push(spec.name);
    if (node.type === "scalar" && node.value === null) {
      delete values[fieldName(spec.name)];
      continue;
    }
    const value = spec.kind.fromYaml(node);
    if (value instanceof Invalid) return { error: `${key}: ${value.message}` };
    values[fieldName(spec.name)] = value;
  }
  return { values, given };
}

/** A document as nodes, or what is wrong with it. */
export function readYaml(text: string): YamlNode | Invalid {
  // Required, since a flag is read at once.
  const library = createRequire(import.meta.url)("yaml") as typeof import("yaml");
  const { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } = library;
  const lines = new LineCounter();
  const document = parseDocument(text, { version: "1.1", uniqueKeys: false, lineCounter: lines });
  const error = document.errors[0];
  if (error !== undefined) return new Invalid(error.message);

  const lineOf = (node: Node): number => (node.range ? lines.linePos(node.range[0]).line : 0);
  /** `depth` bounds what aliases can unfold to: a document that refers to itself is refused. */
  const convert = (node: unknown, depth: number): YamlNode => {
    if (depth > maxDepth) throw new TooDeep();
    if (isAlias(node)) return convert(node.resolve(document), depth + 1);
    if (isMap(node)) {
      const entries: (readonly [string, YamlNode])[] = [];
      for (const pair of node.items) {
        const value = convert(pair.value, depth + 1);
        const key = isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : "";
        if (key === "<<" && value.type === "map") entries.unshift(...value.entries);
        else entries.push([key, value]);
      }
      return { type: "map", line: lineOf(node), entries };
    }
    if (isSeq(node)) {
      return { type: "list", line: lineOf(node), items: node.items.map((item) => convert(item, depth + 1)) };
    }
    if (isScalar(node)) {
      const value: unknown = node.value;
      const plain = typeof value !== "string" && node.source !== undefined;
      return { type: "scalar", line: lineOf(node), text: plain ? node.source! : String(value), value };
    }
    return { type: "scalar", line: 0, text: "", value: null };
  };
  try {
    return convert(document.contents, 0);
  } catch (cause) {
    if (cause instanceof TooDeep) return new Invalid("nested too deeply");
    throw cause;
  }
}

const maxDepth = 20;

class TooDeep extends Error {}
