// Hot path: tens of nanoseconds a call, a few an instruction. Guarded by src/filters/lua/lua.bench.ts.
//
// The interpreter: runs the instructions of opcodes.ts over frames that it keeps itself, so that a script can stop anywhere and go on later: for a
// coroutine, for a promise that a native function gave, for the other requests of the worker after a slice of work. Long because the instructions are one loop.
//
// Limits. Work is counted at calls (the length of the function) and where loops go back (the length of their body), so the count is never below what ran.
// Natives charge what they do. Memory is counted down by what is allocated; when the count is used up, what can be reached is measured anew.

import { Coroutine, ENTRY, type Frame, LUA, STEPS } from "./coroutine.ts";
import { measure } from "./memory.ts";
import * as op from "./opcodes.ts";
import {
  arithmetic,
  concat,
  equal,
  index,
  length,
  lessEqual,
  lessThan,
  metamethod,
  modulo,
  power,
  rawSet,
  setIndex,
  toNumber,
} from "./operations.ts";
import { type Named, type Proto, WIDTH } from "./proto.ts";
import { LuaTable } from "./table.ts";
import {
  BadArgument,
  Box,
  type Call,
  Closure,
  Failure,
  isFunction,
  LimitReached,
  LuaError,
  Native,
  type Steps,
  typeName,
  type Value,
} from "./value.ts";

export interface Limits {
  /** Work of one call of the host, in instructions. */
  readonly instructions: number;
  /** Bytes that the values of the machine may take, about. */
  readonly memoryBytes: number;
}

/** Lua's own limit of nested calls, and that of calls through the host's stack. */
const MAX_CALLS = 20_000;
const MAX_NESTING = 150;
/** Arguments and results beyond this number count as work. */
const MANY = 16;
/** Instructions after which others get a turn: one to two milliseconds. */
const SLICE = 100_000;

/** How the loop ended: the host's call is done, a promise is awaited, others get a turn. RUN: a Lua function is on top. */
const RUN = 0;
const DONE = 1;
const WAIT = 2;
const PAUSE = 3;

/** What natives of coroutines give: another coroutine runs now, and `handover` goes to it. */
const SWITCH: Value[] = [];
const NONE: Value[] = [];

export class Machine {
  readonly limits: Limits;
  readonly globals = new LuaTable();
  readonly loaded = new LuaTable();
  readonly main = new Coroutine(undefined);
  current = this.main;
  stringMeta: LuaTable | undefined = undefined;
  /** Gives others a turn; null: a run never stops. */
  pause: (() => Promise<void>) | null = null;
  /** Instructions left of the slice, and of the call beyond it. */
  #slice = 0;
  #rest = 0;
  /** Bytes until memory is measured. */
  #memory: number;
  #nesting = 0;
  /** True while a native function runs: what fails in it has neither position nor names. */
  #inNative = false;
  #handover: Value[] = NONE;
  #result: Value[] = NONE;
  #promise: Promise<Value | Value[]> | null = null;
  readonly #addresses = new WeakMap<object, string>();
  #addressCount = 0;

  constructor(limits: Limits) {
    this.limits = limits;
    this.main.status = "running";
    this.#memory = limits.memoryBytes;
  }

  // Calls by the host.

  /** Calls a function to its end or to its first promise. Throws LuaError and LimitReached; nothing else but faults of natives. */
  run(fn: Value, args: Value[]): Value[] | Promise<Value[]> {
    this.#begin();
    try {
      const state = this.#enter(fn, args);
      if (state === DONE) return this.#end();
      return this.#drive(state);
    } catch (cause) {
      this.#end();
      throw cause;
    }
  }

  /** The same for a function that must not wait. */
  runNow(fn: Value, args: Value[]): Value[] {
    this.#begin();
    const { pause } = this;
    this.pause = null;
    try {
      const state = this.#enter(fn, args);
      if (state !== DONE) throw new LuaError("attempt to wait where the script must go on at once");
      return this.#result;
    } finally {
      this.pause = pause;
      this.#end();
    }
  }

  #begin(): void {
    this.#rest = this.limits.instructions;
    this.#slice = 0;
    this.#nextSlice();
    this.#nesting = 1;
  }

  #end(): Value[] {
    this.#nesting = 0;
    this.current = this.main;
    this.main.clear();
    this.main.status = "running";
    const result = this.#result;
    this.#result = NONE;
    this.#handover = NONE;
    this.#promise = null;
    return result;
  }

  async #drive(first: number): Promise<Value[]> {
    try {
      for (let state = first; ; ) {
        if (state === DONE) return this.#result;
        if (state === PAUSE) {
          await this.pause!();
          state = this.#execute();
        } else {
          let values: Value[] = NONE;
          let error: unknown = null;
          try {
            const value = await this.#promise!;
            values = Array.isArray(value) ? value : [value];
          } catch (cause) {
            error = cause;
          }
          this.#promise = null;
          state = this.#execute(values, error);
        }
      }
    } finally {
      this.#end();
    }
  }

  /** Calls a function from a native or a metamethod, on the stack of the host: what it calls can neither yield nor wait. */
  call(fn: Value, args: Value[]): Value[] {
    const outer = this.#inNative;
    try {
      return this.#call(fn, args);
    } finally {
      this.#inNative = outer;
    }
  }

  #call(fn: Value, args: Value[]): Value[] {
    if (fn instanceof Native) {
      const result = this.#invoke(fn, args);
      if (typeof result !== "object" || result instanceof LuaTable || isFunction(result as Value))
        return [result as Value];
      if (Array.isArray(result) && result !== SWITCH) return result;
      return this.#nest(() => this.#settle(result as never), this.current);
    }
    return this.#nest(() => this.#start(fn, args), this.current);
  }

  callFirst(fn: Value, args: Value[]): Value {
    return this.call(fn, args)[0];
  }

  #nest(start: () => number, co: Coroutine): Value[] {
    if (this.#nesting >= MAX_NESTING) throw this.fault("C stack overflow");
    this.#nesting++;
    this.#inNative = false;
    this.#pushEntry(co);
    try {
      const state = this.#execute(start);
      if (state !== DONE) throw new Failure("attempt to wait across metamethod/C-call boundary");
      const result = this.#result;
      this.#result = NONE;
      return result;
    } finally {
      this.#nesting--;
    }
  }

  #pushEntry(co: Coroutine): void {
    const { end } = co;
    const frame = co.push();
    frame.kind = ENTRY;
    frame.closure = null;
    frame.base = end;
    co.entries++;
  }

  #enter(fn: Value, args: Value[]): number {
    this.#pushEntry(this.current);
    return this.#execute(() => this.#start(fn, args));
  }

  // Running.

  /**
   * Runs until the entry of this call is reached. `first` says how: a function that starts a call, values or an error for the frame on top, or nothing
   * after a pause.
   */
  #execute(first: (() => number) | Value[] | null = null, failure: unknown = null): number {
    let error = failure;
    let begin = first;
    for (;;) {
      try {
        let state = RUN;
        if (error !== null) {
          const thrown = error;
          error = null;
          state = this.#unwind(thrown);
        } else if (begin !== null) {
          const start = begin;
          begin = null;
          state = typeof start === "function" ? start() : this.#deliver(start);
        }
        return state === RUN ? this.#loop() : state;
      } catch (cause) {
        if (cause instanceof Escaped) throw cause.error;
        error = this.#asError(cause);
        this.#inNative = false;
      }
    }
  }

  /** Begins a call; RUN when a Lua function is on top then. */
  #start(fn: Value, args: Value[]): number {
    this.charge(4);
    let target = fn;
    if (!isFunction(target)) {
      const handler = metamethod(this, fn, "__call");
      if (!isFunction(handler)) throw this.fault(`attempt to call a ${typeName(fn)} value`);
      args.unshift(fn);
      target = handler;
    }
    if (target instanceof Native) return this.#settle(this.#invoke(target, args));
    const co = this.current;
    const at = co.end;
    co.grow(at + args.length + 1);
    for (let i = 0; i < args.length; i++) co.stack[at + 1 + i] = args[i];
    this.#pushLua(co, target, at, args.length, -1);
    return RUN;
  }

  #invoke(fn: Native, args: Value[]): ReturnType<Native["code"]> {
    this.#inNative = true;
    const result = fn.code(args, this);
    this.#inNative = false;
    return result;
  }

  /** What a native function gave: delivers its values, or begins what it asks for. */
  #settle(result: Value | Value[] | Promise<Value | Value[]> | Steps): number {
    if (typeof result !== "object" || result instanceof LuaTable || isFunction(result as Value)) {
      return this.#deliver([result as Value]);
    }
    if (result === SWITCH) {
      const { current } = this;
      const values = this.#handover;
      this.#handover = NONE;
      const { body } = current;
      if (body === undefined) return this.#deliver(values);
      current.body = undefined;
      return this.#start(body, values);
    }
    if (Array.isArray(result)) return this.#deliver(result);
    if (result instanceof Promise) {
      if (this.#nesting !== 1) throw new Failure("attempt to wait across metamethod/C-call boundary");
      this.#promise = result;
      return WAIT;
    }
    if (result instanceof Coroutine) return this.#deliver([result]);
    const frame = this.current.push();
    frame.kind = STEPS;
    frame.closure = null;
    frame.steps = result as Steps;
    return this.#deliver(NONE);
  }

  /** Gives values to the frame on top, which waits for them. */
  #deliver(given: Value[]): number {
    let values = given;
    for (;;) {
      const co = this.current;
      if (co.depth === 0) {
        co.status = "dead";
        co.clear();
        values = this.#backToParent(co, co.wrapped ? values : [true, ...values]);
        continue;
      }
      const frame = co.frames[co.depth - 1]!;
      if (frame.kind === LUA) {
        this.#store(co, frame, values);
        return RUN;
      }
      if (frame.kind === ENTRY) {
        co.depth--;
        co.entries--;
        this.#result = values;
        return DONE;
      }
      let step: IteratorResult<Call, Value[]>;
      try {
        this.#inNative = true;
        step = frame.steps!.next(values);
        this.#inNative = false;
      } catch (cause) {
        frame.steps = null;
        co.depth--;
        throw cause;
      }
      if (!step.done) return this.#start(step.value.fn, step.value.args);
      frame.steps = null;
      co.depth--;
      values = step.value;
    }
  }

  #store(co: Coroutine, frame: Frame, values: readonly Value[]): void {
    const { to, expects } = frame;
    const count = expects < 0 ? values.length : expects;
    co.grow(to + count + 1);
    for (let i = 0; i < count; i++) co.stack[to + i] = values[i];
    if (expects < 0) co.top = to + count;
  }

  #backToParent(co: Coroutine, values: Value[]): Value[] {
    const { parent } = co;
    co.parent = null;
    this.current = parent!;
    parent!.status = "running";
    return values;
  }

  /** Takes frames off until one handles the error. */
  #unwind(first: unknown): number {
    let error = first;
    for (;;) {
      const co = this.current;
      if (co.depth === 0) {
        co.status = "dead";
        co.clear();
        const { wrapped } = co;
        this.#backToParent(co, NONE);
        if (!(error instanceof LuaError)) continue;
        if (!wrapped) return this.#deliver([false, error.value]);
        if (typeof error.value === "string") error = new LuaError(this.where(1) + error.value);
        continue;
      }
      const frame = co.frames[co.depth - 1]!;
      if (frame.kind === STEPS && error instanceof LuaError) {
        let step: IteratorResult<Call, Value[]>;
        try {
          this.#inNative = true;
          step = frame.steps!.throw(error);
          this.#inNative = false;
        } catch (cause) {
          frame.steps = null;
          co.depth--;
          error = this.#asError(cause);
          continue;
        }
        if (!step.done) return this.#start(step.value.fn, step.value.args);
        frame.steps = null;
        co.depth--;
        return this.#deliver(step.value);
      }
      co.depth--;
      if (frame.kind === ENTRY) {
        co.entries--;
        throw new Escaped(error);
      }
    }
  }

  /** Puts the frame of a Lua function on the stack; its arguments stand behind `at`, where the function is. */
  #pushLua(co: Coroutine, closure: Closure, at: number, count: number, want: number): void {
    const { proto } = closure;
    const base = at + 1;
    if (co.depth >= MAX_CALLS) throw this.fault("stack overflow");
    const end = base + proto.registers;
    const { stack } = co;
    if (end > stack.length) {
      this.alloc((end - stack.length) * 16);
      co.grow(end);
    }
    const frame = co.push();
    frame.kind = LUA;
    frame.closure = closure;
    frame.base = base;
    frame.pc = 0;
    frame.want = want;
    frame.tails = 0;
    this.#arguments(frame, proto, stack, base, count);
    this.#slice -= proto.lines.length;
  }

  #arguments(frame: Frame, proto: Proto, stack: Value[], base: number, count: number): void {
    const { params } = proto;
    for (let i = count; i < params; i++) stack[base + i] = undefined;
    frame.varargs = null;
    // Values that are handed over in great number are work and memory too.
    if (count > MANY) this.#slice -= count;
    if (!proto.isVararg) return;
    if (count > params) this.alloc((count - params) * 8);
    const varargs = count > params ? stack.slice(base + params, base + count) : NONE;
    frame.varargs = varargs;
    if (proto.needsArg) {
      const arg = new LuaTable();
      arg.setList(1, varargs);
      arg.set("n", varargs.length);
      this.alloc(64 + varargs.length * 16);
      stack[base + params] = arg;
    } else stack[base + params] = undefined;
  }

  /** The slice is used up: true when others get a turn now. */
  #isSpent(): boolean {
    this.#nextSlice();
    return this.pause !== null && this.#nesting === 1;
  }

  #nextSlice(): void {
    const slice = Math.min(SLICE, this.#rest + this.#slice);
    this.#rest += this.#slice - slice;
    this.#slice = slice;
    if (slice <= 0) throw new LimitReached(`more than ${this.limits.instructions} instructions`, false);
  }

  /** Counts work that a native function does. */
  charge(instructions: number): void {
    this.#slice -= instructions;
    if (this.#slice < 0 && this.#slice + this.#rest < 0) {
      throw new LimitReached(`more than ${this.limits.instructions} instructions`, false);
    }
  }

  /** Counts memory that is about to be used, in bytes. */
  alloc(bytes: number): void {
    this.#memory -= bytes;
    if (this.#memory < 0) this.#measure(bytes);
  }

  #measure(bytes: number): void {
    const { memoryBytes } = this.limits;
    // What is allocated just now is not reachable yet.
    const used = bytes > memoryBytes ? bytes : bytes + measure(this);
    if (used > memoryBytes) throw new LimitReached(`more than ${memoryBytes} bytes of memory`, true);
    this.#memory = Math.max(memoryBytes - used, memoryBytes >> 3);
  }

  /** Bytes in use, about, as collectgarbage("count") tells them. */
  get usedBytes(): number {
    return measure(this);
  }

  // Coroutines.

  resume(co: Coroutine, args: Value[], wrapped: boolean): Value[] {
    const fault =
      co.status === "suspended"
        ? this.#tooDeep()
        : `cannot resume ${co.status === "dead" ? "dead" : `${co.status}`} coroutine`;
    if (fault !== "") {
      if (wrapped) throw new Failure(fault);
      return [false, fault];
    }
    const { current } = this;
    current.status = "normal";
    co.parent = current;
    co.level = current.level + 1;
    co.wrapped = wrapped;
    co.status = "running";
    this.current = co;
    this.#handover = args;
    return SWITCH;
  }

  #tooDeep(): string {
    return this.current.level >= MAX_NESTING ? "C stack overflow" : "";
  }

  yield(args: Value[]): Value[] {
    const co = this.current;
    if (co.parent === null || co.entries > 0) {
      throw new Failure("attempt to yield across metamethod/C-call boundary");
    }
    co.status = "suspended";
    this.#handover = this.#backToParent(co, co.wrapped ? args : [true, ...args]);
    return SWITCH;
  }

  // Errors.

  /** `name:line: ` of the function at a level above the native one that runs; "" when that is not known. */
  where(level: number): string {
    const frame = this.frameAt(level);
    if (frame === null || frame.closure === null) return "";
    const { proto } = frame.closure;
    return `${proto.source}:${proto.lines[Math.max(frame.pc / WIDTH - 1, 0)]}: `;
  }

  /** The frame at a level: 1 is the caller of the native function that runs. Null for a call that was replaced, and when there are not so many. */
  frameAt(level: number): Frame | null {
    const co = this.current;
    let left = level;
    for (let i = co.depth - 1; i >= 0; i--) {
      const frame = co.frames[i]!;
      // A metamethod has its caller directly below.
      if (frame.kind === ENTRY) continue;
      if (--left === 0) return frame;
      if (frame.kind === LUA) {
        left -= frame.tails;
        if (left <= 0) return null;
      }
    }
    return null;
  }

  /** True when there is no such level at all. */
  isBeyond(level: number): boolean {
    const co = this.current;
    let count = 0;
    for (let i = 0; i < co.depth; i++) count += co.frames[i]!.kind === ENTRY ? 0 : 1 + co.frames[i]!.tails;
    return level > count;
  }

  /** An error of the running function, with its position. */
  fault(message: string): LuaError {
    return new LuaError(this.#inNative ? message : this.where(1) + message);
  }

  /** An error that a native function tells with the position of its caller. */
  #nativeFault(message: string): LuaError {
    return new LuaError(this.where(1) + message);
  }

  /** `attempt to <do> local 'x' (a nil value)`: `operand` says which operand of the instruction it was, -1 for none. */
  typeFault(what: string, value: Value, operand: number): LuaError {
    const name = operand < 0 || this.#inNative ? null : (this.#operandNames()[operand] ?? null);
    const of = name === null ? "a" : `${name.kind} '${name.name}' (a`;
    return this.fault(`attempt to ${what} ${of} ${typeName(value)} value${name === null ? "" : ")"}`);
  }

  #operandNames(): readonly (Named | null)[] {
    const { current } = this;
    const frame = current.depth === 0 ? null : current.frames[current.depth - 1]!;
    if (frame === null || frame.closure === null) return [];
    return frame.closure.proto.names.get(frame.pc / WIDTH - 1) ?? [];
  }

  /** What was thrown as an error of the script; a fault of the host stays what it is. */
  #asError(cause: unknown): unknown {
    if (cause instanceof Failure) return this.#nativeFault(cause.message);
    if (cause instanceof BadArgument) return this.#badArgument(cause);
    if (cause instanceof RangeError && cause.message.startsWith("Maximum call stack"))
      return this.fault("stack overflow");
    return cause;
  }

  #badArgument({ index: position, message }: BadArgument): LuaError {
    const name = this.#operandNames()[0] ?? null;
    if (name === null) return this.#nativeFault(`bad argument #${position} to '?' (${message})`);
    if (name.kind !== "method") return this.#nativeFault(`bad argument #${position} to '${name.name}' (${message})`);
    if (position === 1) return this.#nativeFault(`calling '${name.name}' on bad self (${message})`);
    return this.#nativeFault(`bad argument #${position - 1} to '${name.name}' (${message})`);
  }

  /** `table: 0x...`: made up, and the same for the life of the value. */
  address(v: Exclude<Value, undefined | boolean | number | string>): string {
    let text = this.#addresses.get(v);
    if (text === undefined) {
      const kind = v instanceof Native ? "builtin" : typeName(v);
      text = `${kind === "builtin" ? "function: builtin" : kind}: 0x${(0x55550000 + ++this.#addressCount * 32).toString(16).padStart(14, "0")}`;
      this.#addresses.set(v, text);
    }
    return text;
  }

  /** Handles the call of what is no function: moves the arguments up by one and puts the handler in place. Gives the end of the arguments. */
  #callable(co: Coroutine, at: number, end: number): number {
    const fn = co.stack[at];
    const handler = metamethod(this, fn, "__call");
    if (!isFunction(handler)) throw this.typeFault("call", fn, 0);
    co.grow(end + 1);
    for (let i = end; i > at; i--) co.stack[i] = co.stack[i - 1];
    co.stack[at] = handler;
    return end + 1;
  }

  /**
   * Runs the Lua function on top, and those that it calls. The cases are numbers because only of those does V8 make a jump table; machine.test.ts holds
   * them against opcodes.ts.
   */
  #loop(): number {
    reload: for (;;) {
      const co = this.current;
      const R = co.stack;
      let top = co.top;
      let frame = co.frames[co.depth - 1]!;
      let closure = frame.closure!;
      let proto = closure.proto;
      let code = proto.code;
      let K = proto.constants;
      let base = frame.base;
      let pc = frame.pc;
      for (;;) {
        const a = code[pc + 1]!;
        const b = code[pc + 2]!;
        const c = code[pc + 3]!;
        const operation = code[pc]!;
        pc += WIDTH;
        switch (operation) {
          case 0: // MOVE
            R[base + a] = R[base + b];
            continue;
          case 1: // LOADK
            R[base + a] = K[b];
            continue;
          case 2: // LOADNIL
            for (let i = 0; i < b; i++) R[base + a + i] = undefined;
            continue;
          case 3: // LOADBOOL
            R[base + a] = b !== 0;
            continue;
          case 4: // GETUP
            R[base + a] = closure.boxes[b]!.v;
            continue;
          case 5: // SETUP
            closure.boxes[a]!.v = b >= 0 ? R[base + b] : K[~b];
            continue;
          case 6: // NEWBOX
            this.#memory -= 32;
            R[base + a] = new Box(b >= 0 ? R[base + b] : K[~b]) as never;
            continue;
          case 7: // GETBOX
            R[base + a] = (R[base + b] as unknown as Box).v;
            continue;
          case 8: // SETBOX
            (R[base + a] as unknown as Box).v = b >= 0 ? R[base + b] : K[~b];
            continue;
          case 9: {
            // GETGLOBAL
            const { env } = closure;
            let value = env.getHashed(K[b]);
            if (value === undefined && env.meta !== undefined) {
              frame.pc = pc;
              value = index(this, env, K[b]);
            }
            R[base + a] = value;
            continue;
          }
          case 10: {
            // SETGLOBAL
            const { env } = closure;
            const value = b >= 0 ? R[base + b] : K[~b];
            frame.pc = pc;
            if (env.meta !== undefined) setIndex(this, env, K[a], value);
            else if (env.setHashed(K[a], value)) this.alloc(40);
            continue;
          }
          case 11: {
            // GETTABLE
            const object = R[base + b];
            const key = c >= 0 ? R[base + c] : K[~c];
            if (object instanceof LuaTable) {
              const value = typeof key === "number" ? object.getNumber(key) : object.getHashed(key);
              if (value !== undefined || object.meta === undefined) {
                R[base + a] = value;
                continue;
              }
            }
            frame.pc = pc;
            R[base + a] = index(this, object, key);
            continue;
          }
          case 12: {
            // GETFIELD
            const object = R[base + b];
            if (object instanceof LuaTable) {
              const value = object.getHashed(K[c]);
              if (value !== undefined || object.meta === undefined) {
                R[base + a] = value;
                continue;
              }
            }
            frame.pc = pc;
            R[base + a] = index(this, object, K[c]);
            continue;
          }
          case 13: {
            // SETTABLE
            const object = R[base + a];
            const key = b >= 0 ? R[base + b] : K[~b];
            const value = c >= 0 ? R[base + c] : K[~c];
            frame.pc = pc;
            if (object instanceof LuaTable && object.meta === undefined) rawSet(this, object, key, value);
            else setIndex(this, object, key, value);
            continue;
          }
          case 14: {
            // SETFIELD
            const object = R[base + a];
            const value = c >= 0 ? R[base + c] : K[~c];
            frame.pc = pc;
            if (object instanceof LuaTable && object.meta === undefined) {
              if (object.setHashed(K[b], value)) this.alloc(40);
            } else setIndex(this, object, K[b], value);
            continue;
          }
          case 15: {
            // SELF
            const object = R[base + b];
            frame.pc = pc;
            const value = index(this, object, K[c]);
            R[base + a + 1] = object;
            R[base + a] = value;
            continue;
          }
          case 16: // NEWTABLE
            frame.pc = pc;
            this.alloc(96);
            R[base + a] = new LuaTable();
            continue;
          case 17: {
            // SETLIST
            const from = base + a + 1;
            const end = c < 0 ? top : from + c;
            frame.pc = pc;
            this.alloc((end - from) * 16);
            (R[base + a] as LuaTable).setList(b, R.slice(from, end));
            continue;
          }
          case 18: {
            // ADD
            const x = b >= 0 ? R[base + b] : K[~b];
            const y = c >= 0 ? R[base + c] : K[~c];
            if (typeof x === "number" && typeof y === "number") R[base + a] = x + y;
            else {
              frame.pc = pc;
              R[base + a] = arithmetic(this, op.ADD, x, y);
            }
            continue;
          }
          case 19: {
            // SUB
            const x = b >= 0 ? R[base + b] : K[~b];
            const y = c >= 0 ? R[base + c] : K[~c];
            if (typeof x === "number" && typeof y === "number") R[base + a] = x - y;
            else {
              frame.pc = pc;
              R[base + a] = arithmetic(this, op.SUB, x, y);
            }
            continue;
          }
          case 20: {
            // MUL
            const x = b >= 0 ? R[base + b] : K[~b];
            const y = c >= 0 ? R[base + c] : K[~c];
            if (typeof x === "number" && typeof y === "number") R[base + a] = x * y;
            else {
              frame.pc = pc;
              R[base + a] = arithmetic(this, op.MUL, x, y);
            }
            continue;
          }
          case 21: {
            // DIV
            const x = b >= 0 ? R[base + b] : K[~b];
            const y = c >= 0 ? R[base + c] : K[~c];
            if (typeof x === "number" && typeof y === "number") R[base + a] = x / y;
            else {
              frame.pc = pc;
              R[base + a] = arithmetic(this, op.DIV, x, y);
            }
            continue;
          }
          case 22: {
            // MOD
            const x = b >= 0 ? R[base + b] : K[~b];
            const y = c >= 0 ? R[base + c] : K[~c];
            if (typeof x === "number" && typeof y === "number") R[base + a] = modulo(x, y);
            else {
              frame.pc = pc;
              R[base + a] = arithmetic(this, op.MOD, x, y);
            }
            continue;
          }
          case 23: {
            // POW
            const x = b >= 0 ? R[base + b] : K[~b];
            const y = c >= 0 ? R[base + c] : K[~c];
            if (typeof x === "number" && typeof y === "number") R[base + a] = power(x, y);
            else {
              frame.pc = pc;
              R[base + a] = arithmetic(this, op.POW, x, y);
            }
            continue;
          }
          case 24: {
            // UNM
            const x = b >= 0 ? R[base + b] : K[~b];
            frame.pc = pc;
            R[base + a] = typeof x === "number" ? -x : arithmetic(this, op.UNM, x, x);
            continue;
          }
          case 25: {
            // NOT
            const x = b >= 0 ? R[base + b] : K[~b];
            R[base + a] = x === undefined || x === false;
            continue;
          }
          case 26: // LEN
            frame.pc = pc;
            R[base + a] = length(this, b >= 0 ? R[base + b] : K[~b]);
            continue;
          case 27: {
            // CONCAT
            const x = R[base + b];
            const y = R[base + c];
            frame.pc = pc;
            if (c === b + 1 && typeof x === "string" && typeof y === "string") {
              const joined = x + y;
              this.alloc(joined.length + 24);
              R[base + a] = joined;
            } else R[base + a] = concat(this, R, base + b, base + c);
            continue;
          }
          case 28: // JMP
            if (c < pc) {
              this.#slice -= (pc - c) / WIDTH;
              pc = c;
              if (this.#slice < 0) {
                frame.pc = pc;
                if (this.#isSpent()) return PAUSE;
              }
            } else pc = c;
            continue;
          case 29: {
            // JF
            const x = R[base + a];
            if (x === undefined || x === false) pc = c;
            continue;
          }
          case 30: {
            // JT
            const x = R[base + a];
            if (x !== undefined && x !== false) pc = c;
            continue;
          }
          case 31: // JEQ
          case 32: {
            // JNE
            const x = a >= 0 ? R[base + a] : K[~a];
            const y = b >= 0 ? R[base + b] : K[~b];
            frame.pc = pc;
            if ((x === y || (typeof x === "object" && equal(this, x, y))) === (operation === op.JEQ)) pc = c;
            continue;
          }
          case 33: // JLT
          case 34: {
            // JNLT
            const x = a >= 0 ? R[base + a] : K[~a];
            const y = b >= 0 ? R[base + b] : K[~b];
            frame.pc = pc;
            const less = typeof x === "number" && typeof y === "number" ? x < y : lessThan(this, x, y);
            if (less === (operation === op.JLT)) pc = c;
            continue;
          }
          case 35: // JLE
          case 36: {
            // JNLE
            const x = a >= 0 ? R[base + a] : K[~a];
            const y = b >= 0 ? R[base + b] : K[~b];
            frame.pc = pc;
            const less = typeof x === "number" && typeof y === "number" ? x <= y : lessEqual(this, x, y);
            if (less === (operation === op.JLE)) pc = c;
            continue;
          }
          case 37: // CALL
          case 38: {
            // TAILCALL
            const at = base + a;
            let end = b < 0 ? top : at + 1 + b;
            let fn = R[at];
            frame.pc = pc;
            if (!isFunction(fn)) {
              end = this.#callable(co, at, end);
              fn = R[at] as Closure | Native;
            }
            if (fn instanceof Closure) {
              if (operation === op.CALL) {
                this.#pushLua(co, fn, at, end - at - 1, c);
                frame = co.frames[co.depth - 1]!;
              } else {
                this.#replace(co, frame, fn, at, end);
              }
              closure = fn;
              proto = closure.proto;
              code = proto.code;
              K = proto.constants;
              base = frame.base;
              pc = 0;
              if (this.#slice < 0 && this.#isSpent()) return PAUSE;
              continue;
            }
            const count = end - at - 1;
            const args = count === 1 ? [R[at + 1]] : count === 2 ? [R[at + 1], R[at + 2]] : R.slice(at + 1, end);
            this.#slice -= count > MANY ? count : 4;
            frame.to = at;
            frame.expects = c;
            const result = this.#invoke(fn, args);
            if (typeof result !== "object" || result instanceof LuaTable) {
              R[at] = result as Value;
              if (c > 1) for (let i = 1; i < c; i++) R[at + i] = undefined;
              else if (c < 0) top = at + 1;
              continue;
            }
            if (Array.isArray(result) && result !== SWITCH) {
              this.#store(co, frame, result);
              if (c < 0) top = co.top;
              continue;
            }
            const state = this.#settle(result as never);
            if (state !== RUN) return state;
            continue reload;
          }
          case 39: {
            // RETURN
            const from = base + a;
            const count = b < 0 ? top - from : b;
            const below = co.depth > 1 ? co.frames[co.depth - 2]! : null;
            if (below === null || below.kind !== LUA) {
              const values = R.slice(from, from + count);
              co.depth--;
              const state = this.#deliver(values);
              if (state !== RUN) return state;
              continue reload;
            }
            const { want } = frame;
            const to = base - 1;
            co.depth--;
            if (want === 1) R[to] = count > 0 ? R[from] : undefined;
            else if (want < 0) {
              for (let i = 0; i < count; i++) R[to + i] = R[from + i];
              top = to + count;
              co.top = top;
            } else for (let i = 0; i < want; i++) R[to + i] = i < count ? R[from + i] : undefined;
            frame = below;
            closure = frame.closure!;
            proto = closure.proto;
            code = proto.code;
            K = proto.constants;
            base = frame.base;
            pc = frame.pc;
            continue;
          }
          case 40: {
            // VARARG
            const varargs = frame.varargs!;
            const to = base + a;
            const count = c < 0 ? varargs.length : c;
            if (to + count + 1 > R.length) {
              this.alloc((to + count + 1 - R.length) * 8);
              co.grow(to + count + 1);
            }
            if (count > MANY) this.#slice -= count;
            for (let i = 0; i < count; i++) R[to + i] = varargs[i];
            if (c < 0) {
              top = to + count;
              co.top = top;
            }
            continue;
          }
          case 41: {
            // CLOSURE
            const inner = proto.protos[b]!;
            const { captures } = inner;
            const boxes: Box[] = [];
            for (let i = 0; i < captures.length; i++) {
              const { fromRegister, index: from } = captures[i]!;
              boxes.push(fromRegister ? (R[base + from] as unknown as Box) : closure.boxes[from]!);
            }
            frame.pc = pc;
            this.alloc(80 + boxes.length * 8);
            R[base + a] = new Closure(inner, boxes, closure.env);
            continue;
          }
          case 42: {
            // FORPREP
            frame.pc = pc;
            const start = toNumber(R[base + a]);
            const limit = toNumber(R[base + a + 1]);
            const step = toNumber(R[base + a + 2]);
            if (start === undefined) throw this.fault("'for' initial value must be a number");
            if (limit === undefined) throw this.fault("'for' limit must be a number");
            if (step === undefined) throw this.fault("'for' step must be a number");
            R[base + a] = start - step;
            R[base + a + 1] = limit;
            R[base + a + 2] = step;
            pc = c;
            continue;
          }
          case 43: {
            // FORLOOP
            const step = R[base + a + 2] as number;
            const next = (R[base + a] as number) + step;
            const limit = R[base + a + 1] as number;
            if (step > 0 ? next <= limit : limit <= next) {
              R[base + a] = next;
              R[base + a + 3] = next;
              this.#slice -= (pc - c) / WIDTH;
              pc = c;
              if (this.#slice < 0) {
                frame.pc = pc;
                if (this.#isSpent()) return PAUSE;
              }
            }
            continue;
          }
          case 44: {
            // TFORCALL
            const at = base + a + 3;
            R[at + 2] = R[base + a + 2];
            R[at + 1] = R[base + a + 1];
            let fn = R[base + a];
            R[at] = fn;
            let end = at + 3;
            frame.pc = pc;
            if (!isFunction(fn)) {
              end = this.#callable(co, at, end);
              fn = R[at] as Closure | Native;
            }
            if (fn instanceof Closure) {
              this.#pushLua(co, fn, at, end - at - 1, b);
              continue reload;
            }
            frame.to = at;
            frame.expects = b;
            this.#slice -= 4;
            const result = this.#invoke(fn, R.slice(at + 1, end));
            if (typeof result !== "object" || result instanceof LuaTable) {
              R[at] = result as Value;
              for (let i = 1; i < b; i++) R[at + i] = undefined;
              continue;
            }
            if (Array.isArray(result) && result !== SWITCH) {
              for (let i = 0; i < b; i++) R[at + i] = result[i];
              continue;
            }
            const state = this.#settle(result as never);
            if (state !== RUN) return state;
            continue reload;
          }
          case 45: {
            // TFORLOOP
            const value = R[base + a + 3];
            if (value !== undefined) {
              R[base + a + 2] = value;
              this.#slice -= (pc - c) / WIDTH;
              pc = c;
              if (this.#slice < 0) {
                frame.pc = pc;
                if (this.#isSpent()) return PAUSE;
              }
            }
            continue;
          }
        }
      }
    }
  }

  /** Puts a call in place of the running function. */
  #replace(co: Coroutine, frame: Frame, fn: Closure, at: number, end: number): void {
    const { stack } = co;
    const to = frame.base - 1;
    const count = end - at - 1;
    for (let i = 0; i <= count; i++) stack[to + i] = stack[at + i];
    const { proto } = fn;
    const limit = frame.base + proto.registers;
    if (limit > stack.length) co.grow(limit);
    frame.closure = fn;
    frame.pc = 0;
    frame.tails++;
    this.#arguments(frame, proto, stack, frame.base, count);
    this.#slice -= proto.lines.length;
  }
}

/** Carries an error over the entry frame where it left the script, out of the run that began there. */
class Escaped {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}
