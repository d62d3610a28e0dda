// The parser of Lua 5.1 (reference manual 2.2 to 2.6 and 8): chunk to syntax tree, names resolved to locals, upvalues and globals on the way. Input never
// hangs it: each step takes a token or ends, and nesting is limited. What is wrong is thrown as a SyntaxFault and caught in load.ts.
// Long because the grammar is one recursion.

import type { BinaryOp, CallExpr, Expr, FunctionBody, Local, Stat, Upvalue } from "./ast.ts";
import { END, Lexer, type SyntaxFault, type Token } from "./lexer.ts";

/** Limits of the reference implementation. */
const MAX_LOCALS = 200;
const MAX_UPVALUES = 60;
const MAX_DEPTH = 200;

/** Left and right priority of the binary operators. */
const PRIORITY: Readonly<Record<string, readonly [left: number, right: number]>> = {
  or: [1, 1],
  and: [2, 2],
  "<": [3, 3],
  ">": [3, 3],
  "<=": [3, 3],
  ">=": [3, 3],
  "~=": [3, 3],
  "==": [3, 3],
  "..": [5, 4],
  "+": [6, 6],
  "-": [6, 6],
  "*": [7, 7],
  "/": [7, 7],
  "%": [7, 7],
  "^": [10, 9],
};
const UNARY_PRIORITY = 8;

/** What the parser knows of a function while it reads it. */
class Scope {
  readonly outer: Scope | null;
  readonly isVararg: boolean;
  readonly line: number;
  /** Locals in sight, the innermost last. */
  locals: Local[] = [];
  readonly upvalues: Upvalue[] = [];
  usesVararg = false;
  /** Depth of loops, for `break`. */
  loops = 0;

  constructor(outer: Scope | null, isVararg: boolean, line: number) {
    this.outer = outer;
    this.isVararg = isVararg;
    this.line = line;
  }

  find(name: string): Local | null {
    for (let i = this.locals.length - 1; i >= 0; i--) if (this.locals[i]!.name === name) return this.locals[i]!;
    return null;
  }

  /** Number of the upvalue of that name, -1 when no function around has such a variable. */
  upvalue(name: string): number {
    const known = this.upvalues.findIndex(
      (one) => one.name === name && one.local !== null && one.local === this.outer?.find(name),
    );
    if (known >= 0) return known;
    if (this.outer === null) return -1;
    const local = this.outer.find(name);
    if (local !== null) {
      local.captured = true;
      return this.upvalues.push({ name, local, outer: -1 }) - 1;
    }
    const outer = this.outer.upvalue(name);
    if (outer < 0) return -1;
    const same = this.upvalues.findIndex((one) => one.local === null && one.outer === outer);
    return same >= 0 ? same : this.upvalues.push({ name, local: null, outer }) - 1;
  }
}

export class Parser {
  readonly #lexer: Lexer;
  #token: Token;
  #ahead: Token | null = null;
  #scope: Scope;
  #depth = 0;
  /** Line of the token before the present one. */
  #lastLine = 1;

  constructor(text: string, source: string) {
    this.#lexer = new Lexer(text, source);
    this.#scope = new Scope(null, true, 0);
    this.#token = this.#lexer.next();
  }

  chunk(): FunctionBody {
    const body = this.#block();
    if (this.#token.type !== END) throw this.#expected(END);
    const { upvalues } = this.#scope;
    return {
      line: 0,
      endLine: this.#token.line,
      params: [],
      isVararg: true,
      arg: null,
      needsArg: false,
      body,
      upvalues,
    };
  }

  // Tokens.

  #advance(): Token {
    const token = this.#token;
    this.#lastLine = token.line;
    this.#token = this.#ahead ?? this.#lexer.next();
    this.#ahead = null;
    return token;
  }

  #peek(): Token {
    return (this.#ahead ??= this.#lexer.next());
  }

  #take(type: string): boolean {
    if (this.#token.type !== type) return false;
    this.#advance();
    return true;
  }

  #expect(type: string): void {
    if (!this.#take(type)) throw this.#expected(type);
  }

  /** Expects what closes `opener` of `line`. */
  #close(type: string, opener: string, line: number): void {
    if (this.#take(type)) return;
    if (line === this.#token.line) throw this.#expected(type);
    throw this.#fault(`'${type}' expected (to close '${opener}' at line ${line})`);
  }

  #name(): string {
    if (this.#token.type !== "name") throw this.#expected("<name>");
    return this.#advance().text;
  }

  #fault(message: string): SyntaxFault {
    const { raw, line } = this.#token;
    return this.#lexer.fail(message, line, raw);
  }

  #expected(type: string): SyntaxFault {
    return this.#fault(`'${type}' expected`);
  }

  #nest<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      throw this.#lexer.fail("chunk has too many syntax levels", this.#lexer.line, "");
    }
    const result = read();
    this.#depth--;
    return result;
  }

  // Variables.

  #declare(name: string): Local {
    const local: Local = { name, captured: false, register: -1 };
    if (this.#scope.locals.length >= MAX_LOCALS) throw this.#tooMany(MAX_LOCALS, "local variables");
    this.#scope.locals.push(local);
    return local;
  }

  #tooMany(limit: number, what: string): SyntaxFault {
    const { line } = this.#scope;
    const where = line === 0 ? "main function has" : `function at line ${line} has`;
    return this.#lexer.fail(`${where} more than ${limit} ${what}`, this.#token.line, "");
  }

  #variable(name: string, line: number): Expr {
    const local = this.#scope.find(name);
    if (local !== null) return { type: "local", local, line };
    const index = this.#scope.upvalue(name);
    if (this.#scope.upvalues.length > MAX_UPVALUES) throw this.#tooMany(MAX_UPVALUES, "upvalues");
    if (index >= 0) return { type: "upvalue", index, name, line };
    return { type: "global", name, line };
  }

  /** A block with locals of its own. */
  #block(): Stat[] {
    const { length } = this.#scope.locals;
    const body = this.#statements();
    this.#scope.locals.length = length;
    return body;
  }

  #loop(): Stat[] {
    this.#scope.loops++;
    const body = this.#block();
    this.#scope.loops--;
    return body;
  }

  // Statements.

  #statements(): Stat[] {
    const body: Stat[] = [];
    while (!this.#isBlockEnd()) {
      const isLast = this.#token.type === "return" || this.#token.type === "break";
      body.push(this.#nest(() => this.#statement()));
      this.#take(";");
      if (isLast) break;
    }
    return body;
  }

  #isBlockEnd(): boolean {
    const { type } = this.#token;
    return type === END || type === "end" || type === "else" || type === "elseif" || type === "until";
  }

  #statement(): Stat {
    const { line, type } = this.#token;
    switch (type) {
      case "if":
        return this.#if();
      case "while": {
        this.#advance();
        const condition = this.#expression();
        this.#expect("do");
        const body = this.#loop();
        this.#close("end", "while", line);
        return { type: "while", condition, body, line };
      }
      case "do": {
        this.#advance();
        const body = this.#block();
        this.#close("end", "do", line);
        return { type: "do", body, line };
      }
      case "for":
        return this.#for();
      case "repeat":
        return this.#repeat();
      case "function":
        return this.#functionStatement();
      case "local":
        this.#advance();
        return this.#take("function") ? this.#localFunction(line) : this.#local(line);
      case "return": {
        this.#advance();
        const values = this.#isBlockEnd() || this.#token.type === ";" ? [] : this.#expressions();
        return { type: "return", values, line };
      }
      case "break":
        this.#advance();
        if (this.#scope.loops === 0) throw this.#fault("no loop to break");
        return { type: "break", line };
      default:
        return this.#expressionStatement();
    }
  }

  #if(): Stat {
    const { line } = this.#token;
    const clauses: { condition: Expr; body: Stat[] }[] = [];
    let otherwise: Stat[] | null = null;
    do {
      this.#advance();
      const condition = this.#expression();
      this.#expect("then");
      clauses.push({ condition, body: this.#block() });
    } while (this.#token.type === "elseif");
    if (this.#take("else")) otherwise = this.#block();
    this.#close("end", "if", line);
    return { type: "if", clauses, otherwise, line };
  }

  #repeat(): Stat {
    const { line } = this.#advance();
    const { length } = this.#scope.locals;
    this.#scope.loops++;
    const body = this.#statements();
    this.#scope.loops--;
    this.#close("until", "repeat", line);
    // The condition sees the locals of the body.
    const condition = this.#expression();
    this.#scope.locals.length = length;
    return { type: "repeat", condition, body, line };
  }

  #for(): Stat {
    const { line } = this.#advance();
    const names = [this.#name()];
    if (this.#token.type === "=") {
      this.#advance();
      const start = this.#expression();
      this.#expect(",");
      const limit = this.#expression();
      const step = this.#take(",") ? this.#expression() : null;
      const { locals, body } = this.#forBody(names, line);
      return { type: "for", variable: locals[0]!, start, limit, step, body, line };
    }
    if (this.#token.type !== "," && this.#token.type !== "in") throw this.#fault("'=' or 'in' expected");
    while (this.#take(",")) names.push(this.#name());
    this.#expect("in");
    const values = this.#expressions();
    const { locals, body } = this.#forBody(names, line);
    return { type: "forin", variables: locals, values, body, line };
  }

  #forBody(names: readonly string[], line: number): { locals: Local[]; body: Stat[] } {
    this.#expect("do");
    const { length } = this.#scope.locals;
    const locals = names.map((name) => this.#declare(name));
    const body = this.#loop();
    this.#scope.locals.length = length;
    this.#close("end", "for", line);
    return { locals, body };
  }

  #functionStatement(): Stat {
    const { line } = this.#advance();
    let target = this.#variable(this.#name(), line);
    let isMethod = false;
    while (this.#token.type === "." || this.#token.type === ":") {
      isMethod = this.#advance().type === ":";
      target = { type: "index", object: target, key: { type: "string", value: this.#name(), line }, line };
      if (isMethod) break;
    }
    const value: Expr = { type: "function", body: this.#function(isMethod, line), line };
    return { type: "assign", targets: [target], values: [value], line };
  }

  #localFunction(line: number): Stat {
    const local = this.#declare(this.#name());
    return { type: "localfunction", local, body: this.#function(false, line), line };
  }

  #local(line: number): Stat {
    const names = [this.#name()];
    while (this.#take(",")) names.push(this.#name());
    const values = this.#take("=") ? this.#expressions() : [];
    return { type: "local", locals: names.map((name) => this.#declare(name)), values, line };
  }

  #expressionStatement(): Stat {
    const { line } = this.#token;
    const first = this.#suffixed();
    if (first.type === "call") return { type: "call", call: first, line };
    const targets: Expr[] = [first];
    for (;;) {
      const last = targets[targets.length - 1]!.type;
      if (last !== "local" && last !== "upvalue" && last !== "global" && last !== "index")
        throw this.#fault("syntax error");
      if (!this.#take(",")) break;
      targets.push(this.#suffixed());
      if (targets.length > MAX_DEPTH) throw this.#fault("variables in assignment: too many");
    }
    this.#expect("=");
    const values = this.#expressions();
    return { type: "assign", targets, values, line: this.#lastLine };
  }

  // Expressions.

  #expressions(): Expr[] {
    const list = [this.#expression()];
    while (this.#take(",")) list.push(this.#expression());
    return list;
  }

  #expression(limit = 0): Expr {
    return this.#nest(() => {
      const { type } = this.#token;
      let left: Expr;
      if (type === "not" || type === "-" || type === "#") {
        this.#advance();
        const operand = this.#expression(UNARY_PRIORITY);
        left = { type: "unary", op: type, operand, line: this.#lastLine };
      } else left = this.#simple();
      for (;;) {
        const op = this.#token.type;
        const priority = PRIORITY[op];
        if (priority === undefined || priority[0] <= limit) return left;
        this.#advance();
        const right = this.#expression(priority[1]);
        left = { type: "binary", op: op as BinaryOp, left, right, line: this.#lastLine };
      }
    });
  }

  #simple(): Expr {
    const { type, line, text, value } = this.#token;
    switch (type) {
      case "number":
        this.#advance();
        return { type, value, line };
      case "string":
        this.#advance();
        return { type, value: text, line };
      case "nil":
      case "true":
      case "false":
        this.#advance();
        return { type, line };
      case "...":
        if (!this.#scope.isVararg) throw this.#fault("cannot use '...' outside a vararg function");
        this.#advance();
        this.#scope.usesVararg = true;
        return { type: "vararg", line };
      case "{":
        return this.#table();
      case "function":
        this.#advance();
        return { type: "function", body: this.#function(false, line), line };
      default:
        return this.#suffixed();
    }
  }

  #primary(): Expr {
    const { type, line } = this.#token;
    if (type === "name") return this.#variable(this.#advance().text, line);
    if (type !== "(") throw this.#fault("unexpected symbol");
    this.#advance();
    const inner = this.#expression();
    this.#close(")", "(", line);
    return { type: "paren", inner, line };
  }

  #suffixed(): Expr {
    let expr = this.#primary();
    for (;;) {
      const { type, line } = this.#token;
      switch (type) {
        case ".":
          this.#advance();
          expr = { type: "index", object: expr, key: { type: "string", value: this.#name(), line }, line };
          break;
        case "[": {
          this.#advance();
          const key = this.#expression();
          this.#expect("]");
          expr = { type: "index", object: expr, key, line };
          break;
        }
        case ":": {
          this.#advance();
          const method = this.#name();
          expr = this.#call(expr, method);
          break;
        }
        case "(":
        case "string":
        case "{":
          expr = this.#call(expr, null);
          break;
        default:
          return expr;
      }
    }
  }

  #call(fn: Expr, method: string | null): CallExpr {
    const { type, line, text } = this.#token;
    if (type === "string") {
      this.#advance();
      return { type: "call", fn, method, args: [{ type: "string", value: text, line }], line };
    }
    if (type === "{") return { type: "call", fn, method, args: [this.#table()], line };
    if (type !== "(") throw this.#fault("function arguments expected");
    if (line !== this.#lastLine) throw this.#fault("ambiguous syntax (function call x new statement)");
    this.#advance();
    const args = this.#token.type === ")" ? [] : this.#expressions();
    this.#close(")", "(", line);
    return { type: "call", fn, method, args, line };
  }

  #table(): Expr {
    const { line } = this.#advance();
    const items: { key: Expr | null; value: Expr }[] = [];
    while (this.#token.type !== "}") {
      if (this.#token.type === "[") {
        this.#advance();
        const key = this.#expression();
        this.#expect("]");
        this.#expect("=");
        items.push({ key, value: this.#expression() });
      } else if (this.#token.type === "name" && this.#peek().type === "=") {
        const key: Expr = { type: "string", value: this.#name(), line: this.#token.line };
        this.#advance();
        items.push({ key, value: this.#expression() });
      } else items.push({ key: null, value: this.#expression() });
      if (!this.#take(",") && !this.#take(";")) break;
    }
    this.#close("}", "{", line);
    return { type: "table", items, line };
  }

  /** Parameters and body, up to `end`. */
  #function(isMethod: boolean, line: number): FunctionBody {
    this.#expect("(");
    const names = isMethod ? ["self"] : [];
    let isVararg = false;
    if (this.#token.type !== ")") {
      do {
        if (this.#take("...")) {
          isVararg = true;
          break;
        }
        if (this.#token.type !== "name") throw this.#fault("<name> or '...' expected");
        names.push(this.#name());
      } while (this.#take(","));
    }
    this.#scope = new Scope(this.#scope, isVararg, line);
    const params = names.map((name) => this.#declare(name));
    const arg = isVararg ? this.#declare("arg") : null;
    this.#expect(")");
    const body = this.#block();
    const endLine = this.#token.line;
    this.#close("end", "function", line);
    const { upvalues, usesVararg } = this.#scope;
    this.#scope = this.#scope.outer!;
    return { line, endLine, params, isVararg, arg, needsArg: arg !== null && !usesVararg, body, upvalues };
  }
}
