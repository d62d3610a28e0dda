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

/** Gives the Location for a request; `ownScheme` is the scheme when the location names none, "" for the one of the request. */
type Locate = (ctx: FilterContext, ownScheme?: string) => string;

/** Makes a function that gives the Location for a request; `lower` writes its path in lower case. */
export function locationOf(given: UrlReference | undefined, lower: boolean): Locate {
  const path = given === undefined || given.path === "" ? null : encodedPath(given, lower);
  const scheme = given?.scheme ?? "";
  const host = given?.host ?? "";
  const query = given?.query ?? "";
  const fragment = given === undefined || given.fragment === "" ? "" : `#${encodedFragment(given.fragment)}`;
  return (ctx, ownScheme = "") => {
    const request = ctx.request;
    let url = scheme || ownScheme || targetScheme(request.target) || DEFAULT_SCHEME;
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

/** The fragment as written when all of it may stand in one (RFC 3986 3.5), else what may not escaped. */
function encodedFragment(fragment: string): string {
  return fragment.replaceAll(
    /[^\w.~!$&'()*+,;=:@/?%-]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
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
