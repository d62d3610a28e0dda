// Behaviour of the host filters (spec filters 6.2).
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholder syntax of routes

import { testFilters } from "../../../test/support/filter-table.ts";

testFilters([
  { title: "incoming host", chain: 'preserveHost("true")', expect: { ctx: { outgoingHost: "example.org" } } },
  {
    title: "a host of another filter stays",
    chain: 'setRequestHeader("Host", "x.y") -> preserveHost("true")',
    expect: { ctx: { outgoingHost: "x.y" } },
  },
  {
    title: "undoes the flag",
    chain: 'preserveHost("false")',
    request: { preserveHost: true },
    expect: { ctx: { outgoingHost: "backend.test" } },
  },
  {
    title: "load balanced: the host of the endpoint",
    chain: 'preserveHost("false")',
    request: { preserveHost: true, backendHost: "" },
    expect: { ctx: { outgoingHost: "" } },
  },
  {
    title: "false leaves a host of another filter",
    chain: 'setRequestHeader("Host", "x.y") -> preserveHost("false")',
    request: { preserveHost: true },
    expect: { ctx: { outgoingHost: "x.y" } },
  },
  { title: "forward proxy", chain: "backendIsProxy()", expect: { ctx: { backendIsProxy: true } } },
  ...(
    [
      ["in.example.org.", "in.example.org"],
      ["in.example.org.:81", "in.example.org:81"],
      ["plain.example:81", "plain.example:81"],
      ["a.b..", "a.b."],
      ["[::1]:81", "[::1]:81"],
      ["", ""],
    ] as const
  ).map(([host, want]) => ({
    title: `trailing dot of ${JSON.stringify(host)}`,
    chain: 'preserveHost("true") -> rfcHost() -> setResponseHeader("X-Host", "h${request.host}")',
    request: { host },
    expect:
      want === "" ? { ctx: { outgoingHost: "" } } : { ctx: { outgoingHost: want }, headers: { "x-host": `h${want}` } },
  })),
]);
