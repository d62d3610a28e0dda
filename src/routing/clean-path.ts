// Hot path: no allocation for a path that is clean already, which nearly all are. Guarded by table.bench.ts.
//
// Path cleaning (spec matching 3): of the request path before every lookup, and of every Path and PathSubtree argument.
// It works on byte strings; the path that goes to the backend is never cleaned.

const SLASH = 0x2f;
const DOT = 0x2e;

/** The cleaned path: begins with `/`, has no empty, `.` or `..` segment, keeps one trailing slash. */
export function cleanPath(path: string): string {
  const length = path.length;
  if (length === 0 || path.charCodeAt(0) !== SLASH) return cleanSlowly(path);
  for (let i = 1; i < length; i++) {
    const c = path.charCodeAt(i);
    if ((c === SLASH || c === DOT) && path.charCodeAt(i - 1) === SLASH) return cleanSlowly(path);
  }
  return path;
}

function cleanSlowly(path: string): string {
  const kept: string[] = [];
  let last = "";
  let start = 0;
  for (;;) {
    const slash = path.indexOf("/", start);
    last = slash < 0 ? path.slice(start) : path.slice(start, slash);
    if (last === "..") kept.pop();
    else if (last !== "" && last !== ".") kept.push(last);
    if (slash < 0) break;
    start = slash + 1;
  }
  const isFolder = last === "." || (path.length >= 3 && last === "");
  return kept.length === 0 ? "/" : `/${kept.join("/")}${isFolder ? "/" : ""}`;
}

/** The path that the tree is asked for: with `-ignore-trailing-slash` one trailing slash is taken off, but not the only one. */
export function treePath(cleaned: string, ignoreTrailingSlash: boolean): string {
  if (!ignoreTrailingSlash || cleaned.length < 2 || cleaned.charCodeAt(cleaned.length - 1) !== SLASH) return cleaned;
  return cleaned.slice(0, -1);
}
