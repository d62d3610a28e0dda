// What is wrong with an eskip text: the one-line message of the language (spec eskip 6) and its parts for whoever points at the
// place. Made once per refused document; the parser returns it and never throws it.

/** Why a syntax error is one (spec eskip 6); "" for semantic errors. */
export type SyntaxReason = "" | "syntax error" | "unexpected token" | "invalid character" | "incomplete token";

/** The parts of a syntax error; `routeId` is null when no id was read. */
interface SyntaxFault {
  readonly reason: SyntaxReason;
  readonly position: number;
  /** Offset of the first byte of what was got. */
  readonly place: number;
  readonly token: string;
  readonly routeId: string | null;
  readonly expected: string;
  readonly got: string;
}

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
  /** What the message leaves out: where the wrong text begins, what was expected there and what was got. */
  readonly explanation: string;

  private constructor(bytes: Uint8Array, fault: SyntaxFault, kind: ParseError["kind"], message: string) {
    this.message = message;
    this.kind = kind;
    this.reason = fault.reason;
    this.position = fault.position;
    ({ line: this.line, column: this.column } = lineAndColumn(bytes, fault.position));
    this.token = fault.token;
    this.routeId = fault.routeId ?? "";
    this.expected = fault.expected;
    const { line, column } = lineAndColumn(bytes, fault.place);
    const route = this.routeId === "" ? "" : `route ${this.routeId}, `;
    const wanted = fault.expected === "" ? "" : `: expected ${fault.expected}, got ${fault.got}`;
    this.explanation = `${kind === "semantic" ? route : ""}line ${line}, column ${column}${wanted}`;
  }

  static syntax(bytes: Uint8Array, fault: SyntaxFault): ParseError {
    const { token, routeId, position, reason } = fault;
    const id = routeId === null ? "" : `, last route id: ${routeId}`;
    return new ParseError(
      bytes,
      fault,
      "syntax",
      `parse failed after token ${token}${id}, position ${position}: ${reason}`,
    );
  }

  static semantic(bytes: Uint8Array, position: number, routeId: string, message: string): ParseError {
    const fault = { reason: "", position, place: position, token: "", routeId, expected: "", got: "" } as const;
    return new ParseError(bytes, fault, "semantic", message);
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
