// The common part of responseCookie and jsCookie (spec filters 10).

import { cookieValue, isToken } from "../../http/cookies.ts";
import type { Filter } from "../../spec/filter.ts";
import { cookieStateKey, cookieValueText } from "./cookie-value.ts";
import { formatSetCookie } from "./set-cookie.ts";

/** A filter that adds a Set-Cookie line; `maxAge` undefined: a cookie for the session of the browser. */
export function setCookieFilter(
  name: string,
  value: string,
  maxAge: number | undefined,
  changeOnly: boolean,
  httpOnly: boolean,
): Filter {
  const text = cookieValueText(value);
  const stateKey = cookieStateKey(name);
  // A name that is no token cannot be sent: the line is then empty.
  const valid = isToken(name);
  return {
    response(ctx) {
      if (changeOnly && cookieValue(ctx.request.headers, name) === value) return;
      ctx.stateBag.set(stateKey, value);
      const line = valid
        ? formatSetCookie({
            name,
            value: text,
            path: "/",
            domain: cookieDomain(ctx.request.host),
            expires: "",
            maxAge: maxAge ?? null,
            httpOnly,
            secure: true,
            sameSite: "",
            partitioned: false,
          })
        : "";
      ctx.response.headers.append("Set-Cookie", line);
    },
  };
}

/** The host without port; of a name with two or more dots the part behind the first label. */
function cookieDomain(host: string): string {
  const colon = host.lastIndexOf(":");
  const name = colon < 0 || host.endsWith("]") ? host : host.slice(0, colon);
  const firstDot = name.indexOf(".");
  return firstDot >= 0 && name.indexOf(".", firstDot + 1) >= 0 ? name.slice(firstDot + 1) : name;
}
