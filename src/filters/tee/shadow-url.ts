// The argument that names a shadow server: scheme and host of a URL, whose path and query say nothing (spec filters 9.4).

import { splitBackendAddress } from "../../eskip/url.ts";
import { parseUrlReference } from "../../http/url-reference.ts";
import { stringKind } from "../../spec/arg-kinds.ts";
import { type ArgKind, Refused } from "../../spec/args.ts";
import { toByteString } from "../../util/bytes.ts";

export interface ShadowTarget {
  /** `host[:port]` as written: the Host header. */
  readonly host: string;
  /** Null for a URL that names no server of HTTP: copies to it fail. */
  readonly server: { readonly secure: boolean; readonly hostname: string; readonly port: number } | null;
}

/** A target for an authority as it stands in a URL. */
export function shadowTarget(scheme: string, host: string): ShadowTarget {
  const address = splitBackendAddress(`${scheme}://${host}`);
  if ("error" in address || (scheme !== "http" && scheme !== "https")) return { host, server: null };
  return { host, server: { secure: scheme === "https", hostname: address.hostname, port: address.port } };
}

export const shadowUrl: ArgKind<ShadowTarget> = stringKind({
  kind: "URL",
  expected: "a URL",
  accepts: ["http://shadow.example", "https://10.0.0.1:9443/path?query", "//shadow.example", ""],
  refuses: ["http://[", "http://a:b", "%zz", 1],
  parse(text) {
    const url = parseUrlReference(toByteString(text));
    return url === undefined ? new Refused() : shadowTarget(url.scheme, url.host);
  },
});
