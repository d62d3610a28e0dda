// The Location of the redirect filters, put together from the given location and the request (spec filters 6.4). What the
// location does not name comes from the request as earlier filters left it.

import type { Arg } from "../../eskip/route.ts";
import { encodePath, isValidEncoding } from "../../http/path.ts";
import { parseUrlReference, type UrlReference } from "../../http/url-reference.ts";
import { type ArgKind, Refused } from "../../spec/args.ts";
import type { FilterContext } from "../../spec/context.ts";
import { fromByteString, toByteString } from "../../util/bytes.ts";
import { hostSetByFilter } from "../set-host.ts";

/** A URL reference of any form. */
export const location: ArgKind<UrlReference> = {
  kind: "location",
  expected: "a URL, or parts of one",
  accepts: ["/path", "https://www.example.org", "//www.example.org/a?b=c#d", "?a=b", ""],
  refuses: ["%zz", "http://[", 1],
  parse(value: Arg): UrlReference | Refused {
    return (typeof value === "string" ? parseUrlReference(toByteString(value)) : undefined) ?? new Refused();
  },
};

const DEFAULT_SCHEME = "https";

/** Makes a function that gives the Location for a request; `lower` writes its path in lower case. */
export function locationOf(given: UrlReference | undefined, lower: boolean): (ctx: FilterContext) => string {
  const path = given === undefined || given.path === "" ? null : encodedPath(given, lower);
  const scheme = given?.scheme ?? "";
  const host = given?.host ?? "";
  const query = given?.query ?? "";
  const fragment = given === undefined || given.fragment === "" ? "" : `#${given.fragment}`;
  return (ctx) => {
    const request = ctx.request;
    let url = scheme || targetScheme(request.target) || DEFAULT_SCHEME;
    url += "://";
    url += host || hostSetByFilter(ctx) || request.host;
    url += path ?? withSlash(encodePath(lower ? lowerCase(request.path) : request.path));
    const sentQuery = query || request.rawQuery;
    if (sentQuery !== "") url += `?${sentQuery}`;
    return url + fragment;
  };
}

/** The path as written when that is a valid encoding, else encoded. */
function encodedPath(given: UrlReference, lower: boolean): string {
  if (lower) return withSlash(encodePath(lowerCase(given.path)));
  return withSlash(isValidEncoding(given.rawPath) ? given.rawPath : encodePath(given.path));
}

function withSlash(path: string): string {
  return path.startsWith("/") || path === "" ? path : `/${path}`;
}

function lowerCase(path: string): string {
  return toByteString(fromByteString(path).toLowerCase());
}

/** The scheme of a request target in absolute form, "" for the usual forms. */
function targetScheme(target: string): string {
  const end = target.startsWith("/") ? -1 : target.indexOf("://");
  return end < 0 ? "" : target.slice(0, end).toLowerCase();
}
