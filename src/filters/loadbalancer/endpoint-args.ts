// The argument kinds of endpointCreated, for whoever reads it from a route definition (spec filters 9.2).

import type { Arg } from "../../eskip/route.ts";
import { parseUrlReference } from "../../http/url-reference.ts";
import { timeRfc3339 } from "../../spec/arg-kinds.ts";
import { type ArgKind, Refused } from "../../spec/args.ts";
import { toByteString } from "../../util/bytes.ts";

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, h2c: 80, https: 443 };

/** `host:port` in lower case, the port of the scheme when the URL names none. */
export const endpointUrl: ArgKind<string> = {
  kind: "endpoint",
  expected: "a URL with scheme and host",
  accepts: ["http://10.0.0.1:9090", "https://A.example"],
  refuses: [1, "", "10.0.0.1", "http://", "/path"],
  parse(value: Arg): string | Refused {
    if (typeof value !== "string") return new Refused();
    const url = parseUrlReference(toByteString(value));
    if (url === undefined || url.scheme === "" || url.host === "") return new Refused();
    const host = url.host.toLowerCase();
    const port = DEFAULT_PORTS[url.scheme];
    const hasPort = host.indexOf(":", host.lastIndexOf("]") + 1) >= 0;
    return hasPort || port === undefined ? host : `${host}:${port}`;
  },
};

/** Milliseconds since 1970, from seconds or RFC 3339. */
export const endpointTime: ArgKind<number> = {
  kind: "time",
  expected: "a time as RFC 3339 or seconds since 1970",
  accepts: [1608305400, "2020-12-18T15:30:00Z"],
  refuses: ["x", ""],
  parse(value: Arg): number | Refused {
    return typeof value === "number" ? value * 1000 : timeRfc3339.parse(value);
  },
};
