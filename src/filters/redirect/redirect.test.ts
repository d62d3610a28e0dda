// Behaviour of the redirect filters (spec filters 6.4).

import { testFilters } from "../../../test/support/filter-table.ts";

const cases: readonly (readonly [chain: string, target: string, location: string])[] = [
  ["redirectTo(302)", "/A/b?c=D", "https://example.org/A/b?c=D"],
  ["redirectTo(302)", "/x%20y", "https://example.org/x%20y"],
  ['redirectTo(302, "relative/path")', "/g", "https://example.org/relative/path"],
  ['redirectTo(302, "?only=query")', "/h?old=1", "https://example.org/h?only=query"],
  ['redirectTo(302.9, "/x y%20z")', "/n", "https://example.org/x%20y%20z"],
  ['redirectTo(302, "/{a}")', "/n", "https://example.org/%7Ba%7D"],
  ['redirectTo(302, "/new")', "/n?q=1", "https://example.org/new?q=1"],
  ['redirectTo(302, "http://user:pw@o.example:81/p?x#frag")', "/n?q=1", "http://o.example:81/p?x#frag"],
  ['redirectTo(302, "//o.example")', "/n?q=1", "https://o.example/n?q=1"],
  ['redirectTo(302, "http://o.example")', "/a%2Fb", "http://o.example/a/b"],
  ["redirectTo(302)", "http://other.example/p?q", "http://example.org/p?q"],
  ["redirectToLower(302)", "/E/Foo/BAR?Q=ABC", "https://example.org/e/foo/bar?Q=ABC"],
  ["redirectToLower(302)", "/%C3%9C", "https://example.org/%C3%BC"],
  ['redirectToLower(302, "/FOO/Bar?Q=1")', "/f?x=Y", "https://example.org/foo/bar?Q=1"],
  ['redirectToLower(302, "https://WWW.Example.org")', "/G", "https://WWW.Example.org/g"],
  [
    'setPath("/pp") -> setQuery("z", "1") -> setRequestHeader("Host", "o.example") -> redirectTo(302)',
    "/p?y=2",
    "https://o.example/pp?y=2&z=1",
  ],
  ['preserveHost("true") -> redirectTo(302)', "/p", "https://example.org/p"],
  // The Host header counts that a filter set, wherever the backend request goes.
  [
    'setRequestHeader("Host", "o.example") -> setDynamicBackendHost("b.example") -> redirectTo(302)',
    "/p",
    "https://o.example/p",
  ],
  ['queryToHeader("h", "Host") -> redirectTo(302, "/q?")', "/p?h=o.example", "https://o.example/q?h=o.example"],
  ['setRequestHeader("Host", "") -> redirectTo(302)', "/p", "https://example.org/p"],
  ['redirectTo(302, "#a b<%20>")', "/p", "https://example.org/p#a%20b%3C%20%3E"],
  ['redirectTo(302, "#ü?/")', "/p", "https://example.org/p#%C3%BC?/"],
  ['redirect(302, "/foo")', "/a?x=1", "https://example.org/foo?x=1"],
];

testFilters([
  ...cases.map(([chain, target, location]) => ({
    title: target,
    chain,
    request: target.startsWith("/") ? { target } : { target: "/p?q", absolute: target },
    answer: { body: [] },
    expect: { status: 302, headers: { location }, body: "" },
  })),
  {
    title: "the port of the host",
    chain: "redirectTo(308)",
    request: { host: "h:8080" },
    expect: { headers: { location: "https://h:8080/" } },
  },
  {
    title: "filters around it",
    chain: 'setResponseHeader("X-A", "1") -> redirectTo(302, "/x") -> setResponseHeader("X-B", "1")',
    expect: { status: 302, served: true, headers: { location: "https://example.org/x", "x-a": "1" } },
  },
  {
    title: "the older one calls the backend and drops its headers",
    chain: 'redirect(301) -> setRequestHeader("X-A", "1")',
    answer: { headers: [["X-B", "1"]], body: ["old"] },
    expect: { status: 301, requestHeaders: { "x-a": "1" }, headers: { location: "https://example.org/" }, body: "old" },
  },
  {
    title: "what other filters do to its head is lost, what they do to the body is not",
    chain:
      'setResponseHeader("X-A", "1") -> status(200) -> wrapContent("<", ">") -> redirect(302, "/left") -> redirect(301, "/right") -> setResponseHeader("X-B", "1")',
    answer: { headers: [["Content-Length", "3"]], body: ["old"] },
    expect: { status: 301, headers: { location: "https://example.org/right" }, body: "<old>" },
  },
  {
    title: "its scheme on a network backend",
    chain: "redirect(301)",
    request: { backendScheme: "http" },
    expect: { headers: { location: "http://example.org/" } },
  },
  {
    title: "a named scheme counts more",
    chain: 'redirect(301, "https://o.example")',
    request: { backendScheme: "http" },
    expect: { headers: { location: "https://o.example/" } },
  },
]);
