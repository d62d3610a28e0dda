// From the text of a chunk to its compiled main function.

import { compile } from "./compiler.ts";
import { SyntaxFault } from "./lexer.ts";
import { Parser } from "./parser.ts";
import type { Proto } from "./proto.ts";

/** Room for the name of a chunk in messages. */
const NAME_SIZE = 60;

/**
 * Compiles a chunk. Its name says what it is: `@file`, `=as it is`, or the text itself, which is cut to its first line. Gives the message of what is
 * wrong when it is none.
 */
export function load(text: string, name: string): Proto | string {
  const source = shownName(name);
  try {
    return compile(new Parser(text, source).chunk(), source);
  } catch (cause) {
    if (cause instanceof SyntaxFault) return cause.message;
    if (cause instanceof RangeError) return `${source}:1: function or expression too complex`;
    throw cause;
  }
}

/** The name of a chunk as messages show it. */
export function shownName(name: string): string {
  if (name[0] === "=") return name.slice(1, NAME_SIZE);
  if (name[0] === "@") {
    const path = name.slice(1);
    const room = NAME_SIZE - " '...' ".length - 1;
    return path.length > room ? `...${path.slice(path.length - room)}` : path;
  }
  const line = /^[^\n\r]*/.exec(name)![0];
  const room = NAME_SIZE - ' [string "..."] '.length - 1;
  if (line.length < name.length || line.length > room) return `[string "${line.slice(0, room)}..."]`;
  return `[string "${line}"]`;
}
