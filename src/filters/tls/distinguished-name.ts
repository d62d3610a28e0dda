// Names of subjects and issuers. Node gives one attribute a line, in the order of the certificate.

/** The lines as text of RFC 2253: most specific first, joined by commas, special characters escaped. */
export function rfc2253(name: string): string {
  return name
    .split("\n")
    .filter((line) => line !== "")
    .reverse()
    .map((line) => {
      const equals = line.indexOf("=");
      return `${line.slice(0, equals)}=${escapeValue(line.slice(equals + 1))}`;
    })
    .join(",");
}

/** The last common name, "" when there is none. */
export function commonName(name: string): string {
  const line = name.split("\n").findLast((each) => each.startsWith("CN="));
  return line === undefined ? "" : line.slice("CN=".length);
}

function escapeValue(value: string): string {
  return value.replace(/[,+"\\<>;]|^[ #]| $/g, (c) => `\\${c}`);
}
