// Names of subjects and issuers. Node gives one name part a line, in the order of the certificate, and several attributes of one part
// with ` + ` between them. Special characters of the values are escaped already as in RFC 2253, so neither can stand inside of one.

/** The lines as text of RFC 2253: most specific first, joined by commas. */
export function rfc2253(name: string): string {
  return partsOf(name)
    .reverse()
    .map((attributes) => attributes.join("+"))
    .join(",");
}

/** The last common name as it is in the certificate, "" when there is none. */
export function commonName(name: string): string {
  const attribute = partsOf(name)
    .flat()
    .findLast((each) => each.startsWith("CN="));
  return attribute === undefined ? "" : unescaped(attribute.slice("CN=".length));
}

/** The name's parts, each with its attributes. */
function partsOf(name: string): string[][] {
  return name
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(" + "));
}

/** Control characters are escaped as two hex digits, others by a backslash in front. */
function unescaped(value: string): string {
  return value.replace(/\\([0-9A-F]{2}|.)/g, (_, escaped: string) =>
    escaped.length === 2 ? String.fromCharCode(Number.parseInt(escaped, 16)) : escaped,
  );
}
