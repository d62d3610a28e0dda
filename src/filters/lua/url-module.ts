// The module url of scripts (spec filters 13): taking URLs apart, putting them together, resolving one against another (RFC 3986 5.2). Byte strings.

import { encodePath } from "../../http/path.ts";
import { stringArg, tableArg } from "../../lua/arguments.ts";
import type { Library } from "../../lua/library.ts";
import { toText } from "../../lua/operations.ts";
import { LuaTable } from "../../lua/table.ts";
import type { Value } from "../../lua/value.ts";
import { escapeQuery } from "../../util/query.ts";

interface Parts {
  readonly scheme: string;
  /** null: there is none. */
  readonly user: string | null;
  readonly host: string | null;
  /** As written. */
  readonly path: string;
  readonly query: string | null;
  readonly fragment: string | null;
}

/** RFC 3986, appendix B; every character is looked at once. */
const URL_PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

function split(text: string): Parts | string {
  if (/[\x00-\x1f\x7f]/.test(text)) return `parse ${JSON.stringify(text)}: invalid control character in URL`;
  const [, scheme = "", authority, path = "", query, fragment] = URL_PARTS.exec(text)!;
  const at = authority?.lastIndexOf("@") ?? -1;
  return {
    scheme: scheme.toLowerCase(),
    user: authority === undefined || at < 0 ? null : authority.slice(0, at),
    host: authority === undefined ? null : authority.slice(at + 1),
    path,
    query: query ?? null,
    fragment: fragment ?? null,
  };
}

/** Without escapes; undefined when one of them is none. */
function unescape(text: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  return text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function parse(text: string): Value | Value[] {
  const parts = split(text);
  if (typeof parts === "string") return [undefined, parts];
  const colon = parts.user?.indexOf(":") ?? -1;
  const fields: Record<string, string | undefined> = {
    scheme: parts.scheme,
    host: parts.host ?? "",
    path: unescape(parts.path),
    query: parts.query ?? "",
    fragment: unescape(parts.fragment ?? ""),
  };
  if (parts.user !== null) {
    fields.username = unescape(colon < 0 ? parts.user : parts.user.slice(0, colon));
    if (colon >= 0) fields.password = unescape(parts.user.slice(colon + 1));
  }
  const table = new LuaTable();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) return [undefined, `parse ${JSON.stringify(text)}: invalid URL escape in ${name}`];
    table.set(name, value);
  }
  return table;
}

function join(parts: Parts): string {
  let out = parts.scheme === "" ? "" : `${parts.scheme}:`;
  if (parts.host !== null) out += `//${parts.user === null ? "" : `${parts.user}@`}${parts.host}`;
  out += parts.host !== null && parts.path !== "" && parts.path[0] !== "/" ? `/${parts.path}` : parts.path;
  if (parts.query !== null) out += `?${parts.query}`;
  return parts.fragment === null ? out : `${out}#${parts.fragment}`;
}

function build(table: LuaTable): string {
  const field = (name: string): string => toText(table.get(name)) ?? "";
  const [username, password, host] = [field("username"), field("password"), field("host")];
  const user = username === "" ? null : escapeUser(username) + (password === "" ? "" : `:${escapeUser(password)}`);
  return join({
    scheme: field("scheme"),
    user,
    host: host === "" && user === null ? null : host,
    path: encodePath(field("path")),
    query: field("query") === "" ? null : field("query"),
    fragment: field("fragment") === "" ? null : encodePath(field("fragment")),
  });
}

function escapeUser(text: string): string {
  return escapeQuery(text).replaceAll("+", "%20");
}

/** Without `.` and `..` (RFC 3986 5.2.4). */
function removeDots(path: string): string {
  const out: string[] = [];
  const segments = path.split("/");
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1;
    if (segment === "..") {
      if (out.length > 1) out.pop();
      if (isLast) out.push("");
    } else if (segment !== ".") out.push(segment);
    else if (isLast) out.push("");
  }
  return out.join("/");
}

function resolve(from: string, to: string): Value | Value[] {
  const base = split(from);
  const ref = split(to);
  if (typeof base === "string") return [undefined, base];
  if (typeof ref === "string") return [undefined, ref];
  if (ref.scheme !== "") return join({ ...ref, path: removeDots(ref.path) });
  const { scheme } = base;
  if (ref.host !== null) return join({ ...ref, scheme, path: removeDots(ref.path) });
  const { user, host } = base;
  if (ref.path === "") return join({ ...base, query: ref.query ?? base.query, fragment: ref.fragment });
  const folder = base.host !== null && base.path === "" ? "/" : base.path.slice(0, base.path.lastIndexOf("/") + 1);
  const path = removeDots(ref.path[0] === "/" ? ref.path : folder + ref.path);
  return join({ scheme, user, host, path, query: ref.query, fragment: ref.fragment });
}

function queryString(table: LuaTable, prefix: string, depth: number): string[] {
  const names: [string, Value][] = [];
  for (let at = table.after(undefined); at > 0; at = table.after(table.keyAt(at))) {
    const key = table.keyAt(at);
    if (typeof key === "number" && prefix !== "") names.push(["", table.valueAt(at)]);
    else names.push([toText(key) ?? "", table.valueAt(at)]);
  }
  names.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return names.flatMap(([name, value]) => {
    const key = prefix === "" ? name : `${prefix}[${name}]`;
    if (value instanceof LuaTable) return depth < 20 ? queryString(value, key, depth + 1) : [];
    const text = typeof value === "boolean" ? String(value) : (toText(value) ?? "");
    return [`${escapeQuery(key)}=${escapeQuery(text)}`];
  });
}

/** `a=1&b[]=2`: sorted by name, encoded; lists as `k[]`, tables as `k[x]`. */
export function buildQuery(table: LuaTable): string {
  return queryString(table, "", 0).join("&");
}

export const urlModule: Library = {
  name: "url",
  functions: {
    parse: (args) => parse(stringArg(args, 0)),
    build: (args) => build(tableArg(args, 0)),
    build_query_string(args, m) {
      const table = tableArg(args, 0);
      const text = buildQuery(table);
      m.charge(table.size + (text.length >> 3));
      m.alloc(text.length + 24);
      return text;
    },
    resolve: (args) => resolve(stringArg(args, 0), stringArg(args, 1)),
  },
};
