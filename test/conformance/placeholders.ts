// The placeholders of the proxy vectors: those with a known value are filled in before a run, the others match any text of their
// kind when results are compared.

const KINDS: Readonly<Record<string, string>> = {
  DATE: "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT",
  TIMESTAMP: "\\d\\d/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}",
  TIME: '[^"]+',
  DURATION: "(?:(?:\\d+(?:\\.\\d+)?(?:ns|us|µs|ms|s|m|h))+|\\d+)",
  CLIENT_PORT: "\\d+",
  UNIX_TIME: "\\d+",
  INT: "\\d+",
  ERROR: "[^\\n]*",
};

/** Fills in {{REPEAT:x:n}} and the given names in every string of a JSON value. */
export function fillIn<T>(value: T, places: Readonly<Record<string, string>>): T {
  const fill = (x: unknown): unknown => {
    if (typeof x === "string") {
      return x
        .replace(/\{\{REPEAT:([^:}]+):(\d+)\}\}/g, (_, text: string, times: string) => text.repeat(Number(times)))
        .replace(/\{\{([A-Z0-9]+(?:\.port)?)\}\}/g, (all, name: string) => places[name] ?? all);
    }
    if (Array.isArray(x)) return x.map(fill);
    if (typeof x !== "object" || x === null) return x;
    return Object.fromEntries(Object.entries(x).map(([key, one]) => [key, fill(one)]));
  };
  return fill(value) as T;
}

const patterns = new Map<string, RegExp | null>();

function patternOf(text: string): RegExp | null {
  let pattern = patterns.get(text);
  if (pattern === undefined) {
    const parts = text.split(/\{\{([A-Z_]+)\}\}/);
    const source = parts.map((part, i) =>
      i % 2 === 0 ? RegExp.escape(part) : (KINDS[part] ?? RegExp.escape(`{{${part}}}`)),
    );
    pattern = parts.length === 1 ? null : new RegExp(`^${source.join("")}$`, "s");
    patterns.set(text, pattern);
  }
  return pattern;
}

/** True when a text is the expected one, placeholders counting as any text of their kind. */
export function fits(want: string, got: string): boolean {
  return want === got || (patternOf(want)?.test(got) ?? false);
}

/** The same for any JSON value. */
export function isSame(want: unknown, got: unknown): boolean {
  if (typeof want === "string") return (typeof got === "string" || typeof got === "number") && fits(want, String(got));
  if (Array.isArray(want)) {
    return Array.isArray(got) && want.length === got.length && want.every((one, i) => isSame(one, got[i]));
  }
  if (typeof want !== "object" || want === null) return want === got;
  if (typeof got !== "object" || got === null) return false;
  const keys = Object.keys(want).sort();
  if (keys.join() !== Object.keys(got).sort().join()) return false;
  return keys.every((key) => isSame((want as Record<string, unknown>)[key], (got as Record<string, unknown>)[key]));
}

/** Log lines: equal text, or equal JSON with keys in any order. */
export function isSameLine(want: string, got: string): boolean {
  if (fits(want, got)) return true;
  if (!want.startsWith("{") || !got.startsWith("{")) return false;
  try {
    return isSame(JSON.parse(want), JSON.parse(got));
  } catch {
    return false;
  }
}
