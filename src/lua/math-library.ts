// math (reference manual 5.1, section 5.6). `math.random` is a generator of its own for each machine, so that randomseed gives the same numbers again.

import { intArg, numberArg } from "./arguments.ts";
import type { Library } from "./library.ts";
import { power } from "./operations.ts";
import type { LuaTable } from "./table.ts";
import { BadArgument, Native, type NativeCode, type Value } from "./value.ts";

function unary(compute: (x: number) => number): NativeCode {
  return (args) => compute(numberArg(args, 0));
}

function fold(choose: (a: number, b: number) => number): NativeCode {
  return (args) => {
    let result = numberArg(args, 0);
    for (let i = 1; i < args.length; i++) result = choose(result, numberArg(args, i));
    return result;
  };
}

/** Mantissa in [0.5, 1) and exponent. */
function split(x: number): [number, number] {
  if (x === 0 || !Number.isFinite(x)) return [x, 0];
  let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(x))) + 1);
  let mantissa = x * 2 ** -exponent;
  while (Math.abs(mantissa) < 0.5) {
    mantissa *= 2;
    exponent--;
  }
  while (Math.abs(mantissa) >= 1) {
    mantissa /= 2;
    exponent++;
  }
  return [mantissa, exponent];
}

/** Splits the power, as 2^exponent alone may be out of range. */
function scale(x: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return x * 2 ** half * 2 ** (exponent - half);
}

/** The remainder with the sign of x, as C's fmod. */
function remainder(x: number, y: number): number {
  return x % y;
}

/** xorshift32: enough for choosing, nothing for secrets. */
class Random {
  #state = 0x9e3779b9;

  seed(n: number): void {
    this.#state = (Math.trunc(n) ^ 0x9e3779b9) | 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** In [0, 1). */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 0x1_0000_0000;
  }
}

function randomNumber(random: Random, args: Value[]): number {
  const r = random.next();
  if (args.length === 0) return r;
  if (args.length > 2) throw new BadArgument(3, "wrong number of arguments");
  const low = args.length === 1 ? 1 : intArg(args, 0);
  const high = intArg(args, args.length - 1);
  if (low > high) throw new BadArgument(args.length, "interval is empty");
  return Math.floor(r * (high - low + 1)) + low;
}

export const mathLibrary: Library = {
  name: "math",
  values: { pi: Math.PI, huge: Number.POSITIVE_INFINITY },
  functions: {
    abs: unary(Math.abs),
    acos: unary(Math.acos),
    asin: unary(Math.asin),
    atan: unary(Math.atan),
    atan2: (args) => Math.atan2(numberArg(args, 0), numberArg(args, 1)),
    ceil: unary(Math.ceil),
    cos: unary(Math.cos),
    cosh: unary(Math.cosh),
    deg: unary((x) => x / (Math.PI / 180)),
    exp: unary(Math.exp),
    floor: unary(Math.floor),
    fmod: (args) => remainder(numberArg(args, 0), numberArg(args, 1)),
    frexp: (args) => split(numberArg(args, 0)),
    ldexp: (args) => scale(numberArg(args, 0), intArg(args, 1)),
    log: unary(Math.log),
    log10: unary(Math.log10),
    max: fold((a, b) => (b > a ? b : a)),
    min: fold((a, b) => (b < a ? b : a)),
    mod: (args) => remainder(numberArg(args, 0), numberArg(args, 1)),
    modf(args) {
      const x = numberArg(args, 0);
      const whole = Math.trunc(x);
      return [whole, Number.isFinite(x) ? x - whole : Number.isNaN(x) ? x : 0];
    },
    pow: (args) => power(numberArg(args, 0), numberArg(args, 1)),
    rad: unary((x) => x * (Math.PI / 180)),
    sin: unary(Math.sin),
    sinh: unary(Math.sinh),
    sqrt: unary(Math.sqrt),
    tan: unary(Math.tan),
    tanh: unary(Math.tanh),
  },
  open(_m, table: LuaTable) {
    const random = new Random();
    random.seed(Math.floor(Math.random() * 2 ** 31));
    table.set("random", new Native("random", (args) => randomNumber(random, args)));
    table.set(
      "randomseed",
      new Native("randomseed", (args) => {
        random.seed(numberArg(args, 0));
        return [];
      }),
    );
  },
};
