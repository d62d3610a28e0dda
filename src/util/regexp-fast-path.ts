// Decides whether a pattern may run on the built-in engine, which backtracks: only when its meaning is the same and its work is
// proven to grow at most linearly with the subject. regexp.ts asks once per pattern; a no costs nothing but time.
//
// The proof counts how often each part can be reached. Parts in front multiply: an alternative by the number of its branches, an
// unbounded repetition by the length of the subject, unless what follows must begin with a character outside of its set, for then
// giving characters back fails at once. A repetition costs the length of the subject each time it is reached, and a pattern
// without `^` is started at every character. The sum of these powers of the length must not exceed one, the constant MAX_WAYS.

import { type CharSet, NON_ASCII, type Node, parseSimpleRegexp } from "./regexp-syntax.ts";

export interface FastRegexp {
  /** The pattern as JavaScript, with its groups; and without them, for tests. */
  readonly source: string;
  readonly testSource: string;
  readonly flags: string;
  readonly groupCount: number;
  /** True when the built-in engine must not see a subject with bytes above 0x7f. */
  readonly asciiOnly: boolean;
  /** The text when the pattern is nothing but literal text. */
  readonly literal: LiteralPattern | null;
}

export interface LiteralPattern {
  readonly text: string;
  readonly atStart: boolean;
  readonly atEnd: boolean;
}

const MAX_WAYS = 1024;

/** How a pattern can run on the built-in engine, null when it cannot. */
export function analyseRegexp(pattern: string): FastRegexp | null {
  const parsed = parseSimpleRegexp(pattern);
  if (parsed === null || !isLinear(parsed.node)) return null;
  return {
    source: print(parsed.node, true),
    testSource: print(parsed.node, false),
    flags: parsed.ignoreCase ? "i" : "",
    groupCount: parsed.groupCount,
    asciiOnly: parsed.ignoreCase || takesNonAscii(parsed.node),
    literal: parsed.ignoreCase || parsed.groupCount > 0 ? null : literalPattern(parsed.node),
  };
}

/** What can come next: the characters it can begin with, and whether the rest of the pattern can be satisfied by nothing. */
interface Continuation {
  readonly first: CharSet;
  readonly accepts: boolean;
}

/** Number of ways through a part: `factor` times the length of the subject to the power of `degree`. */
interface Ways {
  readonly factor: number;
  readonly degree: number;
}

const once: Ways = { factor: 1, degree: 0 };

function isLinear(root: Node): boolean {
  const limit = isAnchored(root) ? 1 : 0;
  return waysThrough(root, { first: new Uint8Array(NON_ASCII + 1), accepts: true }, once, limit) !== null;
}

/** The ways through `node` when it is reached `reached` times; null when a limit is passed. */
function waysThrough(node: Node, next: Continuation, reached: Ways, limit: number): Ways | null {
  if (reached.factor > MAX_WAYS || reached.degree > limit) return null;
  switch (node.type) {
    case "repeat": {
      if (node.max !== Number.POSITIVE_INFINITY) {
        return { factor: reached.factor * (node.max - node.min + 1), degree: reached.degree };
      }
      if (reached.degree + 1 > limit) return null;
      const isDetermined = next.accepts || areDisjoint(node.set, next.first);
      return isDetermined ? reached : { factor: reached.factor, degree: reached.degree + 1 };
    }
    case "optional": {
      const inner = waysThrough(node.node, next, reached, limit);
      return inner === null ? null : { factor: inner.factor + reached.factor, degree: inner.degree };
    }
    case "group":
      return waysThrough(node.node, next, reached, limit);
    case "alternatives": {
      let factor = 0;
      let degree = 0;
      for (const branch of node.nodes) {
        const ways = waysThrough(branch, next, reached, limit);
        if (ways === null) return null;
        factor += ways.factor;
        degree = Math.max(degree, ways.degree);
      }
      return { factor, degree };
    }
    case "sequence":
      return waysThroughSequence(node.nodes, next, reached, limit);
    default:
      return reached;
  }
}

function waysThroughSequence(nodes: readonly Node[], next: Continuation, reached: Ways, limit: number): Ways | null {
  const continuations: Continuation[] = [next];
  for (let i = nodes.length - 1; i > 0; i--) continuations.push(before(nodes[i]!, continuations.at(-1)!));
  let ways: Ways = reached;
  for (let i = 0; i < nodes.length; i++) {
    const through = waysThrough(nodes[i]!, continuations[nodes.length - 1 - i]!, ways, limit);
    if (through === null) return null;
    ways = through;
  }
  return ways.factor > MAX_WAYS || ways.degree > limit ? null : ways;
}

/** The continuation that begins with `node` and goes on with `next`. */
function before(node: Node, next: Continuation): Continuation {
  switch (node.type) {
    case "text":
    case "set":
      return { first: node.set, accepts: false };
    case "end":
      return { first: new Uint8Array(NON_ASCII + 1), accepts: false };
    case "begin":
      return next;
    case "group":
      return before(node.node, next);
    case "repeat":
      return node.min > 0 ? { first: node.set, accepts: false } : union({ first: node.set, accepts: false }, next);
    case "optional":
      return union(before(node.node, next), next);
    case "alternatives":
      return node.nodes.map((branch) => before(branch, next)).reduce(union);
    case "sequence":
      return node.nodes.reduceRight((rest, part) => before(part, rest), next);
  }
}

function union(a: Continuation, b: Continuation): Continuation {
  return { first: a.first.map((member, i) => member | b.first[i]!), accepts: a.accepts || b.accepts };
}

function areDisjoint(a: CharSet, b: CharSet): boolean {
  for (let i = 0; i <= NON_ASCII; i++) if (a[i] === 1 && b[i] === 1) return false;
  return true;
}

/** True when the pattern can only match at the start of the subject. */
function isAnchored(node: Node): boolean {
  switch (node.type) {
    case "begin":
      return true;
    case "group":
      return isAnchored(node.node);
    case "sequence":
      return node.nodes.length > 0 && isAnchored(node.nodes[0]!);
    case "alternatives":
      return node.nodes.every(isAnchored);
    default:
      return false;
  }
}

function takesNonAscii(node: Node): boolean {
  switch (node.type) {
    case "set":
    case "repeat":
      return node.set[NON_ASCII] === 1;
    case "group":
    case "optional":
      return takesNonAscii(node.node);
    case "sequence":
    case "alternatives":
      return node.nodes.some(takesNonAscii);
    default:
      return false;
  }
}

/** The text of a pattern that is a sequence of single characters with or without anchors; null for any other. */
function literalPattern(node: Node): LiteralPattern | null {
  if (node.type !== "sequence") return null;
  let text = "";
  let atStart = false;
  let atEnd = false;
  for (const part of node.nodes) {
    if (part.type === "begin") atStart = true;
    else if (part.type === "end") atEnd = true;
    else if (part.type === "text" && !atEnd) text += part.text;
    else return null;
  }
  return { text, atStart, atEnd };
}

function print(node: Node, withGroups: boolean): string {
  switch (node.type) {
    case "text":
    case "set":
    case "repeat":
      return node.js;
    case "begin":
      return "^";
    case "end":
      return "$";
    case "optional":
      return print(node.node, withGroups) + node.js;
    case "group":
      return `(${node.capture && withGroups ? "" : "?:"}${print(node.node, withGroups)})`;
    case "sequence":
      return node.nodes.map((part) => print(part, withGroups)).join("");
    case "alternatives":
      return node.nodes.map((branch) => print(branch, withGroups)).join("|");
  }
}
