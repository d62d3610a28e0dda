// A coroutine: a stack of registers and the frames on it. The main thread of a script is one too, without parent.

import type { Closure, Steps, Value } from "./value.ts";

/** A running Lua function. */
export const LUA = 0;
/** A native function that asks for calls: a generator. */
export const STEPS = 1;
/** Where the host called: the run ends when it is on top. */
export const ENTRY = 2;

/** Frames are made once for each depth and used again. */
export class Frame {
  kind = LUA;
  closure: Closure | null = null;
  steps: Steps | null = null;
  base = 0;
  /** Offset of the next instruction. */
  pc = 0;
  /** Results that the caller wants of this frame; all when negative. */
  want = 0;
  /** Where the results of a call of a native function go when they come later, and how many. */
  to = 0;
  expects = 0;
  varargs: readonly Value[] | null = null;
  /** Calls that this one has replaced: error levels count them. */
  tails = 0;
}

export type Status = "suspended" | "running" | "normal" | "dead";

export class Coroutine {
  /** The function to start with; undefined once started, and in the main thread. */
  body: Value;
  readonly stack: Value[] = [];
  readonly frames: Frame[] = [];
  depth = 0;
  /** End of the values of the last instruction whose number is known at run time only. */
  top = 0;
  status: Status = "suspended";
  /** Who resumed it. */
  parent: Coroutine | null = null;
  /** Coroutines around. */
  level = 0;
  /** True when resumed through the function that coroutine.wrap gave: its errors pass on. */
  wrapped = false;
  /** Frames of kind ENTRY: across them it cannot yield. */
  entries = 0;

  constructor(body: Value) {
    this.body = body;
  }

  push(): Frame {
    let frame = this.frames[this.depth];
    if (frame === undefined) {
      frame = new Frame();
      this.frames.push(frame);
    }
    this.depth++;
    return frame;
  }

  /** Makes room for registers up to `end`. */
  grow(end: number): void {
    const { stack } = this;
    for (let i = stack.length; i < end; i++) stack.push(undefined);
  }

  /** The end of what the top frame uses. */
  get end(): number {
    for (let i = this.depth - 1; i >= 0; i--) {
      const { kind, closure, base } = this.frames[i]!;
      if (kind === LUA) return Math.max(base + closure!.proto.registers, this.top);
    }
    return 0;
  }

  /** Lets go of all values. */
  clear(): void {
    this.depth = 0;
    this.entries = 0;
    if (this.stack.length > 256) this.stack.length = 256;
    this.stack.fill(undefined);
    if (this.frames.length > 64) this.frames.length = 64;
    for (const frame of this.frames) {
      frame.closure = null;
      frame.steps = null;
      frame.varargs = null;
    }
  }
}
