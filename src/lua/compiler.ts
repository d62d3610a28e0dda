// From the syntax tree to the instructions of opcodes.ts. Locals own the low registers of a function in the order of their declaration, temporary values
// the ones above. An operand is used where it is: a local that no inner function refers to is read from its register without a MOVE, a constant from the
// constants. Long because every form of the language has its case here.

import type { CallExpr, Expr, FunctionBody, Local, Stat } from "./ast.ts";
import { SyntaxFault } from "./lexer.ts";
import * as op from "./opcodes.ts";
import { type Capture, type Named, type Proto, WIDTH } from "./proto.ts";
import type { Value } from "./value.ts";

const MAX_REGISTERS = 250;

const ARITHMETIC: Readonly<Record<string, number>> = {
  "+": op.ADD,
  "-": op.SUB,
  "*": op.MUL,
  "/": op.DIV,
  "%": op.MOD,
  "^": op.POW,
};

/** Jump when true, jump when not; the last says that the operands change places. */
const COMPARISON: Readonly<Record<string, readonly [number, number, boolean]>> = {
  "==": [op.JEQ, op.JNE, false],
  "~=": [op.JNE, op.JEQ, false],
  "<": [op.JLT, op.JNLT, false],
  "<=": [op.JLE, op.JNLE, false],
  ">": [op.JLT, op.JNLT, true],
  ">=": [op.JLE, op.JNLE, true],
};

export function compile(body: FunctionBody, source: string): Proto {
  return new FunctionCompiler(body, source).proto();
}

class FunctionCompiler {
  readonly #body: FunctionBody;
  readonly #source: string;
  readonly #code: number[] = [];
  readonly #lines: number[] = [];
  readonly #constants: Value[] = [];
  readonly #constantIndex = new Map<Value, number>();
  readonly #protos: Proto[] = [];
  readonly #names = new Map<number, (Named | null)[]>();
  /** First register that is free. */
  #free = 0;
  #registers = 2;
  #line = 0;
  /** Jumps of `break`, one list for each loop around. */
  readonly #breaks: number[][] = [];

  constructor(body: FunctionBody, source: string) {
    this.#body = body;
    this.#source = source;
  }

  proto(): Proto {
    const { params, arg, isVararg, needsArg, line, endLine } = this.#body;
    this.#line = line;
    const parameters = arg === null ? params : [...params, arg];
    for (const local of parameters) local.register = this.#take();
    for (const local of parameters) {
      if (local.captured) this.#emit(op.NEWBOX, local.register, local.register, 0);
    }
    this.#statements(this.#body.body);
    this.#line = endLine;
    this.#emit(op.RETURN, 0, 0, 0);
    const captures: Capture[] = this.#body.upvalues.map(({ local, outer }) =>
      local === null ? { fromRegister: false, index: outer } : { fromRegister: true, index: local.register },
    );
    return {
      source: this.#source,
      line,
      params: params.length,
      isVararg,
      needsArg,
      registers: this.#registers + 1,
      code: Int32Array.from(this.#code),
      lines: Int32Array.from(this.#lines),
      constants: this.#constants,
      protos: this.#protos,
      captures,
      names: this.#names,
    };
  }

  // Output.

  #emit(operation: number, a: number, b: number, c: number): number {
    this.#lines.push(this.#line);
    return this.#code.push(operation, a, b, c) / WIDTH - 1;
  }

  /** Number of the next instruction, as jumps hold it: offset into the code. */
  #here(): number {
    return this.#code.length;
  }

  /** Lets a jump lead here. */
  #land(jump: number): void {
    this.#code[jump * WIDTH + 3] = this.#here();
  }

  #landAll(jumps: readonly number[]): void {
    for (const jump of jumps) this.#land(jump);
  }

  #constant(value: Value): number {
    let index = this.#constantIndex.get(value);
    // A Map takes -0 for 0.
    const isMinusZero = value === 0 && 1 / (value as number) < 0;
    if (index === undefined || isMinusZero) {
      index = this.#constants.push(value) - 1;
      if (!isMinusZero) this.#constantIndex.set(value, index);
    }
    return index;
  }

  #take(count = 1): number {
    const first = this.#free;
    this.#free += count;
    if (this.#free > MAX_REGISTERS) {
      throw new SyntaxFault(`${this.#source}:${this.#line}: function or expression too complex`);
    }
    if (this.#free > this.#registers) this.#registers = this.#free;
    return first;
  }

  #name(instruction: number, ...names: (Named | null)[]): void {
    if (names.some((name) => name !== null)) this.#names.set(instruction, names);
  }

  // Statements.

  #block(body: readonly Stat[]): void {
    const free = this.#free;
    this.#statements(body);
    this.#free = free;
  }

  #statements(body: readonly Stat[]): void {
    for (const stat of body) this.#statement(stat);
  }

  #statement(stat: Stat): void {
    this.#line = stat.line;
    switch (stat.type) {
      case "local":
        this.#local(stat.locals, stat.values);
        return;
      case "assign":
        this.#assign(stat.targets, stat.values, stat.line);
        return;
      case "call":
        this.#temporary(() => this.#call(stat.call, 0, false));
        return;
      case "do":
        this.#block(stat.body);
        return;
      case "while":
        this.#while(stat.condition, stat.body);
        return;
      case "repeat":
        this.#repeat(stat.condition, stat.body);
        return;
      case "if":
        this.#if(stat.clauses, stat.otherwise);
        return;
      case "for":
        this.#for(stat);
        return;
      case "forin":
        this.#forIn(stat);
        return;
      case "localfunction": {
        const register = this.#take();
        stat.local.register = register;
        if (stat.local.captured) {
          this.#emit(op.LOADNIL, register, 1, 0);
          this.#emit(op.NEWBOX, register, register, 0);
          const temporary = this.#take();
          this.#closure(stat.body, temporary);
          this.#emit(op.SETBOX, register, temporary, 0);
          this.#free = temporary;
        } else this.#closure(stat.body, register);
        return;
      }
      case "return":
        this.#return(stat.values);
        return;
      case "break":
        this.#breaks[this.#breaks.length - 1]!.push(this.#emit(op.JMP, 0, 0, 0));
        return;
    }
  }

  /** Registers taken meanwhile are free again. */
  #temporary(work: () => void): void {
    const free = this.#free;
    work();
    this.#free = free;
  }

  #local(locals: readonly Local[], values: readonly Expr[]): void {
    const first = this.#free;
    this.#expressionsInto(values, locals.length);
    for (const [i, local] of locals.entries()) {
      local.register = first + i;
      if (local.captured) this.#emit(op.NEWBOX, first + i, first + i, 0);
    }
  }

  /** Puts `count` values into new registers, filled up with nil; what is too much is still evaluated. */
  #expressionsInto(values: readonly Expr[], count: number): void {
    const first = this.#free;
    for (const [i, value] of values.entries()) {
      const isLast = i === values.length - 1;
      if (isLast && isMulti(value) && count > i) {
        const register = this.#free;
        this.#multi(value, count - i);
        this.#free = register;
        this.#take(count - i);
        return;
      }
      if (i < count) this.#push(value);
      else this.#temporary(() => this.#push(value));
    }
    const missing = count - values.length;
    if (missing <= 0) return;
    this.#take(missing);
    this.#emit(op.LOADNIL, first + values.length, missing, 0);
  }

  #assign(targets: readonly Expr[], values: readonly Expr[], line: number): void {
    const free = this.#free;
    if (targets.length === 1 && values.length === 1) {
      const target = targets[0]!;
      const value = values[0]!;
      if (target.type === "local" && !target.local.captured) {
        // A call, and what comes from one, needs registers at the end; all else may work in place.
        this.#into(value, target.local.register);
      } else {
        const place = this.#place(target, false);
        const from = this.#operand(value);
        this.#line = line;
        this.#store(target, place, from);
      }
      this.#free = free;
      return;
    }
    const places = targets.map((target) => this.#place(target, true));
    const first = this.#free;
    this.#expressionsInto(values, targets.length);
    this.#line = line;
    for (let i = targets.length - 1; i >= 0; i--) this.#store(targets[i]!, places[i]!, first + i);
    this.#free = free;
  }

  /** Evaluates the table and the key of a target; `copies` when other targets may be the variables that they come from. */
  #place(target: Expr, copies: boolean): readonly [number, number] | null {
    if (target.type !== "index") return null;
    const operand = (expr: Expr): number => {
      if (!copies || expr.type !== "local") return this.#operand(expr);
      return this.#push(expr);
    };
    const object = this.#registerOf(operand(target.object));
    return [object, target.key.type === "string" ? 0 : operand(target.key)];
  }

  #store(target: Expr, place: readonly [number, number] | null, from: number): void {
    switch (target.type) {
      case "local":
        if (target.local.captured) this.#emit(op.SETBOX, target.local.register, from, 0);
        else this.#move(target.local.register, from);
        return;
      case "upvalue":
        this.#emit(op.SETUP, target.index, from, 0);
        return;
      case "global":
        this.#emit(op.SETGLOBAL, this.#constant(target.name), from, 0);
        return;
      case "index": {
        const [object, key] = place!;
        const at =
          target.key.type === "string"
            ? this.#emit(op.SETFIELD, object, this.#constant(target.key.value), from)
            : this.#emit(op.SETTABLE, object, key, from);
        this.#name(at, nameOf(target.object));
      }
    }
  }

  #move(to: number, from: number): void {
    if (from < 0) this.#emit(op.LOADK, to, ~from, 0);
    else if (from !== to) this.#emit(op.MOVE, to, from, 0);
  }

  #while(condition: Expr, body: readonly Stat[]): void {
    const start = this.#here();
    const exits = this.#jumps(condition, false);
    this.#breaks.push([]);
    this.#block(body);
    this.#emit(op.JMP, 0, 0, start);
    this.#landAll(exits);
    this.#landAll(this.#breaks.pop()!);
  }

  #repeat(condition: Expr, body: readonly Stat[]): void {
    const start = this.#here();
    const free = this.#free;
    this.#breaks.push([]);
    this.#statements(body);
    const exits = this.#jumps(condition, true);
    this.#emit(op.JMP, 0, 0, start);
    this.#landAll(exits);
    this.#free = free;
    this.#landAll(this.#breaks.pop()!);
  }

  #if(clauses: readonly { condition: Expr; body: readonly Stat[] }[], otherwise: readonly Stat[] | null): void {
    const ends: number[] = [];
    for (const [i, { condition, body }] of clauses.entries()) {
      const next = this.#jumps(condition, false);
      this.#block(body);
      if (i < clauses.length - 1 || otherwise !== null) ends.push(this.#emit(op.JMP, 0, 0, 0));
      this.#landAll(next);
    }
    if (otherwise !== null) this.#block(otherwise);
    this.#landAll(ends);
  }

  #for(stat: Stat & { type: "for" }): void {
    const free = this.#free;
    const base = this.#take(3);
    this.#into(stat.start, base);
    this.#into(stat.limit, base + 1);
    if (stat.step === null) this.#emit(op.LOADK, base + 2, this.#constant(1), 0);
    else this.#into(stat.step, base + 2);
    this.#line = stat.line;
    const prepare = this.#emit(op.FORPREP, base, 0, 0);
    const start = this.#here();
    const register = this.#take();
    stat.variable.register = register;
    if (stat.variable.captured) this.#emit(op.NEWBOX, register, register, 0);
    this.#breaks.push([]);
    this.#block(stat.body);
    this.#land(prepare);
    this.#line = stat.line;
    this.#emit(op.FORLOOP, base, 0, start);
    this.#landAll(this.#breaks.pop()!);
    this.#free = free;
  }

  #forIn(stat: Stat & { type: "forin" }): void {
    const free = this.#free;
    const base = this.#free;
    this.#expressionsInto(stat.values, 3);
    this.#line = stat.line;
    const enter = this.#emit(op.JMP, 0, 0, 0);
    const start = this.#here();
    const count = stat.variables.length;
    const first = this.#take(Math.max(count, 3));
    for (const [i, local] of stat.variables.entries()) {
      local.register = first + i;
      if (local.captured) this.#emit(op.NEWBOX, first + i, first + i, 0);
    }
    this.#free = first + count;
    this.#breaks.push([]);
    this.#block(stat.body);
    this.#land(enter);
    this.#line = stat.line;
    this.#emit(op.TFORCALL, base, count, 0);
    this.#emit(op.TFORLOOP, base, 0, start);
    this.#landAll(this.#breaks.pop()!);
    this.#free = free;
  }

  #return(values: readonly Expr[]): void {
    const free = this.#free;
    const single = values.length === 1 ? values[0]! : null;
    if (single?.type === "call") {
      this.#call(single, -1, true);
      // Reached when the callee is a function of the host.
      this.#emit(op.RETURN, free, -1, 0);
    } else if (single !== null && !isMulti(single)) {
      const from = this.#operand(single);
      this.#emit(op.RETURN, this.#registerOf(from), 1, 0);
    } else {
      const count = this.#list(values);
      this.#emit(op.RETURN, free, count, 0);
    }
    this.#free = free;
  }

  /** Puts values into new registers, the last one with all its results; gives their number, -1 when it is known at run time. */
  #list(values: readonly Expr[]): number {
    for (const [i, value] of values.entries()) {
      if (i === values.length - 1 && isMulti(value)) {
        this.#multi(value, -1);
        return -1;
      }
      this.#push(value);
    }
    return values.length;
  }

  // Expressions.

  /** A call or `...` with `count` results from the first free register on, all when -1. */
  #multi(expr: Expr, count: number): void {
    if (expr.type === "call") this.#call(expr, count, false);
    else {
      if (count > 0) this.#temporary(() => this.#take(count));
      this.#emit(op.VARARG, this.#free, 0, count);
    }
  }

  /** The function and its arguments take the first free registers, where the results appear. */
  #call(call: CallExpr, results: number, isTail: boolean): void {
    const base = this.#take();
    if (call.method === null) this.#into(call.fn, base, true);
    else {
      const object = this.#registerOf(this.#operand(call.fn, base));
      if (this.#free === base + 1) this.#take();
      this.#line = call.line;
      const at = this.#emit(op.SELF, base, object, this.#constant(call.method));
      this.#name(at, nameOf(call.fn));
      this.#free = base + 2;
    }
    let count = this.#list(call.args);
    if (call.method !== null && count >= 0) count++;
    this.#line = call.line;
    const at = this.#emit(isTail ? op.TAILCALL : op.CALL, base, count, results);
    this.#name(at, call.method === null ? nameOf(call.fn) : { kind: "method", name: call.method });
    this.#free = base;
    if (results > 0) this.#temporary(() => this.#take(results));
  }

  /** Computes an expression into a new register. */
  #push(expr: Expr): number {
    const register = this.#take();
    this.#into(expr, register, true);
    return register;
  }

  /** Register or constant (~index) that holds the value. When it must be computed it goes into the fresh register, a new one when that is -1. */
  #operand(expr: Expr, fresh = -1): number {
    switch (expr.type) {
      case "number":
      case "string":
        return ~this.#constant(expr.value);
      case "nil":
        return ~this.#constant(undefined);
      case "true":
        return ~this.#constant(true);
      case "false":
        return ~this.#constant(false);
      case "local":
        if (!expr.local.captured) return expr.local.register;
        break;
      case "paren":
        if (!isMulti(expr.inner)) return this.#operand(expr.inner, fresh);
        break;
      case "unary":
        if (expr.op === "-" && expr.operand.type === "number") return ~this.#constant(-expr.operand.value);
        break;
    }
    if (fresh < 0) return this.#push(expr);
    this.#into(expr, fresh, true);
    return fresh;
  }

  /** A register that holds the operand. */
  #registerOf(operand: number): number {
    if (operand >= 0) return operand;
    const register = this.#take();
    this.#emit(op.LOADK, register, ~operand, 0);
    return register;
  }

  /**
   * Computes an expression into a register. What it needs beside lies above the free ones. A fresh register is no variable's yet, so that parts of the
   * expression may be computed in it.
   */
  #into(expr: Expr, to: number, isFresh = false): void {
    const fresh = isFresh ? to : -1;
    const free = this.#free;
    switch (expr.type) {
      case "nil":
        this.#emit(op.LOADNIL, to, 1, 0);
        break;
      case "true":
      case "false":
        this.#emit(op.LOADBOOL, to, expr.type === "true" ? 1 : 0, 0);
        break;
      case "number":
      case "string":
        this.#emit(op.LOADK, to, this.#constant(expr.value), 0);
        break;
      case "vararg":
        this.#emit(op.VARARG, to, 0, 1);
        break;
      case "local":
        if (expr.local.captured) this.#emit(op.GETBOX, to, expr.local.register, 0);
        else this.#move(to, expr.local.register);
        break;
      case "upvalue":
        this.#emit(op.GETUP, to, expr.index, 0);
        break;
      case "global":
        this.#emit(op.GETGLOBAL, to, this.#constant(expr.name), 0);
        break;
      case "index":
        this.#index(expr, to, fresh);
        break;
      case "call": {
        if (fresh === free - 1) this.#free = fresh;
        const register = this.#free;
        this.#call(expr, 1, false);
        this.#move(to, register);
        break;
      }
      case "paren":
        this.#into(expr.inner, to, isFresh);
        break;
      case "function":
        this.#closure(expr.body, to);
        break;
      case "unary":
        this.#unary(expr, to, fresh);
        break;
      case "binary":
        this.#binary(expr, to, fresh);
        break;
      case "table":
        this.#table(expr, to);
        break;
    }
    this.#free = free;
  }

  #index(expr: Expr & { type: "index" }, to: number, fresh: number): void {
    const object = this.#registerOf(this.#operand(expr.object, fresh));
    const key = expr.key.type === "string" ? 0 : this.#operand(expr.key);
    this.#line = expr.line;
    const at =
      expr.key.type === "string"
        ? this.#emit(op.GETFIELD, to, object, this.#constant(expr.key.value))
        : this.#emit(op.GETTABLE, to, object, key);
    this.#name(at, nameOf(expr.object));
  }

  #unary(expr: Expr & { type: "unary" }, to: number, fresh: number): void {
    if (expr.op === "-" && expr.operand.type === "number") {
      this.#emit(op.LOADK, to, this.#constant(-expr.operand.value), 0);
      return;
    }
    const operand = this.#operand(expr.operand, fresh);
    this.#line = expr.line;
    const at = this.#emit(expr.op === "-" ? op.UNM : expr.op === "#" ? op.LEN : op.NOT, to, operand, 0);
    this.#name(at, nameOf(expr.operand));
  }

  #binary(expr: Expr & { type: "binary" }, to: number, fresh: number): void {
    const arithmetic = ARITHMETIC[expr.op];
    if (arithmetic !== undefined) {
      const left = this.#operand(expr.left, fresh);
      const right = this.#operand(expr.right);
      this.#line = expr.line;
      const at = this.#emit(arithmetic, to, left, right);
      this.#name(at, nameOf(expr.left), nameOf(expr.right));
    } else if (expr.op === "..") this.#concat(expr, to);
    else if (expr.op === "and" || expr.op === "or") this.#choice(expr, to, fresh);
    else {
      const jumps = this.#jumps(expr, true);
      this.#emit(op.LOADBOOL, to, 0, 0);
      const over = this.#emit(op.JMP, 0, 0, 0);
      this.#landAll(jumps);
      this.#emit(op.LOADBOOL, to, 1, 0);
      this.#land(over);
    }
  }

  /** `a .. b .. c` is one instruction over consecutive registers. */
  #concat(expr: Expr & { type: "binary" }, to: number): void {
    const parts: Expr[] = [];
    let rest: Expr = expr;
    for (; rest.type === "binary" && rest.op === ".."; rest = rest.right) parts.push(rest.left);
    parts.push(rest);
    const first = this.#free;
    for (const part of parts) this.#push(part);
    this.#line = expr.line;
    const at = this.#emit(op.CONCAT, to, first, first + parts.length - 1);
    this.#name(at, ...parts.map(nameOf));
  }

  /** `and`, `or`: the left value stays when it decides. Worked out in a new register, as `to` may be a local that the right side reads. */
  #choice(expr: Expr & { type: "binary" }, to: number, fresh: number): void {
    const register = fresh >= 0 ? fresh : this.#take();
    this.#into(expr.left, register, true);
    const jump = this.#emit(expr.op === "and" ? op.JF : op.JT, register, 0, 0);
    this.#into(expr.right, register, true);
    this.#land(jump);
    this.#move(to, register);
  }

  /** Emits code that jumps when the condition is `wanted` and goes on when not; gives the jumps, to be landed. */
  #jumps(expr: Expr, wanted: boolean): number[] {
    const free = this.#free;
    const jumps = this.#condition(expr, wanted);
    this.#free = free;
    return jumps;
  }

  #condition(expr: Expr, wanted: boolean): number[] {
    if (expr.type === "paren" && !isMulti(expr.inner)) return this.#jumps(expr.inner, wanted);
    if (expr.type === "unary" && expr.op === "not") return this.#jumps(expr.operand, !wanted);
    if (expr.type === "true" || expr.type === "number" || expr.type === "string") {
      return wanted ? [this.#emit(op.JMP, 0, 0, 0)] : [];
    }
    if (expr.type === "binary") {
      const comparison = COMPARISON[expr.op];
      if (comparison !== undefined) {
        const [jumpIf, jumpIfNot, swapped] = comparison;
        const left = this.#operand(expr.left);
        const right = this.#operand(expr.right);
        this.#line = expr.line;
        return [this.#emit(wanted ? jumpIf : jumpIfNot, swapped ? right : left, swapped ? left : right, 0)];
      }
      if (expr.op === "and" || expr.op === "or") {
        const decides = expr.op === "or";
        if (decides === wanted) return [...this.#jumps(expr.left, wanted), ...this.#jumps(expr.right, wanted)];
        const skip = this.#jumps(expr.left, !wanted);
        const jumps = this.#jumps(expr.right, wanted);
        this.#landAll(skip);
        return jumps;
      }
    }
    const register = this.#registerOf(this.#operand(expr));
    return [this.#emit(wanted ? op.JT : op.JF, register, 0, 0)];
  }

  #closure(body: FunctionBody, to: number): void {
    const index = this.#protos.push(new FunctionCompiler(body, this.#source).proto()) - 1;
    this.#emit(op.CLOSURE, to, index, 0);
  }

  #table(expr: Expr & { type: "table" }, to: number): void {
    const BATCH = 50;
    const table = this.#take();
    this.#emit(op.NEWTABLE, table, 0, 0);
    let index = 1;
    let pending = 0;
    const flush = (count: number): void => {
      this.#emit(op.SETLIST, table, index, count);
      index += pending;
      pending = 0;
      this.#free = table + 1;
    };
    for (const [i, { key, value }] of expr.items.entries()) {
      if (key === null) {
        if (i === expr.items.length - 1 && isMulti(value)) {
          this.#multi(value, -1);
          // Up to top: the pending values and these.
          flush(-1);
          continue;
        }
        this.#push(value);
        if (++pending === BATCH) flush(pending);
        continue;
      }
      const free = this.#free;
      const name = key.type === "string" ? this.#constant(key.value) : this.#operand(key);
      const from = this.#operand(value);
      this.#emit(key.type === "string" ? op.SETFIELD : op.SETTABLE, table, name, from);
      this.#free = free;
    }
    if (pending > 0) flush(pending);
    this.#move(to, table);
  }
}

/** A call and `...` give any number of values where a list of them stands. */
function isMulti(expr: Expr): boolean {
  return expr.type === "call" || expr.type === "vararg";
}

function nameOf(expr: Expr): Named | null {
  switch (expr.type) {
    case "local":
      return { kind: "local", name: expr.local.name };
    case "upvalue":
    case "global":
      return { kind: expr.type, name: expr.name };
    case "index":
      return expr.key.type === "string" ? { kind: "field", name: expr.key.value } : null;
    default:
      return null;
  }
}
