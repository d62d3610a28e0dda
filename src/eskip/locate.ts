// Finds where in the text of a route a filter or predicate stands, for messages that point at it.

import * as token from "./lexer.ts";
import { Lexer } from "./lexer.ts";

/** Byte offset of the first `name(` in the expression [start, end), -1 when there is none. */
export function locateCall(bytes: Uint8Array, start: number, end: number, name: string): number {
  const lexer = new Lexer(bytes, start, end);
  let candidate = -1;
  for (let kind = lexer.next(); kind !== token.END && kind !== token.BAD; kind = lexer.next()) {
    if (kind === token.OPEN && candidate >= 0) return candidate;
    candidate = kind === token.SYMBOL && lexer.name() === name ? lexer.start : -1;
  }
  return -1;
}
