// Behaviour of the query filters (spec filters 6.3).
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholder syntax of routes

import { testFilters } from "../../../test/support/filter-table.ts";

testFilters([
  { title: "sets", chain: 'setQuery("k", "v w&")', expect: { rawQuery: "k=v+w%26" } },
  {
    title: "replaces all values and sorts",
    chain: 'setQuery("k", "v")',
    request: { target: "/?z=1&a=%20&z=2&k=old&k=old2" },
    expect: { rawQuery: "a=+&k=v&z=1&z=2" },
  },
  {
    title: "templates, unresolved ones are empty",
    chain: 'setQuery("k${id}", "v ${none}")',
    request: { target: "/?q=1", pathParams: { id: "1" } },
    expect: { rawQuery: "k1=v+&q=1" },
  },
  {
    title: "the whole query, not encoded",
    chain: 'setQuery("x=${id}&y=${none}&z=%20")',
    request: { target: "/?z=1", pathParams: { id: "1" } },
    expect: { rawQuery: "x=1&y=&z=%20" },
  },
  {
    title: "what would end the request line is escaped",
    chain: 'setQuery("${request.path}&e=%20+ü#")',
    request: { target: "/a%20HTTP%2F1.1%0D%0AX-B:%201" },
    expect: { rawQuery: "/a%20HTTP/1.1%0D%0AX-B:%201&e=%20+%C3%BC%23%7F" },
  },
  { title: "the empty query", chain: 'setQuery("")', request: { target: "/?z=1" }, expect: { rawQuery: "" } },
  { title: "drops", chain: 'dropQuery("z")', request: { target: "/?z=1&a=%20b&z=2" }, expect: { rawQuery: "a=+b" } },
  { title: "sorts anyway", chain: 'dropQuery("z")', request: { target: "/?y=1&x=2" }, expect: { rawQuery: "x=2&y=1" } },
  {
    title: "strips",
    chain: 'stripQuery() -> stripQuery("x") -> stripQuery("true", "x")',
    request: { target: "/?foo=bar" },
    expect: { rawQuery: "", requestHeaders: {} },
  },
  {
    title: "keeps parameters as headers",
    chain: 'stripQuery("TRUE")',
    request: { target: "/?foo=bar&x=1&x=2&e=&w_%C3%BC.z=q%20r", headers: [["X-Query-Param-Foo", "client"]] },
    expect: {
      rawQuery: "",
      requestHeaders: {
        "x-query-param-foo": ["client", "bar"],
        "x-query-param-x": ["1", "2"],
        "x-query-param-e": "",
        "x-query-param-wu00fcz": "q r",
      },
    },
  },
  {
    title: "parameter from a header",
    chain: 'headerToQuery("X-Foo", "foo")',
    request: { target: "/?foo=1&foo=2&b=3", headers: [["x-foo", "a b"]] },
    expect: { rawQuery: "b=3&foo=a+b" },
  },
  {
    title: "parameter from an absent header",
    chain: 'headerToQuery("X-Foo", "foo")',
    request: { target: "/?foo=1" },
    expect: { rawQuery: "foo=" },
  },
  {
    title: "header from a parameter, no host rule",
    chain: 'queryToHeader("foo", "Host")',
    request: { target: "/?foo=v1&foo=v2" },
    expect: { requestHeaders: { host: "v1" }, ctx: { outgoingHost: "backend.test" } },
  },
  {
    title: "a header that is there stays, an empty one does not",
    chain: 'queryToHeader("foo", "X-A") -> queryToHeader("foo", "X-B") -> queryToHeader("none", "X-C")',
    request: {
      target: "/?foo=v1",
      headers: [
        ["X-A", "old"],
        ["X-B", ""],
      ],
    },
    expect: { requestHeaders: { "x-a": "old", "x-b": "v1" } },
  },
  ...(
    [
      ["Bearer %s", "Bearer a b"],
      ["%v", "a b"],
      ["%q", '"a b"'],
      ["%x", "612062"],
      ["100%% %s", "100% a b"],
      ["none", "none%!(EXTRA string=a b)"],
      ["%s %s", "a b %!s(MISSING)"],
      ["%d", "%!d(string=a b)"],
    ] as const
  ).map(([format, want]) => ({
    title: `format ${format}`,
    chain: `queryToHeader("foo", "X-A", "${format}")`,
    request: { target: "/?foo=a+b" },
    expect: { requestHeaders: { "x-a": want } },
  })),
]);
