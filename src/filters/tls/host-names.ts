// Host names of certificates as mtlsSanDNS takes and compares them.

import { stringKind } from "../../spec/arg-kinds.ts";
import { type ArgKind, Refused } from "../../spec/args.ts";
import { parseIpAddress } from "../../util/cidr.ts";

const LABEL = /^[A-Za-z0-9-]+$/;

/** A host name whose first label may be `*`, in lower case. */
export const hostName: ArgKind<string> = stringKind({
  kind: "host name",
  expected: "a host name, in which the first label may be *",
  accepts: ["a.example", "*.example", "*"],
  refuses: ["", "a.*.example", "a_b", "1.2.3.4", "a..b", 1],
  parse: (text) => {
    const labels = text.split(".");
    const isName = labels.every((label, i) => LABEL.test(label) || (i === 0 && label === "*"));
    return isName && parseIpAddress(text) === null ? text.toLowerCase() : new Refused();
  },
});

/** `*.suffix` covers names with exactly one label in front of the suffix. */
export function isCovered(name: string, wanted: string): boolean {
  const lower = name.toLowerCase();
  if (!wanted.startsWith("*.")) return lower === wanted;
  const dot = lower.indexOf(".");
  return dot > 0 && lower.slice(dot) === wanted.slice(1);
}
