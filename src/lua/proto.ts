// A compiled function: what the compiler makes and the machine runs. Immutable, so that all machines of a script share it.

import type { Value } from "./value.ts";

/** Numbers of one instruction: the operation and three operands. */
export const WIDTH = 4;

/** What an operand was in the source, for the messages of errors: `global 'x'`. */
export interface Named {
  readonly kind: "global" | "local" | "method" | "field" | "upvalue";
  readonly name: string;
}

/** Where a closure finds a variable from outside: in a register of the function around it, or among the boxes of that. */
export interface Capture {
  readonly fromRegister: boolean;
  readonly index: number;
}

export interface Proto {
  /** Name of the chunk as errors show it. */
  readonly source: string;
  /** Line of `function`, 0 for the main chunk. */
  readonly line: number;
  readonly params: number;
  readonly isVararg: boolean;
  /** True when the varargs are also wanted as the table `arg`, which stands in the register behind the parameters. */
  readonly needsArg: boolean;
  readonly registers: number;
  /** WIDTH numbers per instruction. */
  readonly code: Int32Array;
  /** Line of each instruction. */
  readonly lines: Int32Array;
  readonly constants: readonly Value[];
  readonly protos: readonly Proto[];
  readonly captures: readonly Capture[];
  /** Names of the operands of an instruction, by its number: of a call its function, of an operation left and right. */
  readonly names: ReadonlyMap<number, readonly (Named | null)[]>;
}
