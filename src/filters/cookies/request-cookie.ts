// requestCookie: adds a cookie to the request (spec filters 10).

import { bytes, nonEmptyBytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { cookieStateKey, cookieValueText } from "./cookie-value.ts";

export const requestCookie = defineFilter({
  name: "requestCookie",
  summary: "Adds a cookie to the Cookie header of the request.",
  details: "Characters that cannot stand in a cookie value are dropped; a value with blank or comma is quoted.",
  args: [one("name", nonEmptyBytes), one("value", bytes)],
  examples: [
    {
      route: '* -> requestCookie("b", "2") -> "http://backend.test"',
      send: { headers: { Cookie: "a=1" } },
      expect: { backend: { headers: { cookie: "a=1; b=2" } } },
    },
  ],
  create([name, value]) {
    const pair = `${name.replaceAll(/[\r\n]/g, "-")}=${cookieValueText(value)}`;
    const stateKey = cookieStateKey(name);
    return {
      request(ctx) {
        const headers = ctx.request.headers;
        const old = headers.getAll("Cookie").filter((line) => line !== "");
        headers.set("Cookie", old.length === 0 ? pair : `${old.join("; ")}; ${pair}`);
        ctx.stateBag.set(stateKey, value);
      },
    };
  },
});
