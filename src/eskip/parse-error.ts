// What is wrong with an eskip text: the one-line message of the language (spec eskip 6) and its parts for whoever points at the
// place. Made once per refused document; the parser returns it and never throws it.

/** Why a syntax error is one (spec eskip 6); "" for semantic errors. */
export type SyntaxReason = "" | "syntax error" | "unexpected token" | "invalid character" | "incomplete token";

export class ParseError {
  readonly message: string;
  /** `semantic`: found in a route that is well formed (argument counts, duplicates, endpoints). */
  readonly kind: "syntax" | "semantic";
  readonly reason: SyntaxReason;
  /** Offset in bytes: behind the offending token, at a byte that begins none, or the length when the text ends too early. */
  readonly position: number;
  /** `position` as 1-based line and 1-based column in bytes. */
  readonly line: number;
  readonly column: number;
  /** Value of the last token that was read; "" when there is none, and for semantic errors. */
  readonly token: string;
  /** Id of the last `id:` before the error, "" when there is none. */
  readonly routeId: string;
  /** What would have been right at this place, e.g. `"->" or "&&"`; "" for semantic errors. */
  readonly expected: string;

  private constructor(fields: Omit<ParseError, "line" | "column">, bytes: Uint8Array) {
    this.message = fields.message;
    this.kind = fields.kind;
    this.reason = fields.reason;
    this.position = fields.position;
    const place = lineAndColumn(bytes, fields.position);
    this.line = place.line;
    this.column = place.column;
    this.token = fields.token;
    this.routeId = fields.routeId;
    this.expected = fields.expected;
  }

  /** `routeId` is null when no id was read. */
  static syntax(
    bytes: Uint8Array,
    position: number,
    token: string,
    routeId: string | null,
    reason: SyntaxReason,
    expected: string,
  ): ParseError {
    const id = routeId === null ? "" : `, last route id: ${routeId}`;
    const message = `parse failed after token ${token}${id}, position ${position}: ${reason}`;
    return new ParseError(
      { message, kind: "syntax", reason, position, token, routeId: routeId ?? "", expected },
      bytes,
    );
  }

  static semantic(bytes: Uint8Array, position: number, routeId: string, message: string): ParseError {
    return new ParseError({ message, kind: "semantic", reason: "", position, token: "", routeId, expected: "" }, bytes);
  }
}

/** A byte offset as 1-based line and 1-based column in bytes. */
export function lineAndColumn(bytes: Uint8Array, position: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (let i = 0; i < position; i++) {
    if (bytes[i] === 0x0a) {
      line++;
      lineStart = i + 1;
    }
  }
  return { line, column: position - lineStart + 1 };
}
