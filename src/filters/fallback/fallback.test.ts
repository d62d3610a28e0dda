// loopbackIfStatus asks for another answer when the status fits; what comes of it is tested with the exchange (proxy/rerun.test.ts).

import { testFilters } from "../../../test/support/filter-table.ts";

testFilters([
  {
    title: "the status fits: the path is taken as it stands",
    chain: 'loopbackIfStatus(404.9, "/b?x=1%2F")',
    request: { target: "/a?q=1" },
    answer: { status: 404 },
    expect: { ctx: { reruns: 1 }, path: "/b?x=1%2F", rawQuery: "q=1" },
  },
  {
    title: "another status",
    chain: 'loopbackIfStatus(404, "/b")',
    request: { target: "/a" },
    answer: { status: 500 },
    expect: { ctx: { reruns: 0 }, path: "/a", status: 500 },
  },
  {
    title: "a third argument says nothing",
    chain: 'loopbackIfStatus(404, "/b", 7)',
    answer: { status: 404 },
    expect: { ctx: { reruns: 1 }, path: "/b" },
  },
]);
