// Behaviour of the filters for dynamic backends (spec filters 9.1).

import { testFilters } from "../../../test/support/filter-table.ts";

testFilters([
  {
    title: "url",
    chain: 'setDynamicBackendUrl("http://o.example:81/p?q")',
    expect: { ctx: { dynamicUrl: "http://o.example:81/p?q", outgoingHost: "o.example:81" } },
  },
  ...["foo bar", "", "127.0.0.1:1", "http://[", "host/path", "http://a b"].map((url) => ({
    title: `not a url: ${JSON.stringify(url)}`,
    chain: `setDynamicBackendUrl("${url}")`,
    expect: { ctx: { dynamicUrl: url, outgoingHost: "backend.test" } },
  })),
  { title: "a path", chain: 'setDynamicBackendUrl("/p")', expect: { ctx: { dynamicUrl: "/p", outgoingHost: "" } } },
  {
    title: "url from a header",
    chain: 'setDynamicBackendUrlFromHeader("x-u")',
    request: { headers: [["X-U", "http://o.example"]] },
    expect: { ctx: { dynamicUrl: "http://o.example", outgoingHost: "o.example" } },
  },
  {
    title: "a header with a url that has no host",
    chain: 'setDynamicBackendUrlFromHeader("x-u")',
    request: { headers: [["X-U", "o.example:1"]] },
    expect: { ctx: { dynamicUrl: "o.example:1", outgoingHost: "" } },
  },
  {
    title: "host and scheme from headers",
    chain: 'setDynamicBackendHostFromHeader("X-H") -> setDynamicBackendSchemeFromHeader("X-S")',
    request: {
      headers: [
        ["X-H", "h:1"],
        ["X-S", "https"],
      ],
    },
    expect: { ctx: { dynamicHost: "h:1", dynamicScheme: "https", outgoingHost: "h:1" } },
  },
  {
    title: "absent and empty headers",
    chain:
      'setDynamicBackendHostFromHeader("X-H") -> setDynamicBackendSchemeFromHeader("X-S") -> setDynamicBackendUrlFromHeader("X-U")',
    request: {
      headers: [
        ["X-H", ""],
        ["X-U", ""],
      ],
    },
    expect: { ctx: { dynamicHost: "", dynamicScheme: "", dynamicUrl: "", outgoingHost: "backend.test" } },
  },
  {
    title: "the last one that sets a host decides the Host",
    chain: 'setDynamicBackendUrl("http://a") -> setDynamicBackendHost("b") -> setDynamicBackendScheme("h2c")',
    expect: { ctx: { dynamicUrl: "http://a", dynamicHost: "b", dynamicScheme: "h2c", outgoingHost: "b" } },
  },
  {
    title: "notes change nothing",
    chain: 'comment("x", 1) -> originMarker("a", "b", "2019-08-30T09:55:51+02:00")',
    expect: { status: 200, headers: {}, requestHeaders: {} },
  },
]);
