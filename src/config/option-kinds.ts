// The types of options (spec flags 1 to 4): how a flag, a value of the configuration file and a default of each is read and shown.

import { parseFilters } from "../eskip/parser.ts";
import type { Call } from "../eskip/route.ts";
import { DurationError, formatDuration, parseDuration } from "../util/duration.ts";
import { compileRegexp, RegexpError } from "../util/regexp.ts";
import { Invalid, type OptionKind, type YamlNode } from "./option.ts";

const boolWords = new Map<string, boolean>();
for (const word of ["1", "t", "T", "true", "TRUE", "True"]) boolWords.set(word, true);
for (const word of ["0", "f", "F", "false", "FALSE", "False"]) boolWords.set(word, false);

const nsPerMs = 1e6;

/** How numbers with a fraction are written. */
export const decimal: RegExp = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

export const bool: OptionKind<boolean> = {
  type: "",
  isBool: true,
  fromFlag: (text) => boolWords.get(text) ?? new Invalid("parse error"),
  fromYaml: (node) =>
    node.type === "scalar" && typeof node.value === "boolean" ? node.value : expected("true or false", node),
  show: (value) => (value ? "true" : ""),
};

/** A whole number; those beyond 2^53 are refused. */
export const int: OptionKind<number> = {
  type: "int",
  fromFlag: (text) => parseInteger(text),
  fromYaml(node) {
    if (node.type !== "scalar") return expected("an integer", node);
    if (typeof node.value === "number") {
      const value = parseInteger(node.text);
      return value instanceof Invalid && Number.isFinite(node.value) ? Math.trunc(node.value) : value;
    }
    return expected("an integer", node);
  },
  show: (value) => (value === 0 ? "" : String(value)),
};

/** A decimal number, with or without exponent. */
export const float: OptionKind<number> = {
  type: "float",
  fromFlag: (text) => (decimal.test(text) ? Number(text) : new Invalid("parse error")),
  fromYaml: (node) =>
    node.type === "scalar" && typeof node.value === "number" ? node.value : expected("a number", node),
  show: (value) => (value === 0 ? "" : String(value)),
};

/** Go's duration syntax; the value is in milliseconds. */
export const duration: OptionKind<number> = {
  type: "duration",
  fromFlag(text) {
    const ms = parseDuration(text);
    return ms instanceof DurationError ? new Invalid("parse error") : ms;
  },
  fromYaml(node) {
    if (node.type !== "scalar") return expected("a duration", node);
    if (typeof node.value === "number") return Math.trunc(node.value) / nsPerMs;
    const ms = parseDuration(node.text);
    return ms instanceof DurationError ? expected("a duration", node) : ms;
  },
  show: (value) => (value === 0 ? "" : formatDuration(value)),
};

export const string: OptionKind<string> = {
  type: "string",
  fromFlag: (text) => text,
  fromYaml: (node) => scalarText(node),
  show: (value) => (value === "" ? "" : JSON.stringify(value)),
};

/** One of some words. In the file its position counts as well (spec flags 3). */
export function oneOf<const W extends string>(...words: W[]): OptionKind<W> {
  const find = (text: string): W | undefined => words.find((word) => word === text);
  return {
    type: words.join("|"),
    fromFlag: (text) => find(text) ?? new Invalid(`expected one of ${words.join(", ")}`),
    fromYaml(node) {
      if (node.type !== "scalar") return expected(`one of ${words.join(", ")}`, node);
      const named = typeof node.value === "number" ? words[node.value] : find(node.text);
      return named ?? expected(`one of ${words.join(", ")}`, node);
    },
    show: (value) => value,
  };
}

/** Comma separated texts, not trimmed; the last use of the flag counts. `allowed` empty: any text. */
export function list(...allowed: string[]): OptionKind<readonly string[]> {
  const check = (items: readonly string[]): readonly string[] | Invalid => {
    const bad = allowed.length === 0 ? undefined : items.find((item) => !allowed.includes(item));
    return bad === undefined ? items : new Invalid(`value not allowed: ${bad}`);
  };
  return {
    type: "list",
    fromFlag: (text) => check(text === "" ? [] : text.split(",")),
    fromYaml(node) {
      const items = textList(node);
      return items instanceof Invalid ? items : check(items);
    },
    show: (value) => value.join(","),
  };
}

/** Any text, one entry for each use of the flag. */
export const multi: OptionKind<readonly string[]> = {
  type: "text, repeatable",
  accumulates: true,
  fromFlag: (text, previous) => [...previous, text],
  fromYaml: textList,
  show: (value) => value.join(","),
};

/** A filter chain; each use of the flag appends. */
export const filters: OptionKind<readonly Call[]> = {
  type: "filters, repeatable",
  accumulates: true,
  fromFlag: appendFilters,
  fromYaml(node) {
    const texts = node.type === "list" ? textList(node) : scalarText(node);
    if (texts instanceof Invalid) return texts;
    let chain: readonly Call[] = [];
    for (const text of typeof texts === "string" ? [texts] : texts) {
      const longer = appendFilters(text, chain);
      if (longer instanceof Invalid) return longer;
      chain = longer;
    }
    return chain;
  },
  show: () => "",
};

function appendFilters(text: string, previous: readonly Call[]): readonly Call[] | Invalid {
  const { filters: chain, error } = parseFilters(text);
  if (error !== null) return new Invalid(`failed to parse default filters: ${error.message}`);
  return [...previous, ...chain];
}

/** Predicates as text, read by their users; only the syntax is checked, after all options were read. */
export const predicates: OptionKind<string> = { ...string, type: "predicates" };

/** `k=v,k2=v2`; the last use of the flag counts as a whole. Null: not given. */
export const map: OptionKind<Readonly<Record<string, string>> | null> = {
  type: "key=value,...",
  fromFlag(text) {
    const entries: [string, string][] = [];
    for (const part of text.split(",")) {
      const equals = part.indexOf("=");
      const key = part.slice(0, Math.max(equals, 0)).trim();
      const value = part.slice(equals + 1).trim();
      if (key === "" || value === "") {
        return new Invalid(`invalid map key-value pair, expected format key=value but got: '${part}'`);
      }
      entries.push([key, value]);
    }
    return Object.fromEntries(entries);
  },
  fromYaml(node) {
    if (node.type !== "map") return expected("a mapping", node);
    const entries: [string, string][] = [];
    for (const [key, value] of node.entries) {
      const text = scalarText(value);
      if (text instanceof Invalid) return text;
      entries.push([key, text]);
    }
    return Object.fromEntries(entries);
  },
  show: () => "",
};

/** A plugin as a flag names it. */
export interface PluginCall {
  readonly name: string;
  readonly options: readonly string[];
}

/** `name,option,option name2,...`; each use of the flag adds. In the file a mapping of names to sequences of options. */
export const plugins: OptionKind<readonly PluginCall[]> = {
  type: "name,option,..., repeatable",
  accumulates: true,
  fromFlag(text, previous) {
    const calls: PluginCall[] = [];
    for (const word of text.split(" ")) {
      if (word === "") continue;
      const [name, ...options] = word.split(",");
      if (name === undefined || name === "")
        return new Invalid(`expected name,option,..., got ${JSON.stringify(word)}`);
      calls.push({ name, options });
    }
    return [...previous, ...calls];
  },
  fromYaml(node) {
    if (node.type !== "map") return expected("a mapping of names of plugins to sequences of options", node);
    const calls: PluginCall[] = [];
    for (const [name, value] of node.entries) {
      const options = value.type === "scalar" && value.value === null ? [] : textList(value);
      if (options instanceof Invalid) return options;
      calls.push({ name, options });
    }
    return calls;
  },
  show: () => "",
};

/** Regular expressions, one for each use of the flag. In the file a sequence, or a mapping of any names to sequences. */
export const regexps: OptionKind<readonly string[]> = {
  type: "regexp, repeatable",
  accumulates: true,
  fromFlag: (text, previous) => checkRegexps([text], previous),
  fromYaml(node) {
    const lists = node.type === "map" ? node.entries.map(([, list]) => list) : [node];
    let all: readonly string[] = [];
    for (const one of lists) {
      const texts = textList(one);
      if (texts instanceof Invalid) return texts;
      const longer = checkRegexps(texts, all);
      if (longer instanceof Invalid) return longer;
      all = longer;
    }
    return all;
  },
  show: () => "",
};

function checkRegexps(patterns: readonly string[], previous: readonly string[]): readonly string[] | Invalid {
  for (const pattern of patterns) {
    const compiled = compileRegexp(pattern);
    if (compiled instanceof RegexpError) return new Invalid(compiled.message);
  }
  return [...previous, ...patterns];
}

/** A rule of -edit-route or -clone-route (spec route-sources 4.3). */
export interface RouteChange {
  readonly pattern: string;
  readonly replacement: string;
}

export const routeChange: OptionKind<readonly RouteChange[]> = {
  type: "/regexp/replacement/, repeatable",
  accumulates: true,
  fromFlag: appendRouteChange,
  fromYaml(node) {
    const text = scalarText(node);
    return text instanceof Invalid ? text : appendRouteChange(text, []);
  },
  show: () => "",
};

function appendRouteChange(text: string, previous: readonly RouteChange[]): readonly RouteChange[] | Invalid {
  const separator = text[Symbol.iterator]().next().value;
  if (separator === undefined) return new Invalid("empty string as an argument is not allowed");
  const parts = text.split(separator);
  if (parts.length !== 4) return new Invalid(`unexpected size of string split: ${parts.length}`);
  const pattern = parts[1]!;
  const compiled = compileRegexp(pattern);
  if (compiled instanceof RegexpError) return new Invalid(compiled.message);
  return [...previous, { pattern, replacement: parts[2]! }];
}

const integerSyntax = /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?[0-9])*)$/;

/** Decimal, 0x, 0o or leading 0, 0b, with `_` between digits. */
function parseInteger(text: string): number | Invalid {
  if (!integerSyntax.test(text)) return new Invalid("parse error");
  const negative = text.startsWith("-");
  let digits = text.replaceAll("_", "").replace(/^[+-]/, "").toLowerCase();
  if (/^0[0-7]/.test(digits)) digits = `0o${digits.slice(1)}`;
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) return new Invalid("value out of range");
  return negative && value !== 0 ? -value : value;
}

function scalarText(node: YamlNode): string | Invalid {
  return node.type === "scalar" ? node.text : expected("a text", node);
}

function textList(node: YamlNode): readonly string[] | Invalid {
  if (node.type !== "list") return expected("a sequence of texts", node);
  const texts: string[] = [];
  for (const item of node.items) {
    const text = scalarText(item);
    if (text instanceof Invalid) return text;
    texts.push(text);
  }
  return texts;
}

export function expected(what: string, node: YamlNode): Invalid {
  const got = node.type === "scalar" ? JSON.stringify(node.text) : node.type === "list" ? "a sequence" : "a mapping";
  return new Invalid(`line ${node.line}: expected ${what}, got ${got}`);
}
