// Finds where in the text of a route its predicates and filters stand, for messages that point at them.

import * as token from "./lexer.ts";
import { Lexer } from "./lexer.ts";

/** The name of a predicate or filter and the byte offset where it begins. */
export interface CallPlace {
  readonly name: string;
  readonly place: number;
}

/** All predicates and filters of the expression [start, end) in order; `*` is none. The text is one that parses. */
export function locateCalls(bytes: Uint8Array, start: number, end: number): CallPlace[] {
  const lexer = new Lexer(bytes, start, end);
  const calls: CallPlace[] = [];
  for (let kind = lexer.next(); kind !== token.END && kind !== token.BAD; kind = lexer.next()) {
    if (kind !== token.SYMBOL) continue;
    const call = { name: lexer.name(), place: lexer.start };
    if (lexer.next() === token.OPEN) calls.push(call);
  }
  return calls;
}
