// The argument kind of filters that take bytes as hexadecimal digits (spec filters 7).

import type { Arg } from "../../eskip/route.ts";
import { type ArgKind, Refused } from "../../spec/args.ts";

/** A byte string, from two digits per byte. */
export const hexBytes: ArgKind<string> = {
  kind: "hex",
  expected: "hexadecimal digits, two for each byte",
  accepts: ["00", "5b5D", ""],
  refuses: ["0", "zz", 1],
  parse(value: Arg): string | Refused {
    if (typeof value !== "string" || value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value)) return new Refused();
    return Buffer.from(value, "hex").toString("latin1");
  },
};

/** The same, of at least one byte. */
export const nonEmptyHexBytes: ArgKind<string> = {
  ...hexBytes,
  accepts: ["00", "5b5D"],
  refuses: ["", "0", "zz", 1],
  parse: (value: Arg) => (value === "" ? new Refused() : hexBytes.parse(value)),
};
