// `HeaderSHA256` (spec predicates 6): a shared secret in a header without the secret in the routing table.

import { headerName, stringKind } from "../spec/arg-kinds.ts";
import { type ArgKind, one, Refused, rest } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";
import { crypto } from "../util/lazy-builtin.ts";

const DIGEST = /^[0-9a-f]{64}$/;
const NO_HEX_DIGIT = /[^0-9a-f]/u;

const digest: ArgKind<string> = stringKind({
  kind: "SHA-256",
  expected: "a SHA-256 digest of 64 hexadecimal digits",
  accepts: ["5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"],
  refuses: ["00ff", "zz", "", 1],
  parse: (text) => {
    const lower = text.toLowerCase();
    if (DIGEST.test(lower)) return lower;
    const wrong = NO_HEX_DIGIT.exec(lower);
    return new Refused(wrong === null ? "" : `encoding/hex: invalid byte: ${JSON.stringify(wrong[0])}`);
  },
});

export const headerSha256 = definePredicate({
  name: "HeaderSHA256",
  summary: "Matches when the SHA-256 digest of a header value is one of the given ones.",
  details: "Only the first line of the header counts; an empty value never matches.",
  args: [one("name", headerName), rest("digests", digest, 1)],
  examples: [
    'svc: HeaderSHA256("X-Client-Key", "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5") -> "http://backend.test";',
  ],
  create([name, digests]) {
    const { hash } = crypto();
    return (request) => {
      const value = request.headers.get(name);
      if (value === undefined || value === "") return false;
      return digests.includes(hash("sha256", Buffer.from(value, "latin1"), "hex"));
    };
  },
});
