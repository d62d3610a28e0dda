// Behaviour of the path filters (spec filters 6.3).
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholder syntax of routes

import { testFilters } from "../../../test/support/filter-table.ts";

testFilters([
  {
    title: "a template, unresolved placeholders are empty",
    chain: 'setPath("/v2/${id}/${none}/x")',
    request: { target: "/u/1?q=1", pathParams: { id: "1" } },
    expect: { path: "/v2/1//x", rawQuery: "q=1" },
  },
  { title: "an empty path", chain: 'setPath("${none}")', expect: { path: "" } },
  {
    title: "groups",
    chain: 'modPath("^/u/(\\\\w+)/(\\\\w+)$", "/$2/${1}x/$0")',
    request: { target: "/u/abc/def" },
    expect: { path: "/def/abcx//u/abc/def" },
  },
  {
    title: "named groups and the dollar sign",
    chain: 'modPath("(?P<first>[a-z]+)", "${first}$first-$$")',
    request: { target: "/a/b" },
    expect: { path: "/aa-$/bb-$" },
  },
  { title: "the decoded path", chain: 'modPath("b c", "d")', request: { target: "/b%20c" }, expect: { path: "/d" } },
  { title: "no match", chain: 'modPath("zz", "d")', request: { target: "/b%20c" }, expect: { path: "/b c" } },
  ...(
    [
      ["/a/foo%2Fbar", "/a/foo%2Fbar"],
      ["/a/foo%2fbar%3A%40", "/a/foo%2fbar%3A%40"],
      ["/a/x%2Ay%2F", "/a/x*y%2F"],
      ["/a/plain", "/a/plain"],
      ["/a/%20%2F", "/a/ %2F"],
    ] as const
  ).map(([target, path]) => ({
    title: `rfc path of ${target}`,
    chain: "rfcPath()",
    request: { target },
    expect: { path },
  })),
  {
    title: "rfcPath after a change does nothing",
    chain: 'setPath("/x y") -> rfcPath()',
    request: { target: "/a%2Fb" },
    expect: { path: "/x y" },
  },
]);
