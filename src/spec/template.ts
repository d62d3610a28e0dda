// Templates in filter arguments: `/v1/${id}?from=${request.host}` (spec filters 5, eskip 12). Parsed once when a route is built.
// A value that is inserted is never looked at again: a client cannot smuggle a placeholder in.

import { firstForwardedAddress, lastForwardedAddress } from "../http/client-address.ts";
import { cookieValue } from "../http/cookies.ts";
import { toByteString } from "../util/bytes.ts";
import { firstQueryValue } from "../util/query.ts";
import type { FilterContext } from "./context.ts";

/** Gives the value of one placeholder as a byte string, "" when it is unresolved. */
type Placeholder = (ctx: FilterContext) => string;

/** Placeholders that stand for one thing; the others carry a name behind a prefix. */
const PLAIN: Readonly<Record<string, Placeholder>> = {
  "request.method": (ctx) => ctx.request.method,
  "request.host": (ctx) => ctx.request.host,
  "request.path": (ctx) => ctx.request.path,
  "request.rawQuery": (ctx) => ctx.request.rawQuery,
  "request.source": (ctx) => firstForwardedAddress(ctx.request),
  "request.sourceFromLast": (ctx) => lastForwardedAddress(ctx.request),
  "request.clientIP": (ctx) => ctx.request.remoteAddress,
};

const PREFIXED: readonly (readonly [prefix: string, make: (name: string) => Placeholder])[] = [
  ["request.header.", (name) => (ctx) => ctx.request.headers.get(name) ?? ""],
  ["request.query.", (name) => (ctx) => firstQueryValue(ctx.request.rawQuery, name) ?? ""],
  ["request.cookie.", (name) => (ctx) => cookieValue(ctx.request.headers, name) ?? ""],
  [
    "response.header.",
    (name) => {
      const asParam = `response.header.${name}`;
      return (ctx) => (ctx.hasResponse ? (ctx.response.headers.get(name) ?? "") : ctx.pathParam(asParam));
    },
  ],
];

export class Template {
  /** The template as written. */
  readonly source: string;
  /** Literal text before, between and behind the placeholders: always one more than there are placeholders. */
  readonly #texts: readonly string[];
  readonly #placeholders: readonly Placeholder[];

  constructor(source: string) {
    const texts: string[] = [];
    const placeholders: Placeholder[] = [];
    let from = 0;
    for (let open = source.indexOf("${"); open >= 0; open = source.indexOf("${", open + 1)) {
      const end = placeholderEnd(source, open + 2);
      if (end < 0) continue;
      texts.push(toByteString(source.slice(from, open)));
      placeholders.push(placeholder(toByteString(source.slice(open + 2, end))));
      from = end + 1;
      open = end;
    }
    texts.push(toByteString(source.slice(from)));
    this.source = source;
    this.#texts = texts;
    this.#placeholders = placeholders;
  }

  /** True when there is nothing to insert. */
  get isConstant(): boolean {
    return this.#placeholders.length === 0;
  }

  /** The text with all values as a byte string; undefined when one placeholder has no value or an empty one. */
  apply(ctx: FilterContext): string | undefined {
    let out = this.#texts[0]!;
    for (let i = 0; i < this.#placeholders.length; i++) {
      const value = this.#placeholders[i]!(ctx);
      if (value === "") return undefined;
      out += value + this.#texts[i + 1]!;
    }
    return out;
  }

  /** The same, but a placeholder without value becomes the empty text. */
  applyLoose(ctx: FilterContext): string {
    let out = this.#texts[0]!;
    for (let i = 0; i < this.#placeholders.length; i++) out += this.#placeholders[i]!(ctx) + this.#texts[i + 1]!;
    return out;
  }
}

/** Offset of the `}` of the placeholder whose name begins at `start`; -1 when it is none: empty, or with another brace inside. */
function placeholderEnd(source: string, start: number): number {
  for (let i = start; i < source.length; i++) {
    const c = source[i];
    if (c === "}") return i > start ? i : -1;
    if (c === "{") return -1;
  }
  return -1;
}

function placeholder(name: string): Placeholder {
  if (Object.hasOwn(PLAIN, name)) return PLAIN[name]!;
  for (const [prefix, make] of PREFIXED) if (name.startsWith(prefix)) return make(name.slice(prefix.length));
  return (ctx) => ctx.pathParam(name);
}
