// Cuts a chunk, a byte string, into the tokens of Lua 5.1 (reference manual 2.1). One pass; what is no token is a SyntaxFault with its line.

import { parseNumber } from "./number-text.ts";

/** What is wrong with a chunk, as `name:line: message`. */
export class SyntaxFault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

const KEYWORDS: ReadonlySet<string> = new Set(
  "and break do else elseif end false for function if in local nil not or repeat return then true until while".split(
    " ",
  ),
);

/** `type` is the keyword or sign itself, or one of `name`, `string`, `number`, `end of chunk`. */
export interface Token {
  type: string;
  line: number;
  text: string;
  /** As in the source, for errors. */
  raw: string;
  value: number;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

export const END = "<eof>";

export class Lexer {
  readonly source: string;
  readonly #text: string;
  #at = 0;
  line = 1;
  /** Start of the token that is being read, for the `near` of errors. */
  #start = 0;

  constructor(text: string, source: string) {
    this.#text = text;
    this.source = source;
    // A first line that begins with # is for the shell.
    if (text[0] === "#") while (this.#at < text.length && text[this.#at] !== "\n") this.#at++;
  }

  fail(message: string, line: number, near: string): SyntaxFault {
    const place = near === "" ? "" : ` near '${near}'`;
    return new SyntaxFault(`${this.source}:${line}: ${message}${place}`);
  }

  #fail(message: string, isEnd = false): SyntaxFault {
    return this.fail(message, this.line, isEnd ? END : this.#text.slice(this.#start, this.#at));
  }

  next(): Token {
    for (;;) {
      const text = this.#text;
      if (this.#at >= text.length) return this.#token(END, END);
      const c = text.charCodeAt(this.#at);
      this.#start = this.#at;
      if (c === 10 || c === 13) this.#newline();
      else if (c === 32 || c === 9 || c === 11 || c === 12) this.#at++;
      else if (c === 45 && text.charCodeAt(this.#at + 1) === 45) this.#comment();
      else if (isLetter(c)) return this.#word();
      else if (isDigit(c) || (c === 46 && isDigit(text.charCodeAt(this.#at + 1)))) return this.#number();
      else if (c === 34 || c === 39) return this.#string(text[this.#at]!);
      else return this.#sign(text[this.#at]!);
    }
  }

  #token(type: string, text: string, value = 0): Token {
    const raw = type === "string" ? this.#text.slice(this.#start, this.#at) : text;
    return { type, line: this.line, text, raw, value };
  }

  /** CR LF and LF CR count as one. */
  #newline(): void {
    const c = this.#text.charCodeAt(this.#at++);
    const next = this.#text.charCodeAt(this.#at);
    if ((next === 10 || next === 13) && next !== c) this.#at++;
    this.line++;
  }

  #comment(): void {
    this.#at += 2;
    if (this.#text[this.#at] === "[") {
      const level = this.#bracketLevel();
      if (level >= 0) {
        this.#long(level, "comment");
        return;
      }
    }
    while (this.#at < this.#text.length && this.#text[this.#at] !== "\n" && this.#text[this.#at] !== "\r") this.#at++;
  }

  /** The number of `=` when a long bracket opens here, -1 for none, -2 for one that is not finished. */
  #bracketLevel(): number {
    let i = this.#at + 1;
    while (this.#text[i] === "=") i++;
    if (this.#text[i] === "[") return i - this.#at - 1;
    return i === this.#at + 1 ? -1 : -2;
  }

  #long(level: number, what: string): string {
    this.#at += level + 2;
    let from = this.#at;
    let out = "";
    if (this.#text[this.#at] === "\n" || this.#text[this.#at] === "\r") {
      this.#newline();
      from = this.#at;
    }
    const close = `]${"=".repeat(level)}]`;
    while (this.#at < this.#text.length) {
      const c = this.#text[this.#at];
      if (c === "]" && this.#text.startsWith(close, this.#at)) {
        out += this.#text.slice(from, this.#at);
        this.#at += close.length;
        return out;
      }
      if (c === "[" && level === 0 && this.#text[this.#at + 1] === "[") {
        this.#at += 2;
        throw this.fail("nesting of [[...]] is deprecated", this.line, "[");
      }
      if (c === "\n" || c === "\r") {
        out += `${this.#text.slice(from, this.#at)}\n`;
        this.#newline();
        from = this.#at;
      } else this.#at++;
    }
    throw this.#fail(`unfinished long ${what}`, true);
  }

  #word(): Token {
    while (isLetter(this.#text.charCodeAt(this.#at)) || isDigit(this.#text.charCodeAt(this.#at))) this.#at++;
    const word = this.#text.slice(this.#start, this.#at);
    return this.#token(KEYWORDS.has(word) ? word : "name", word);
  }

  #number(): Token {
    const text = this.#text;
    do this.#at++;
    while (isDigit(text.charCodeAt(this.#at)) || text[this.#at] === ".");
    if (text[this.#at] === "e" || text[this.#at] === "E") {
      this.#at++;
      if (text[this.#at] === "+" || text[this.#at] === "-") this.#at++;
    }
    while (isLetter(text.charCodeAt(this.#at)) || isDigit(text.charCodeAt(this.#at))) this.#at++;
    const word = text.slice(this.#start, this.#at);
    const value = parseNumber(word);
    if (value === undefined) throw this.#fail("malformed number");
    return this.#token("number", word, value);
  }

  #string(quote: string): Token {
    const text = this.#text;
    this.#at++;
    let out = "";
    let from = this.#at;
    for (;;) {
      if (this.#at >= text.length) throw this.#fail("unfinished string", true);
      const c = text[this.#at]!;
      if (c === quote) break;
      if (c === "\n" || c === "\r") throw this.#fail("unfinished string");
      if (c !== "\\") {
        this.#at++;
        continue;
      }
      out += text.slice(from, this.#at);
      this.#at++;
      out += this.#escape();
      from = this.#at;
    }
    out += text.slice(from, this.#at);
    this.#at++;
    return this.#token("string", out);
  }

  #escape(): string {
    const text = this.#text;
    if (this.#at >= text.length) return "";
    const c = text[this.#at]!;
    if (c === "\n" || c === "\r") {
      this.#newline();
      return "\n";
    }
    if (!isDigit(c.charCodeAt(0))) {
      this.#at++;
      return ESCAPES[c] ?? c;
    }
    let code = 0;
    for (let i = 0; i < 3 && isDigit(text.charCodeAt(this.#at)); i++) code = code * 10 + Number(text[this.#at++]);
    if (code > 255) {
      const before = text.slice(this.#start, text.lastIndexOf("\\", this.#at));
      throw this.fail("escape sequence too large", this.line, before);
    }
    return String.fromCharCode(code);
  }

  #sign(c: string): Token {
    const text = this.#text;
    if (c === "[") {
      const level = this.#bracketLevel();
      if (level >= 0) {
        const value = this.#long(level, "string");
        return this.#token("string", value);
      }
      if (level === -2) {
        this.#at++;
        throw this.#fail("invalid long string delimiter");
      }
    }
    for (const sign of ["...", "..", "==", "<=", ">=", "~="]) {
      if (text.startsWith(sign, this.#at)) {
        this.#at += sign.length;
        return this.#token(sign, sign);
      }
    }
    this.#at++;
    return this.#token(c, c);
  }
}

export function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

function isLetter(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95;
}
