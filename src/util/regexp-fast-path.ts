// Decides whether a pattern may run on the built-in engine, which backtracks: only when its meaning is the same and its work is
// proven to be a small multiple of the length of the subject. regexp.ts asks once per pattern; a no costs nothing but time.
//
// The proof counts how often each part can be reached. Parts in front multiply: an alternative by the number of its branches, a
// bounded repetition by its possible lengths, an unbounded one by the length of the subject, unless what follows must begin with a
// character outside of its set, for then giving characters back fails at once. A pattern without `^` is started at every character.
// The length of the subject may come in only once; the work that it multiplies, and the rest, are added up and held to limits.

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

/** Steps for each character of the subject. A subject of 1 MB, the longest head by default, then takes half a second at worst. */
const MAX_WORK_PER_CHARACTER = 128;
/** Steps that do not depend on the subject; long lists of names behind `^` have so many. The engine would compile more, slowly. */
const MAX_WORK_ONCE = 16_384;
/** The search for one text stays fast up to this length: its tables hold no more. */
const MAX_LITERAL = 250;

/** How a pattern can run on the built-in engine, null when it cannot. */
export function analyseRegexp(pattern: string): FastRegexp | null {
  const parsed = parseSimpleRegexp(pattern);
  if (parsed === null) return null;
  const literal = parsed.ignoreCase || parsed.groupCount > 0 ? null : literalPattern(parsed.node);
  if (!(literal !== null && literal.text.length <= MAX_LITERAL) && !isLinear(parsed.node)) return null;
  return {
    source: print(parsed.node, true),
    testSource: print(parsed.node, false),
    flags: parsed.ignoreCase ? "i" : "",
    groupCount: parsed.groupCount,
    asciiOnly: parsed.ignoreCase || takesNonAscii(parsed.node),
    literal,
  };
}

/** What can come next. */
interface Continuation {
  /** The characters that it can begin with. */
  readonly first: CharSet;
  /** In how many places the engine looks for them before it gives up. */
  readonly heads: number;
  /** True when the rest of the pattern can be satisfied by nothing. */
  readonly accepts: boolean;
}

/** How often a part is reached: `factor` times the length of the subject to the power of `degree`. */
interface Ways {
  readonly factor: number;
  readonly degree: number;
}

/** The steps that the built-in engine takes at most: each is one look at one character, or at one end of the subject. */
class Work {
  once = 0;
  /** Times the length of the subject plus one; infinite when the steps may grow faster than that. */
  perCharacter = 0;

  /** A part that takes up to `steps` steps each time it is reached. */
  add(reached: Ways, steps: number): void {
    if (reached.degree === 0) this.once += reached.factor * steps;
    else if (reached.degree === 1) this.perCharacter += reached.factor * steps;
    else this.perCharacter = Number.POSITIVE_INFINITY;
  }
}

export function estimateWork(root: Node): Work {
  const work = new Work();
  const nothing = { first: new Uint8Array(NON_ASCII + 1), heads: 0, accepts: true };
  waysThrough(root, nothing, { factor: 1, degree: isAnchored(root) ? 0 : 1 }, work);
  return work;
}

function isLinear(root: Node): boolean {
  const { once, perCharacter } = estimateWork(root);
  return once <= MAX_WORK_ONCE && perCharacter <= MAX_WORK_PER_CHARACTER;
}

/** The ways through `node` when it is reached `reached` times; its steps are added to `work`. */
function waysThrough(node: Node, next: Continuation, reached: Ways, work: Work): Ways {
  switch (node.type) {
    case "repeat": {
      const { factor, degree } = reached;
      if (node.max !== Number.POSITIVE_INFINITY) {
        work.add(reached, node.max);
        return { factor: factor * (node.max - node.min + 1), degree };
      }
      // Where each character that is given back is tried: at all beginnings of what follows.
      work.add({ factor, degree: degree + 1 }, 1 + next.heads);
      const isDetermined = next.accepts || areDisjoint(node.set, next.first);
      return isDetermined ? reached : { factor, degree: degree + 1 };
    }
    case "optional": {
      const inner = waysThrough(node.node, next, reached, work);
      return { factor: inner.factor + reached.factor, degree: Math.max(inner.degree, reached.degree) };
    }
    case "group":
      return waysThrough(node.node, next, reached, work);
    case "alternatives": {
      let factor = 0;
      let degree = 0;
      for (const branch of node.nodes) {
        const ways = waysThrough(branch, next, reached, work);
        factor += ways.factor;
        degree = Math.max(degree, ways.degree);
      }
      return { factor, degree };
    }
    case "sequence":
      return waysThroughSequence(node.nodes, next, reached, work);
    case "text":
      work.add(reached, node.text.length);
      return reached;
    case "begin":
      // Looked at wherever the engine starts.
      work.add({ factor: reached.factor, degree: 1 }, 1);
      return reached;
    default:
      work.add(reached, 1);
      return reached;
  }
}

function waysThroughSequence(nodes: readonly Node[], next: Continuation, reached: Ways, work: Work): Ways {
  const continuations: Continuation[] = [next];
  for (let i = nodes.length - 1; i > 0; i--) continuations.push(before(nodes[i]!, continuations.at(-1)!));
  let ways: Ways = reached;
  for (let i = 0; i < nodes.length; i++) {
    ways = waysThrough(nodes[i]!, continuations[nodes.length - 1 - i]!, ways, work);
  }
  return ways;
}

/** The continuation that begins with `node` and goes on with `next`. */
function before(node: Node, next: Continuation): Continuation {
  switch (node.type) {
    case "text":
    case "set":
      return { first: node.set, heads: 1, accepts: false };
    case "end":
      return { first: new Uint8Array(NON_ASCII + 1), heads: 1, accepts: false };
    case "begin":
      return next;
    case "group":
      return before(node.node, next);
    case "repeat": {
      const taken = { first: node.set, heads: 1, accepts: false };
      return node.min > 0 ? taken : union(taken, next);
    }
    case "optional":
      return union(before(node.node, next), next);
    case "alternatives":
      return node.nodes.map((branch) => before(branch, next)).reduce(union);
    case "sequence":
      return node.nodes.reduceRight((rest, part) => before(part, rest), next);
  }
}

function union(a: Continuation, b: Continuation): Continuation {
  return {
    first: a.first.map((member, i) => member | b.first[i]!),
    heads: a.heads + b.heads,
    accepts: a.accepts || b.accepts,
  };
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
