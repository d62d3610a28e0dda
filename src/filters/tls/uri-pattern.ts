// URIs as mtlsSanURI takes them: literal, or with a `*` a glob. A glob becomes an RE2 pattern, so that it cannot take long.

import { stringKind } from "../../spec/arg-kinds.ts";
import { type ArgKind, Refused } from "../../spec/args.ts";
import { compileRegexp, RegexpError } from "../../util/regexp.ts";

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

/** A test for URIs. */
export const uriPattern: ArgKind<(uri: string) => boolean> = stringKind({
  kind: "URI",
  expected: "a URI with a scheme; with a * in it ? and [...] are wildcards too",
  accepts: ["spiffe://a/b", "spiffe://a/*", "spiffe://a/b?c"],
  refuses: ["a/b", "", "spiffe://a/[*", 1],
  parse: (text) => {
    if (!SCHEME.test(text)) return new Refused();
    if (!text.includes("*")) return (uri: string) => uri === text;
    const source = globSource(text);
    const pattern = source === null ? null : compileRegexp(`^(?s:${source})$`);
    if (pattern === null || pattern instanceof RegexpError) return new Refused("malformed pattern");
    return (uri: string) => pattern.test(uri);
  },
});

/** `*` is any run without a slash, `?` one character but a slash, `[...]` a class, `\` takes the next as it is. null: malformed. */
function globSource(glob: string): string | null {
  let out = "";
  for (let i = 0; i < glob.length; i++) {
    const c = glob.charAt(i);
    if (c === "*") out += "[^/]*";
    else if (c === "?") out += "[^/]";
    else if (c === "[") {
      const found = /^\[(\^?)((?:[^\]\\]|\\.)+)\]/.exec(glob.slice(i));
      if (found === null) return null;
      out += `[${found[1]}${found[2]!.replace(/[[&~]/g, "\\$&")}]`;
      i += found[0].length - 1;
    } else {
      const literal = c === "\\" ? glob.charAt(++i) : c;
      if (literal === "") return null;
      out += literal.replace(/[^\w/]/, "\\$&");
    }
  }
  return out;
}
