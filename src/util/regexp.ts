// Regular expressions of users: RE2 syntax and meaning, linear time, subjects are byte strings read as UTF-8 in which every
// invalid byte counts as one U+FFFD (spec matching 14, filters 2). Every pattern of a route goes through here. The engine is re2js;
// what regexp-fast-path.ts proves equal and linear runs on the built-in one, which is several times faster (regexp.bench.ts).

import { isAscii as isAsciiBytes } from "node:buffer";
import { createRequire } from "node:module";
import type { Matcher, RE2JS } from "re2js";
import { isAscii } from "./bytes.ts";
import { type LiteralHost, literalHosts, matchLiteralHosts } from "./host-pattern.ts";
import { LruMap } from "./lru.ts";
import type { Expansion } from "./regexp-expansion.ts";
import { analyseRegexp, type FastRegexp, type LiteralPattern } from "./regexp-fast-path.ts";

/** Why a pattern is not valid: `error parsing regexp: missing closing ]: ...` */
export class RegexpError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** One match: byte offsets into the subject and the groups, group 0 being the whole; undefined: took no part. */
export interface RegexpMatch {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
}

/** Patterns are shared by many routes; the memo keeps the hosts of a large table (a few MB), not one pattern per route. */
const MEMO_LIMIT = 16_384;
/** A pure memo: what it holds can be dropped at any time without a difference but time. */
const memo = new LruMap<string, CompiledRegexp>(MEMO_LIMIT);

/** To find where a match lies takes the engine up to sixty times as long as to tell that there is one: long subjects are asked first. */
const LONG_SUBJECT = 512;

/** Compiles a pattern (Unicode text); equal patterns give the same object while it is in the memo. */
export function compileRegexp(pattern: string): CompiledRegexp | RegexpError {
  const known = memo.get(pattern);
  if (known !== undefined) return known;
  // A list of hosts or a pattern with a fast path is valid, so the RE2 engine need not be made to find out: most never need it.
  const hosts = literalHosts(pattern);
  const fast = hosts === null ? analyseRegexp(pattern) : null;
  let engine: RE2JS | null = null;
  try {
    if (hosts === null && fast === null) engine = compileRe2(pattern);
  } catch (error) {
    return new RegexpError(errorText(error));
  }
  const compiled = new CompiledRegexp(pattern, hosts, fast, engine);
  memo.set(pattern, compiled);
  return compiled;
}

const require = createRequire(import.meta.url);

/** The library is loaded for the first pattern that needs it: it takes 1 MB in every thread. */
function compileRe2(pattern: string): RE2JS {
  const library: typeof import("re2js") = require("re2js");
  return library.RE2JS.compile(pattern);
}

/** The engine reports syntax errors in the words of RE2; a pattern that nests too deep ends in a RangeError. */
function errorText(error: unknown): string {
  const text = error instanceof Error && !(error instanceof RangeError) ? error.message : "expression nests too deeply";
  return text.startsWith("error parsing regexp: ") ? text : `error parsing regexp: ${text}`;
}

export class CompiledRegexp {
  /** The pattern as written. */
  readonly source: string;
  /** The hosts that the pattern lists, null when it is anything but such a list. */
  readonly hosts: readonly LiteralHost[] | null;
  readonly #fast: FastRegexp | null;
  /** Made at first use: a table holds many patterns that no request ever meets. */
  #engine: RE2JS | null;
  #tester: RegExp | null = null;
  #finder: RegExp | null = null;
  #takesEmpty: boolean | null = null;

  /** `engine` must be there when the pattern is neither a list of hosts nor has a fast path. */
  constructor(source: string, hosts: readonly LiteralHost[] | null, fast: FastRegexp | null, engine: RE2JS | null) {
    this.source = source;
    this.hosts = hosts;
    this.#fast = fast;
    this.#engine = engine;
  }

  /** True when the pattern matches somewhere in the subject (a byte string). */
  test(subject: string): boolean {
    if (this.hosts !== null) return matchLiteralHosts(this.hosts, subject);
    const fast = this.#fast;
    if (fast !== null) {
      if (fast.literal !== null) return testLiteral(fast.literal, subject);
      if (!fast.asciiOnly || isAscii(subject)) {
        this.#tester ??= new RegExp(fast.testSource, fast.flags);
        return this.#tester.test(subject);
      }
    }
    return this.#re2().test(subjectOf(subject));
  }

  #re2(): RE2JS {
    this.#engine ??= compileRe2(this.source);
    return this.#engine;
  }

  /**
   * Shows `visit` where the matches from an offset on begin and end, in order and also empty ones, until it says false. What stands in
   * front of the offset is seen by `^`, `\b` and the like. For parts of bodies: a copy of `bytes` is made only where it saves time.
   */
  scan(bytes: Buffer, from: number, visit: (start: number, end: number) => boolean): void {
    const fast = this.#fast;
    const literal = fast?.literal ?? null;
    if (literal !== null && !literal.atStart && !literal.atEnd && literal.text !== "") {
      for (let at = bytes.indexOf(literal.text, from, "latin1"); at >= 0; ) {
        const end = at + literal.text.length;
        if (!visit(at, end)) return;
        at = bytes.indexOf(literal.text, end, "latin1");
      }
    } else if (fast !== null && (!this.#cutsCharacters(fast) || isAsciiBytes(bytes))) {
      this.#forEachFast(fast, bytes.toString("latin1"), from, visit);
    } else this.#forEachRe2(bytes, from, visit);
  }

  /** The leftmost match, null when there is none. */
  exec(subject: string): RegexpMatch | null {
    let first: RegexpMatch | null = null;
    this.#forEachMatch(subject, (match) => {
      first = match;
      return false;
    });
    return first;
  }

  /** All matches that do not overlap, in order; an empty one directly behind another does not count. */
  execAll(subject: string): RegexpMatch[] {
    const matches: RegexpMatch[] = [];
    this.#forEachMatch(subject, (match) => {
      if (match.start < match.end || match.start !== matches.at(-1)?.end) matches.push(match);
      return true;
    });
    return matches;
  }

  /** The subject with every match of `execAll` replaced; bytes outside the matches stay, valid UTF-8 or not. */
  replaceAll(subject: string, expansion: Expansion): string {
    let out = "";
    let from = 0;
    for (const match of this.execAll(subject)) {
      out += subject.slice(from, match.start) + this.#expand(expansion, match);
      from = match.end;
    }
    return from === 0 && out === "" ? subject : out + subject.slice(from);
  }

  #expand(expansion: Expansion, match: RegexpMatch): string {
    let out = "";
    for (const part of expansion.parts) {
      if ("text" in part) out += part.text;
      else if ("group" in part) out += match.groups[part.group] ?? "";
      else out += match.groups[this.#groupNumber(part.name)] ?? "";
    }
    return out;
  }

  #groupNumber(name: string): number {
    // Patterns with named groups have no fast path.
    if (this.#fast !== null) return -1;
    const names = this.#re2().namedGroups();
    return Object.hasOwn(names, name) ? names[name]! : -1;
  }

  #forEachMatch(subject: string, visit: (match: RegexpMatch) => boolean): void {
    const fast = this.#fast;
    if (fast !== null && (isAscii(subject) || !this.#cutsCharacters(fast))) {
      this.#forEachFast(fast, subject, 0, (start, end, groups) => visit({ start, end, groups }));
      return;
    }
    this.#forEachRe2(subjectOf(subject), 0, (start, end, matcher) => {
      const groups: (string | undefined)[] = [subject.slice(start, end)];
      for (let i = 1; i <= matcher.groupCount(); i++) {
        const first = matcher.start(i);
        groups.push(first < 0 ? undefined : subject.slice(first, matcher.end(i)));
      }
      return visit({ start, end, groups });
    });
  }

  /** True when a match on the bytes could begin or end inside of a character: it takes such bytes, or may be empty. */
  #cutsCharacters(fast: FastRegexp): boolean {
    // Without `\b` and the like, what can be empty anywhere is empty there.
    this.#takesEmpty ??= new RegExp(fast.testSource, fast.flags).test("");
    return fast.asciiOnly || this.#takesEmpty;
  }

  #forEachFast(
    fast: FastRegexp,
    subject: string,
    from: number,
    visit: (start: number, end: number, groups: RegExpExecArray) => boolean,
  ): void {
    this.#finder ??= new RegExp(fast.source, `g${fast.flags}`);
    const finder = this.#finder;
    finder.lastIndex = from;
    for (let found = finder.exec(subject); found !== null; found = finder.exec(subject)) {
      const start = found.index;
      const end = start + found[0].length;
      if (start === end) finder.lastIndex = end + 1;
      if (!visit(start, end, found)) return;
    }
  }

  /** `subject`: bytes, or a string that is ASCII; either way the engine counts bytes. */
  #forEachRe2(
    subject: string | Buffer,
    from: number,
    visit: (start: number, end: number, matcher: Matcher) => boolean,
  ): void {
    const engine = this.#re2();
    if (subject.length > LONG_SUBJECT && !engine.test(subject)) return;
    const matcher = engine.matcher(subject);
    for (let found = matcher.find(from); found; found = matcher.find()) {
      if (!visit(matcher.start(), matcher.end(), matcher)) return;
    }
  }
}

/** A byte string as the engine takes it: as bytes it reads what is not ASCII as UTF-8, each invalid byte as one U+FFFD. */
function subjectOf(subject: string): string | Buffer {
  return isAscii(subject) ? subject : Buffer.from(subject, "latin1");
}

function testLiteral(literal: LiteralPattern, subject: string): boolean {
  if (literal.atStart) return literal.atEnd ? subject === literal.text : subject.startsWith(literal.text);
  return literal.atEnd ? subject.endsWith(literal.text) : subject.includes(literal.text);
}
