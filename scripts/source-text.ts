// Reads TypeScript just well enough for the checks of this folder: which modules a file imports, and its text without comments and
// strings. It is no parser: it relies on the formatter's shape (statements at line starts, double quotes).

export interface Import {
  readonly specifier: string;
  /** Counted from 1. */
  readonly line: number;
  /** True for `import "x";`, which is there only for what it does. */
  readonly sideEffect: boolean;
}

const importPattern = /(?:^(?:import|export)\b[^;"]*?\bfrom\s*|^import\s+|\bimport\s*\(\s*)"([^"\n]+)"/gm;

/** The imports of a module, static, dynamic and of types, in order. */
export function findImports(text: string): Import[] {
  const code = stripText(text, true);
  const found: Import[] = [];
  for (const match of code.matchAll(importPattern)) {
    const line = code.slice(0, match.index).split("\n").length;
    found.push({ specifier: match[1]!, line, sideEffect: /^import\s+"/.test(match[0]) });
  }
  return found;
}

/** The text with comments blanked, and with the contents of strings and templates blanked too unless `keepStrings`. */
export function stripText(text: string, keepStrings = false): string {
  const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`/g;
  return text.replace(token, (found) => {
    if (keepStrings && !found.startsWith("/")) return found;
    return found.startsWith("/") ? blank(found) : `${found[0]}${blank(found.slice(1, -1))}${found[0]}`;
  });
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
