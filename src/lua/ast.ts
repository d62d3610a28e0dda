// The syntax tree between parser and compiler. The parser has already found out which variable a name means and which variables inner functions refer to.

/** A local variable or parameter. */
export interface Local {
  readonly name: string;
  /** True when an inner function refers to it: then it lives in a box. */
  captured: boolean;
  /** Set by the compiler. */
  register: number;
}

export interface FunctionBody {
  readonly line: number;
  readonly endLine: number;
  readonly params: readonly Local[];
  readonly isVararg: boolean;
  /** The hidden parameter `arg` of a vararg function; null for others and for the main chunk (reference manual 5.1, 7.1). */
  readonly arg: Local | null;
  /** True when `arg` holds the varargs: the function does not use `...`. Else it is nil. */
  readonly needsArg: boolean;
  readonly body: readonly Stat[];
  /** Variables from outside: those of the function around it, or of its upvalues. */
  readonly upvalues: readonly Upvalue[];
}

export interface Upvalue {
  readonly name: string;
  /** The variable when it belongs to the function directly around, else null and `outer` is its number among the upvalues of that. */
  readonly local: Local | null;
  readonly outer: number;
}

export type BinaryOp = "+" | "-" | "*" | "/" | "%" | "^" | ".." | "==" | "~=" | "<" | "<=" | ">" | ">=" | "and" | "or";

export type Expr =
  | { readonly type: "nil" | "true" | "false" | "vararg"; readonly line: number }
  | { readonly type: "number"; readonly value: number; readonly line: number }
  | { readonly type: "string"; readonly value: string; readonly line: number }
  | { readonly type: "local"; readonly local: Local; readonly line: number }
  | { readonly type: "upvalue"; readonly index: number; readonly name: string; readonly line: number }
  | { readonly type: "global"; readonly name: string; readonly line: number }
  | { readonly type: "index"; readonly object: Expr; readonly key: Expr; readonly line: number }
  | CallExpr
  | { readonly type: "paren"; readonly inner: Expr; readonly line: number }
  | { readonly type: "function"; readonly body: FunctionBody; readonly line: number }
  | { readonly type: "binary"; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr; readonly line: number }
  | { readonly type: "unary"; readonly op: "-" | "not" | "#"; readonly operand: Expr; readonly line: number }
  | {
      readonly type: "table";
      readonly items: readonly { readonly key: Expr | null; readonly value: Expr }[];
      readonly line: number;
    };

export interface CallExpr {
  readonly type: "call";
  readonly fn: Expr;
  /** Name of the method, null for a plain call. */
  readonly method: string | null;
  readonly args: readonly Expr[];
  readonly line: number;
}

export type Stat =
  | {
      readonly type: "local";
      readonly locals: readonly Local[];
      readonly values: readonly Expr[];
      readonly line: number;
    }
  | {
      readonly type: "assign";
      readonly targets: readonly Expr[];
      readonly values: readonly Expr[];
      readonly line: number;
    }
  | { readonly type: "call"; readonly call: CallExpr; readonly line: number }
  | { readonly type: "do"; readonly body: readonly Stat[]; readonly line: number }
  | { readonly type: "while"; readonly condition: Expr; readonly body: readonly Stat[]; readonly line: number }
  | { readonly type: "repeat"; readonly condition: Expr; readonly body: readonly Stat[]; readonly line: number }
  | {
      readonly type: "if";
      readonly clauses: readonly { readonly condition: Expr; readonly body: readonly Stat[] }[];
      readonly otherwise: readonly Stat[] | null;
      readonly line: number;
    }
  | {
      readonly type: "for";
      readonly variable: Local;
      readonly start: Expr;
      readonly limit: Expr;
      readonly step: Expr | null;
      readonly body: readonly Stat[];
      readonly line: number;
    }
  | {
      readonly type: "forin";
      readonly variables: readonly Local[];
      readonly values: readonly Expr[];
      readonly body: readonly Stat[];
      readonly line: number;
    }
  | { readonly type: "localfunction"; readonly local: Local; readonly body: FunctionBody; readonly line: number }
  | { readonly type: "return"; readonly values: readonly Expr[]; readonly line: number }
  | { readonly type: "break"; readonly line: number };
