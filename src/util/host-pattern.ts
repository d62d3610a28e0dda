// Host patterns that are nothing but names: `^(a[.]b[.]?(:[0-9]+)?|c[.]d)$` and the like, which is what ingress controllers and
// people write. The routing table files such routes under their names, and the Host predicate compares instead of searching.
// Anything that is not exactly of this form is left to the regular expression.

/** One name that a pattern matches. */
export interface LiteralHost {
  /** In the letter case of the pattern; behind the first label and its dot when `wildcard`. */
  readonly name: string;
  /** True: exactly one label more stands in front, of one character or more. */
  readonly wildcard: boolean;
  /** True: that label may hold only `a-z`, `0-9` and `-`. */
  readonly strictLabel: boolean;
  /** True: one dot may follow. */
  readonly optionalDot: boolean;
  /** True: a colon and decimal digits may follow. */
  readonly optionalPort: boolean;
}

const PORT = ["(:[0-9]+)?", "(?::[0-9]+)?"];
const DOT = ["[.]?", "\\.?"];
/** Label patterns in front of a dot. `[^.]` also matches characters that no host has, and so does matchLiteralHosts. */
const ANY_LABEL = "[^.]+";
const STRICT_LABEL = "[a-z0-9-]+";

/** The names that the pattern matches, null when it may match anything else. */
export function literalHosts(pattern: string): LiteralHost[] | null {
  if (!pattern.startsWith("^") || !pattern.endsWith("$")) return null;
  let body = pattern.slice(1, -1);
  const isGroup = body.startsWith("(") && body.endsWith(")");
  if (isGroup) body = body.slice(body.startsWith("(?:") ? 3 : 1, -1);
  const hosts: LiteralHost[] = [];
  // Without the parentheses `^a|b$` would mean something else.
  for (const alternative of isGroup ? body.split("|") : [body]) {
    const host = literalHost(alternative);
    if (host === null) return null;
    hosts.push(host);
  }
  return hosts;
}

function literalHost(pattern: string): LiteralHost | null {
  let rest = pattern;
  let optionalPort = false;
  let optionalDot = false;
  const port = PORT.find((text) => rest.endsWith(text));
  if (port !== undefined) {
    optionalPort = true;
    rest = rest.slice(0, -port.length);
  }
  const dot = DOT.find((text) => rest.endsWith(text));
  // The backslash of `\.?` could itself be escaped; a host has none, so such a pattern fails below.
  if (dot !== undefined) {
    optionalDot = true;
    rest = rest.slice(0, -dot.length);
  }
  const label = rest.startsWith(ANY_LABEL) ? ANY_LABEL : rest.startsWith(STRICT_LABEL) ? STRICT_LABEL : "";
  const wildcard = label !== "";
  const name = literalText(rest.slice(label.length));
  if (name === null || name === "") return null;
  if (!wildcard) return { name, wildcard, strictLabel: false, optionalDot, optionalPort };
  if (!name.startsWith(".") || name.length < 2) return null;
  return { name: name.slice(1), wildcard, strictLabel: label === STRICT_LABEL, optionalDot, optionalPort };
}

/** The text that a pattern of letters, digits, `-`, `_` and escaped dots stands for; null when there is anything else in it. */
function literalText(pattern: string): string | null {
  let out = "";
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern.charCodeAt(i);
    if (isHostByte(c)) {
      out += pattern[i];
    } else if (pattern.startsWith("[.]", i)) {
      out += ".";
      i += 2;
    } else if (pattern.startsWith("\\.", i)) {
      out += ".";
      i += 1;
    } else {
      return null;
    }
  }
  return out;
}

/** Letters, digits, `-` and `_`. */
function isHostByte(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 45 || c === 95;
}

/** True when the subject (a byte string) is one of the hosts: the same answer as the pattern that they were read from. */
export function matchLiteralHosts(hosts: readonly LiteralHost[], subject: string): boolean {
  for (const host of hosts) if (matchLiteralHost(host, subject)) return true;
  return false;
}

function matchLiteralHost(host: LiteralHost, subject: string): boolean {
  if (!host.wildcard && subject.length === host.name.length) return subject === host.name;
  let start = 0;
  if (host.wildcard) {
    start = subject.indexOf(".") + 1;
    if (start < 2 || (host.strictLabel && !isStrictLabel(subject, start - 1))) return false;
  }
  if (!subject.startsWith(host.name, start)) return false;
  let at = start + host.name.length;
  if (at === subject.length) return true;
  if (host.optionalDot && subject.charCodeAt(at) === 46) at++;
  if (host.optionalPort && subject.charCodeAt(at) === 58) {
    const first = ++at;
    while (at < subject.length && subject.charCodeAt(at) >= 48 && subject.charCodeAt(at) <= 57) at++;
    if (at === first) return false;
  }
  return at === subject.length;
}

function isStrictLabel(subject: string, end: number): boolean {
  for (let i = 0; i < end; i++) {
    const c = subject.charCodeAt(i);
    if (!((c >= 97 && c <= 122) || (c >= 48 && c <= 57) || c === 45)) return false;
  }
  return true;
}
