// Regular expressions of users: RE2 syntax and meaning, linear time, subjects are byte strings read as UTF-8 in which every
// invalid byte counts as one U+FFFD (spec matching 14, filters 2). Every pattern of a route goes through here.

import { RE2JS } from "re2js";
import { isAscii } from "./bytes.ts";
import { LruMap } from "./lru.ts";
import type { Expansion } from "./regexp-expansion.ts";
import { type DecodedText, decodeUtf8, decodeWithOffsets } from "./utf8.ts";

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

/** Patterns are shared by many routes; the memo keeps the ones in use, not a table of 800,000. */
const MEMO_LIMIT = 4096;
/** A pure memo: what it holds can be dropped at any time without a difference but time. */
const memo = new LruMap<string, CompiledRegexp>(MEMO_LIMIT);

/** Compiles a pattern (Unicode text); equal patterns give the same object while it is in the memo. */
export function compileRegexp(pattern: string): CompiledRegexp | RegexpError {
  const known = memo.get(pattern);
  if (known !== undefined) return known;
  let engine: RE2JS;
  try {
    engine = RE2JS.compile(pattern);
  } catch (error) {
    return new RegexpError(errorText(error));
  }
  const compiled = new CompiledRegexp(pattern, engine);
  memo.set(pattern, compiled);
  return compiled;
}

/** The engine reports syntax errors in the words of RE2; a pattern that nests too deep ends in a RangeError. */
function errorText(error: unknown): string {
  const text = error instanceof Error && !(error instanceof RangeError) ? error.message : "expression nests too deeply";
  return text.startsWith("error parsing regexp: ") ? text : `error parsing regexp: ${text}`;
}

export class CompiledRegexp {
  /** The pattern as written. */
  readonly source: string;
  readonly #engine: RE2JS;

  constructor(source: string, engine: RE2JS) {
    this.source = source;
    this.#engine = engine;
  }

  /** True when the pattern matches somewhere in the subject (a byte string). */
  test(subject: string): boolean {
    return this.#engine.test(isAscii(subject) ? subject : decodeUtf8(subject));
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
    this.#forEachMatch(subject, (match) => matches.push(match) > 0);
    return matches;
  }

  /** The subject with every match of `execAll` replaced; bytes outside the matches stay, valid UTF-8 or not. */
  replaceAll(subject: string, expansion: Expansion): string {
    let out = "";
    let from = 0;
    this.#forEachMatch(subject, (match) => {
      out += subject.slice(from, match.start) + this.#expand(expansion, match);
      from = match.end;
      return true;
    });
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
    const names = this.#engine.namedGroups();
    return Object.hasOwn(names, name) ? names[name]! : -1;
  }

  #forEachMatch(subject: string, visit: (match: RegexpMatch) => boolean): void {
    const decoded: DecodedText | null = isAscii(subject) ? null : decodeWithOffsets(subject);
    const matcher = this.#engine.matcher(decoded === null ? subject : decoded.text);
    const groupCount = this.#engine.groupCount();
    const offset = (unit: number) => (decoded === null ? unit : decoded.offsets[unit]!);
    let lastEnd = -1;
    while (matcher.find()) {
      const start = offset(matcher.start());
      const end = offset(matcher.end());
      if (start === end && start === lastEnd) continue;
      lastEnd = end;
      const groups: (string | undefined)[] = [subject.slice(start, end)];
      for (let i = 1; i <= groupCount; i++) {
        const groupStart = matcher.start(i);
        groups.push(groupStart < 0 ? undefined : subject.slice(offset(groupStart), offset(matcher.end(i))));
      }
      if (!visit({ start, end, groups })) return;
    }
  }
}
