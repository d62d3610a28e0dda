// Reads the small part of the RE2 syntax that means the same in JavaScript: ASCII characters, classes, groups, alternatives,
// quantifiers on single characters, `?` on groups, `^` in front, `$`. Everything else is null and left to the RE2 engine; so a
// pattern that is read here is also a valid RE2 pattern. Called by regexp-fast-path.ts.

/** Which ASCII characters belong to a set; the last entry stands for all others. */
export type CharSet = Uint8Array;

export const NON_ASCII = 128;

export type Node =
  /** Literal text; `set` holds its first character. */
  | { readonly type: "text"; readonly set: CharSet; readonly js: string; readonly text: string }
  | { readonly type: "set"; readonly set: CharSet; readonly js: string }
  | { readonly type: "repeat"; readonly set: CharSet; readonly js: string; readonly min: number; readonly max: number }
  | { readonly type: "optional"; readonly node: Node; readonly js: string }
  | { readonly type: "group"; readonly node: Node; readonly capture: boolean }
  | { readonly type: "sequence"; readonly nodes: readonly Node[] }
  | { readonly type: "alternatives"; readonly nodes: readonly Node[] }
  | { readonly type: "begin" }
  | { readonly type: "end" };

export interface ParsedRegexp {
  readonly node: Node;
  readonly ignoreCase: boolean;
  readonly groupCount: number;
}

const MAX_LENGTH = 8192;
const MAX_DEPTH = 32;
const MAX_REPEAT = 64;

const PUNCTUATION = "!\"#%&'(),-./:;<=>@[\\]^_`{|}~$*+?";
const JS_SPECIAL = "$()*+.?[\\]^{|}/";
const DIGITS = "0123456789";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const NAMED: Readonly<Record<string, readonly [chars: string, js: string]>> = {
  d: [DIGITS, "0-9"],
  w: [`${DIGITS}${LETTERS}_`, "0-9A-Za-z_"],
  s: ["\t\n\f\r ", "\\t\\n\\f\\r "],
};

/** The pattern as a tree; null when it uses anything beyond the small part. */
export function parseSimpleRegexp(pattern: string): ParsedRegexp | null {
  if (pattern.length > MAX_LENGTH) return null;
  const ignoreCase = pattern.startsWith("(?i)");
  const reader = new Reader(pattern, ignoreCase ? 4 : 0, ignoreCase);
  const node = reader.alternatives(0, true);
  return node === null || reader.at < pattern.length ? null : { node, ignoreCase, groupCount: reader.groupCount };
}

class Reader {
  at: number;
  groupCount = 0;
  readonly #text: string;
  readonly #ignoreCase: boolean;

  constructor(text: string, at: number, ignoreCase: boolean) {
    this.#text = text;
    this.at = at;
    this.#ignoreCase = ignoreCase;
  }

  /** `leading`: nothing that takes a character stands in front, so `^` may. */
  alternatives(depth: number, leading: boolean): Node | null {
    if (depth > MAX_DEPTH) return null;
    const nodes: Node[] = [];
    do {
      const node = this.#sequence(depth, leading);
      if (node === null) return null;
      nodes.push(node);
    } while (this.#accept("|"));
    return nodes.length === 1 ? nodes[0]! : { type: "alternatives", nodes };
  }

  #sequence(depth: number, leading: boolean): Node | null {
    const nodes: Node[] = [];
    let first = leading;
    while (this.at < this.#text.length) {
      const c = this.#text[this.at]!;
      if (c === "|" || c === ")") break;
      const node = this.#quantified(this.#atom(c, depth, first));
      if (node === null) return null;
      first = false;
      const last = nodes.at(-1);
      if (node.type === "text" && last?.type === "text") {
        nodes[nodes.length - 1] = { type: "text", set: last.set, js: last.js + node.js, text: last.text + node.text };
      } else {
        nodes.push(node);
      }
    }
    return { type: "sequence", nodes };
  }

  #atom(c: string, depth: number, leading: boolean): Node | null {
    this.at++;
    if (c === "^") return leading ? { type: "begin" } : null;
    if (c === "$") return { type: "end" };
    if (c === "(") return this.#group(depth, leading);
    if (c === "[") return this.#charClass();
    if (c === ".") return setNode(complement(setOf("\n")), "[^\\n]");
    if (c === "\\") return this.#escape();
    if ("*+?{".includes(c) || c > "~" || c < " ") return null;
    return this.#literal(c);
  }

  #group(depth: number, leading: boolean): Node | null {
    const capture = this.#text[this.at] !== "?";
    if (capture) this.groupCount++;
    else if (!this.#accept("?:")) return null;
    const node = this.alternatives(depth + 1, leading);
    return node === null || !this.#accept(")") ? null : { type: "group", node, capture };
  }

  #escape(): Node | null {
    const c = this.#text[this.at++] ?? "";
    if (Object.hasOwn(NAMED, c)) return setNode(setOf(NAMED[c]![0]), `[${NAMED[c]![1]}]`);
    return c !== "" && PUNCTUATION.includes(c) ? this.#literal(c) : null;
  }

  #literal(c: string): Node {
    const set = this.#ignoreCase ? this.#fold(setOf(c)) : singles[c.charCodeAt(0)]!;
    return { type: "text", set, js: JS_SPECIAL.includes(c) ? `\\${c}` : c, text: c };
  }

  #charClass(): Node | null {
    const negated = this.#accept("^");
    const set: CharSet = new Uint8Array(NON_ASCII + 1);
    let js = "";
    let members = 0;
    let single = "";
    while (this.#text[this.at] !== "]") {
      const low = this.#classMember(members === 0);
      if (low === null) return null;
      members++;
      if (low.length > 1) {
        for (const c of NAMED[low[1]!]![0]) set[c.charCodeAt(0)] = 1;
        js += NAMED[low[1]!]![1];
        continue;
      }
      let high = low;
      if (this.#text[this.at] === "-" && this.#text[this.at + 1] !== "]") {
        this.at++;
        const to = this.#classMember(false);
        if (to === null || to.length > 1 || to < low) return null;
        high = to;
      }
      for (let code = low.charCodeAt(0); code <= high.charCodeAt(0); code++) set[code] = 1;
      single = high === low ? low : "";
      js += high === low ? classJs(low) : `${classJs(low)}-${classJs(high)}`;
    }
    if (members === 0) return null;
    this.at++;
    // `[.]` is how many write a literal dot.
    if (members === 1 && !negated && single !== "") return this.#literal(single);
    const folded = this.#fold(set);
    return setNode(negated ? complement(folded) : folded, `[${negated ? "^" : ""}${js}]`);
  }

  /** One character of a class, or `\d`, `\w`, `\s` as written. A dash counts as itself only as the first or the last one. */
  #classMember(isFirst: boolean): string | null {
    const c = this.#text[this.at++] ?? "";
    if (c === "\\") {
      const escaped = this.#text[this.at++] ?? "";
      if (Object.hasOwn(NAMED, escaped)) return this.#text[this.at] === "-" ? null : `\\${escaped}`;
      return escaped !== "" && PUNCTUATION.includes(escaped) ? escaped : null;
    }
    if (c === "-" && !isFirst && this.#text[this.at] !== "]") return null;
    return c === "" || c === "[" || c === "]" || c < " " || c > "~" ? null : c;
  }

  #quantified(atom: Node | null): Node | null {
    if (atom === null) return null;
    const counts = this.#counts();
    if (counts === undefined) return atom;
    if (counts === null) return null;
    const [min, max, js] = counts;
    const lazy = this.#accept("?") ? "?" : "";
    if ("*+?{".includes(this.#text[this.at] ?? " ")) return null;
    if (atom.type === "set" || atom.type === "text")
      return { type: "repeat", set: atom.set, js: `${atom.js}${js}${lazy}`, min, max };
    if (atom.type !== "group" || js !== "?" || isNullable(atom)) return null;
    return { type: "optional", node: atom, js: `?${lazy}` };
  }

  /** The counts of a quantifier, undefined when there is none, null when it is not of the small part. */
  #counts(): readonly [min: number, max: number, js: string] | null | undefined {
    if (this.#accept("*")) return [0, Number.POSITIVE_INFINITY, "*"];
    if (this.#accept("+")) return [1, Number.POSITIVE_INFINITY, "+"];
    if (this.#accept("?")) return [0, 1, "?"];
    if (this.#text[this.at] !== "{") return undefined;
    const close = this.#text.indexOf("}", this.at);
    const inner = close < 0 ? "" : this.#text.slice(this.at + 1, close);
    const [low = "", high] = inner.split(",", 2);
    if (!isCount(low) || (high !== undefined && high !== "" && !isCount(high)) || inner.split(",").length > 2)
      return null;
    const min = Number(low);
    const max = high === undefined ? min : high === "" ? Number.POSITIVE_INFINITY : Number(high);
    if (min > max || min > MAX_REPEAT || (max > MAX_REPEAT && max !== Number.POSITIVE_INFINITY)) return null;
    this.at = close + 1;
    return [min, max, `{${inner}}`];
  }

  /** Both cases of every letter when case does not count. */
  #fold(set: CharSet): CharSet {
    if (!this.#ignoreCase) return set;
    for (let upper = 65; upper <= 90; upper++) {
      if (set[upper] === 1 || set[upper + 32] === 1) set[upper] = set[upper + 32] = 1;
    }
    return set;
  }

  #accept(text: string): boolean {
    if (!this.#text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }
}

/** True when the node can match without taking a character. */
export function isNullable(node: Node): boolean {
  switch (node.type) {
    case "text":
    case "set":
      return false;
    case "repeat":
      return node.min === 0;
    case "group":
      return isNullable(node.node);
    case "sequence":
      return node.nodes.every(isNullable);
    case "alternatives":
      return node.nodes.some(isNullable);
    default:
      return true;
  }
}

function isCount(text: string): boolean {
  return (
    text !== "" && text.length <= 2 && [...text].every((c) => c >= "0" && c <= "9") && (text === "0" || text[0] !== "0")
  );
}

function classJs(c: string): string {
  return "\\]^-[".includes(c) ? `\\${c}` : c;
}

function setNode(set: CharSet, js: string): Node {
  return { type: "set", set, js };
}

function setOf(chars: string): CharSet {
  const set = new Uint8Array(NON_ASCII + 1);
  for (const c of chars) set[c.charCodeAt(0)] = 1;
  return set;
}

/** The sets of one character, shared by all patterns; nobody writes to them. */
const singles: readonly CharSet[] = Array.from({ length: NON_ASCII }, (_, code) => setOf(String.fromCharCode(code)));

function complement(set: CharSet): CharSet {
  const rest: CharSet = new Uint8Array(NON_ASCII + 1);
  for (let code = 0; code <= NON_ASCII; code++) rest[code] = 1 - set[code]!;
  return rest;
}
