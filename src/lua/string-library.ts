// string (reference manual 5.1, section 5.4). Strings are bytes; upper and lower change ASCII letters only, as in the C locale.

import { checkResults, intArg, optionalInt, stringArg } from "./arguments.ts";
import type { Library } from "./library.ts";
import type { Machine } from "./machine.ts";
import { index, isTrue, toText } from "./operations.ts";
import { isPlain, Matcher } from "./pattern.ts";
import { format } from "./string-format.ts";
import { LuaTable } from "./table.ts";
import { BadArgument, Call, Failure, isFunction, Native, type Steps, typeName, type Value } from "./value.ts";

/** A position counted from the end when negative. */
function relative(position: number, length: number): number {
  const at = position < 0 ? length + position + 1 : position;
  return at < 0 ? 0 : at;
}

function made(m: Machine, text: string): string {
  m.alloc(text.length + 24);
  m.charge(text.length >> 4);
  return text;
}

function sub(args: Value[], m: Machine): string {
  const text = stringArg(args, 0);
  const first = Math.max(relative(intArg(args, 1), text.length), 1);
  const last = Math.min(relative(optionalInt(args, 2, -1), text.length), text.length);
  const piece = first <= last ? text.slice(first - 1, last) : "";
  m.alloc(piece.length + 24);
  return piece;
}

function find(args: Value[], m: Machine, isFind: boolean): Value | Value[] {
  const text = stringArg(args, 0);
  const pattern = stringArg(args, 1);
  const start = Math.min(Math.max(relative(optionalInt(args, 2, 1), text.length) - 1, 0), text.length);
  if (isFind && (isTrue(args[3]) || isPlain(pattern))) {
    const at = text.indexOf(pattern, start);
    m.charge(1 + (((at < 0 ? text.length : at) - start) >> 3));
    return at < 0 ? undefined : [at + 1, at + pattern.length];
  }
  const isAnchored = pattern[0] === "^";
  const matcher = new Matcher(m, text, pattern);
  for (let s = start; s <= text.length; s++) {
    const e = matcher.match(s, isAnchored ? 1 : 0);
    if (e >= 0) {
      return isFind ? [s + 1, e, ...matcher.captures(s, e, false)] : matcher.captures(s, e, true);
    }
    if (isAnchored) break;
  }
  return undefined;
}

function gmatch(args: Value[], m: Machine): Native {
  const text = stringArg(args, 0);
  const matcher = new Matcher(m, text, stringArg(args, 1));
  let at = 0;
  return new Native("gmatch_iter", () => {
    for (let s = at; s <= text.length; s++) {
      const e = matcher.match(s, 0);
      if (e < 0) continue;
      at = e === s ? e + 1 : e;
      return matcher.captures(s, e, true);
    }
    return undefined;
  });
}

/** A replacement text with %0 to %9 filled in. */
function expand(matcher: Matcher, replacement: string, s: number, e: number): string {
  let out = "";
  for (let i = 0; i < replacement.length; i++) {
    const c = replacement[i]!;
    if (c !== "%") {
      out += c;
      continue;
    }
    const next = replacement[++i] ?? "\0";
    if (next < "0" || next > "9") out += next;
    else if (next === "0") out += matcher.subject.slice(s, e);
    else out += toText(matcher.capture(Number(next) - 1, s, e)) ?? "";
  }
  return out;
}

function gsub(args: Value[], m: Machine): Steps | Value[] {
  const text = stringArg(args, 0);
  const pattern = stringArg(args, 1);
  const replacement = args[2];
  const limit = optionalInt(args, 3, text.length + 1);
  const fixed = toText(replacement);
  if (fixed === undefined && !(replacement instanceof LuaTable) && !isFunction(replacement)) {
    throw new BadArgument(3, "string/function/table expected");
  }
  const run = substitute(m, text, pattern, fixed ?? replacement, limit);
  if (isFunction(replacement)) return run;
  // A text or a table needs no call, so there is nothing to wait for.
  const done = run.next([]);
  return done.done ? done.value : run;
}

function* substitute(m: Machine, text: string, pattern: string, replacement: Value, limit: number): Steps {
  const isAnchored = pattern[0] === "^";
  const matcher = new Matcher(m, text, pattern);
  const isSimple = typeof replacement === "string" && !replacement.includes("%");
  let out = "";
  let count = 0;
  let s = 0;
  while (count < limit) {
    const e = matcher.match(s, isAnchored ? 1 : 0);
    if (e >= 0) {
      count++;
      let value: Value;
      if (typeof replacement === "string") {
        value = isSimple ? replacement : expand(matcher, replacement, s, e);
        m.charge(replacement.length >> 2);
      } else {
        const captures = matcher.captures(s, e, true);
        if (replacement instanceof LuaTable) {
          const key = captures[0];
          value =
            replacement.meta === undefined
              ? replacement.get(key)
              : (yield new Call(indexFunction, [replacement, key]))[0];
        } else [value] = yield new Call(replacement, captures);
      }
      const piece = !isTrue(value) ? text.slice(s, e) : toText(value);
      if (piece === undefined) throw new Failure(`invalid replacement value (a ${typeName(value)})`);
      out += piece;
      m.alloc(piece.length);
      if (out.length > m.limits.memoryBytes) m.alloc(out.length);
    }
    if (e > s) s = e;
    else if (s < text.length) out += text[s++]!;
    else break;
    if (isAnchored) break;
  }
  if (s < text.length) out += text.slice(s);
  return [made(m, out), count];
}

/** t[k] as a function, for tables with metamethods. */
const indexFunction = new Native("index", (args, m) => index(m, args[0], args[1]));

function repeat(args: Value[], m: Machine): string {
  const text = stringArg(args, 0);
  const count = Math.max(intArg(args, 1), 0);
  const size = text.length * count;
  m.alloc(size + 24);
  m.charge(Math.min(size, Number.MAX_SAFE_INTEGER) >> 4);
  return size === 0 ? "" : text.repeat(count);
}

export const stringLibrary: Library = {
  name: "string",
  functions: {
    byte(args) {
      const text = stringArg(args, 0);
      const start = relative(optionalInt(args, 1, 1), text.length);
      const first = Math.max(start, 1);
      const last = Math.min(relative(optionalInt(args, 2, start), text.length), text.length);
      checkResults(last - first + 1, "string slice too long");
      const values: Value[] = [];
      for (let i = first; i <= last; i++) values.push(text.charCodeAt(i - 1));
      return values;
    },
    char(args, m) {
      let out = "";
      for (let i = 0; i < args.length; i++) {
        const code = intArg(args, i);
        if (code < 0 || code > 255) throw new BadArgument(i + 1, "invalid value");
        out += String.fromCharCode(code);
      }
      return made(m, out);
    },
    dump() {
      throw new Failure("unable to dump given function");
    },
    find: (args, m) => find(args, m, true),
    format: (args, m) => made(m, format(args)),
    gmatch,
    gfind: gmatch,
    gsub,
    len: (args) => stringArg(args, 0).length,
    lower: (args, m) =>
      made(
        m,
        stringArg(args, 0).replace(/[A-Z]+/g, (upper) => upper.toLowerCase()),
      ),
    match: (args, m) => find(args, m, false),
    rep: repeat,
    reverse(args, m) {
      const text = stringArg(args, 0);
      return made(m, Buffer.from(text, "latin1").reverse().toString("latin1"));
    },
    sub,
    upper: (args, m) =>
      made(
        m,
        stringArg(args, 0).replace(/[a-z]+/g, (lower) => lower.toUpperCase()),
      ),
  },
  open(m, table) {
    m.stringMeta = new LuaTable();
    m.stringMeta.set("__index", table);
  },
};
