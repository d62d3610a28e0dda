// Hot path: a field is one look-up in a Map. Guarded by src/filters/lua/lua.bench.ts.
//
// A Lua table: the values of 1..n in an array, everything else by key in slots that keep the order of insertion. A value that becomes nil leaves its slot
// empty, so that `next` goes on from a key that was just cleared (reference manual 5.1 `next`); slots are packed when a new key comes.
// `#` is the length of the array, which never ends in nil and never lacks a key that follows it: always a border.

import type { Value } from "./value.ts";

const PACK_AT = 16;

export class LuaTable {
  meta: LuaTable | undefined = undefined;
  #array: Value[] = [];
  #slots: Map<Value, number> | null = null;
  #keys: Value[] = [];
  #values: Value[] = [];
  /** Slots whose value is nil. */
  #empty = 0;
  /** Keys in slots that are numbers: when there are none, nothing can follow the array. */
  #numbers = 0;
  /** The greatest length that the array has shrunk from. */
  #peak = 0;

  get length(): number {
    return this.#array.length;
  }

  /** Number of fields, about: what memory and natives that copy a table are charged for. */
  get size(): number {
    return this.#array.length + this.#keys.length;
  }

  get(key: Value): Value {
    if (typeof key === "number") return this.getNumber(key);
    return this.getHashed(key);
  }

  getNumber(key: number): Value {
    const array = this.#array;
    if (key > 0 && key <= array.length) {
      const at = key - 1;
      if (Number.isInteger(at)) return array[at];
    }
    return this.#numbers === 0 ? undefined : this.getHashed(key);
  }

  /** For keys that are no number. */
  getHashed(key: Value): Value {
    const slots = this.#slots;
    if (slots === null) return undefined;
    const slot = slots.get(key);
    return slot === undefined ? undefined : this.#values[slot];
  }

  /** Sets a field; `key` is neither nil nor NaN. True when the table grew. */
  set(key: Value, value: Value): boolean {
    return typeof key === "number" ? this.setNumber(key, value) : this.setHashed(key, value);
  }

  setNumber(key: number, value: Value): boolean {
    const array = this.#array;
    const at = key - 1;
    if (at >= 0 && at < array.length && Number.isInteger(at)) {
      array[at] = value;
      if (value === undefined && at === array.length - 1) this.#shrink();
      return false;
    }
    if (at !== array.length) return this.setHashed(key, value);
    if (value === undefined) return this.#numbers > 0 && this.setHashed(key, value);
    if (this.#numbers > 0) {
      this.setHashed(key, undefined);
      array.push(value);
      this.#follow();
    } else array.push(value);
    return true;
  }

  setHashed(key: Value, value: Value): boolean {
    const slots = this.#slots;
    const slot = slots === null ? undefined : slots.get(key);
    if (slot !== undefined) {
      const was = this.#values[slot];
      this.#values[slot] = value;
      if (value === undefined) {
        if (was !== undefined) this.#empty++;
      } else if (was === undefined) this.#empty--;
      return false;
    }
    if (value === undefined) return false;
    if (this.#empty > PACK_AT && this.#empty > this.#keys.length >> 1) this.#pack();
    this.#slots ??= new Map();
    this.#slots.set(key, this.#keys.length);
    this.#keys.push(key);
    this.#values.push(value);
    if (typeof key === "number") this.#numbers++;
    return true;
  }

  /** Appends the values of a constructor: `first` is the index of the first of them. */
  setList(first: number, values: readonly Value[]): void {
    if (first === this.#array.length + 1 && this.#numbers === 0) {
      for (const value of values) this.#array.push(value);
      this.#shrink();
    } else for (let i = 0; i < values.length; i++) this.set(first + i, values[i]);
  }

  /** The array itself, for sort and concat, which know that it is full up to `length`. */
  get array(): Value[] {
    return this.#array;
  }

  /** Moves the values from `index` on up by one and puts `value` there; 1 <= index <= length + 1. */
  insert(index: number, value: Value): void {
    if (value === undefined || index === this.#array.length + 1) {
      if (value === undefined) this.#insertNil(index);
      else this.setNumber(index, value);
      return;
    }
    const last = this.#array[this.#array.length - 1];
    this.#array.splice(index - 1, 0, value);
    // The last one has a new index, which a slot may hold already.
    this.#array.pop();
    this.setNumber(this.#array.length + 1, last);
  }

  #insertNil(index: number): void {
    for (let i = this.#array.length; i >= index; i--) this.setNumber(i + 1, this.#array[i - 1]);
    this.setNumber(index, undefined);
  }

  /** Takes the value at `index` out and moves those behind it down; 1 <= index <= length. */
  remove(index: number): Value {
    const value = this.#array[index - 1];
    this.#array.splice(index - 1, 1);
    this.#shrink();
    return value;
  }

  /**
   * The field behind `key` (nil: the first one) as position for `keyAt` and `valueAt`: 0 at the end, -1 when there is no such key.
   */
  after(key: Value): number {
    let at = 0;
    if (key !== undefined) {
      if (typeof key === "number" && key >= 1 && key <= this.#array.length && Number.isInteger(key)) at = key;
      else {
        const slot = this.#slots?.get(key);
        if (slot !== undefined) at = this.#array.length + slot + 1;
        // The array may have become shorter behind a traversal that clears it.
        else if (typeof key === "number" && key > this.#array.length && key <= this.#peak && Number.isInteger(key)) {
          at = this.#array.length;
        } else return -1;
      }
    }
    for (; at < this.#array.length; at++) if (this.#array[at] !== undefined) return at + 1;
    for (let slot = at - this.#array.length; slot < this.#keys.length; slot++) {
      if (this.#values[slot] !== undefined) return this.#array.length + slot + 1;
    }
    return 0;
  }

  keyAt(position: number): Value {
    return position <= this.#array.length ? position : this.#keys[position - this.#array.length - 1];
  }

  valueAt(position: number): Value {
    return position <= this.#array.length ? this.#array[position - 1] : this.#values[position - this.#array.length - 1];
  }

  #shrink(): void {
    const array = this.#array;
    if (array.length > this.#peak) this.#peak = array.length;
    while (array.length > 0 && array[array.length - 1] === undefined) array.pop();
  }

  /** Takes the keys that follow the array out of the slots. */
  #follow(): void {
    const array = this.#array;
    for (;;) {
      const slot = this.#numbers === 0 ? undefined : this.#slots!.get(array.length + 1);
      if (slot === undefined) return;
      const value = this.#values[slot];
      if (value === undefined) return;
      this.#values[slot] = undefined;
      this.#empty++;
      array.push(value);
      if (this.#empty === this.#keys.length) this.#pack();
    }
  }

  #pack(): void {
    const slots = new Map<Value, number>();
    const keys: Value[] = [];
    const values: Value[] = [];
    let numbers = 0;
    for (let i = 0; i < this.#keys.length; i++) {
      const value = this.#values[i];
      if (value === undefined) continue;
      const key = this.#keys[i];
      slots.set(key, keys.length);
      keys.push(key);
      values.push(value);
      if (typeof key === "number") numbers++;
    }
    this.#slots = slots;
    this.#keys = keys;
    this.#values = values;
    this.#empty = 0;
    this.#numbers = numbers;
  }
}
