// Replacement texts of regular expressions: `$1`, `${1}`, `$name`, `${name}`, `$$` (spec filters 2 "expansion"). Parsed once when a
// filter is built, applied by regexp.ts.

import { toByteString } from "./bytes.ts";

/** A replacement: literal byte strings and, between them, group numbers or names. */
export interface Expansion {
  readonly source: string;
  readonly parts: readonly ExpansionPart[];
}

export type ExpansionPart =
  | { readonly text: string }
  | { readonly group: number }
  /** A name that no pattern can have is simply never found, so it expands to nothing. */
  | { readonly name: string };

const NAME_START = /[\p{L}\p{Nd}_]/u;

/** Every text is a valid expansion: what is no reference stays as it is. */
export function parseExpansion(source: string): Expansion {
  const parts: ExpansionPart[] = [];
  let literal = "";
  for (let i = 0; i < source.length; ) {
    const dollar = source.indexOf("$", i);
    if (dollar < 0) {
      literal += source.slice(i);
      break;
    }
    literal += source.slice(i, dollar);
    i = dollar + 1;
    if (source[i] === "$") {
      literal += "$";
      i++;
      continue;
    }
    const braced = source[i] === "{";
    const name = nameAt(source, braced ? i + 1 : i);
    const end = i + name.length + (braced ? 2 : 0);
    if (name === "" || (braced && source[end - 1] !== "}")) {
      literal += "$";
      continue;
    }
    if (literal !== "") parts.push({ text: toByteString(literal) });
    literal = "";
    parts.push(reference(name));
    i = end;
  }
  if (literal !== "") parts.push({ text: toByteString(literal) });
  return { source, parts };
}

/** The longest run of letters, digits and `_` from `start`. */
function nameAt(source: string, start: number): string {
  let end = start;
  while (end < source.length) {
    const char = String.fromCodePoint(source.codePointAt(end)!);
    if (!NAME_START.test(char)) break;
    end += char.length;
  }
  return source.slice(start, end);
}

function reference(name: string): ExpansionPart {
  const isNumber = [...name].every((c) => c >= "0" && c <= "9") && (name === "0" || name[0] !== "0");
  return isNumber ? { group: Number(name) } : { name };
}
