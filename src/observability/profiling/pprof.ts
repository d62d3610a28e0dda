// The format of pprof: stacks with values, written as protocol buffers, before compression. Field numbers are those of pprof's
// profile.proto. Functions and files of all threads are written once; each sample says its thread in a label.
//
//   Profile    1 sample_type*  2 sample*  4 location*  5 function*  6 string_table*  9 time  10 duration  11 period_type  12 period
//              13 comment*  14 default_sample_type
//   ValueType  1 type  2 unit              Sample    1 location_id*  2 value*  3 label*      Label  1 key  2 str
//   Location   1 id  4 line                Line      1 function_id  2 line
//   Function   1 id  2 name  3 system_name  4 filename  5 start_line

import type { Frame, StackSample } from "./stack-samples.ts";

export interface ValueType {
  readonly type: string;
  readonly unit: string;
}

export interface PprofProfile {
  /** What the values of the samples are. Tools show the last one first. */
  readonly valueTypes: readonly ValueType[];
  readonly samples: Iterable<StackSample>;
  /** Between two samples. */
  readonly periodType: ValueType;
  readonly period: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly comments: readonly string[];
}

export function encodePprof(profile: PprofProfile): Buffer {
  const tables = new Tables();
  const out = new Message();
  for (const type of profile.valueTypes) out.message(1, valueType(type, tables));
  const threadKey = tables.string("thread");
  for (const { thread, frames, values } of profile.samples) {
    const label = new Message().integer(1, threadKey).integer(2, tables.string(thread));
    const locations = frames.map((frame) => tables.location(frame));
    out.message(2, new Message().integers(1, locations).integers(2, values).message(3, label));
  }
  out.integer(9, profile.startMs * 1e6).integer(10, Math.round(profile.durationMs * 1e6));
  out.message(11, valueType(profile.periodType, tables)).integer(12, profile.period);
  const comments = profile.comments.map((comment) => tables.string(comment));
  if (comments.length > 0) out.integers(13, comments);
  out.integer(14, tables.string(profile.valueTypes.at(-1)!.type));
  tables.write(out);
  return out.bytes();
}

function valueType({ type, unit }: ValueType, tables: Tables): Message {
  return new Message().integer(1, tables.string(type)).integer(2, tables.string(unit));
}

/** Strings, and functions with the one place in each that a sample knows. Ids of functions are those of their locations. */
class Tables {
  readonly #strings = new Map([["", 0]]);
  readonly #ids = new Map<string, number>();
  readonly #frames: Frame[] = [];

  string(text: string): number {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    this.#strings.set(text, this.#strings.size);
    return this.#strings.size - 1;
  }

  /** From 1. */
  location(frame: Frame): number {
    const key = `${frame.name}\n${frame.file}\n${frame.line}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#frames.push(frame);
    this.#ids.set(key, id);
    return id;
  }

  write(out: Message): void {
    for (const [i, { name, file, line }] of this.#frames.entries()) {
      const id = i + 1;
      const text = this.string(name);
      out.message(4, new Message().integer(1, id).message(4, new Message().integer(1, id).integer(2, line)));
      const fn = new Message().integer(1, id).integer(2, text).integer(3, text);
      out.message(5, fn.integer(4, this.string(file)).integer(5, line));
    }
    for (const text of this.#strings.keys()) out.text(6, text);
  }
}

/** Wire types. */
const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** A protocol buffer message in the making: grows twofold, and takes integers from 0 on. */
class Message {
  #bytes = Buffer.allocUnsafe(64);
  #length = 0;

  integer(field: number, value: number): this {
    this.#room(20);
    this.#varint(field * 8 + VARINT);
    this.#varint(value);
    return this;
  }

  /** Packed. */
  integers(field: number, values: readonly number[]): this {
    const packed = new Message();
    for (const value of values) {
      packed.#room(10);
      packed.#varint(value);
    }
    return this.message(field, packed);
  }

  text(field: number, text: string): this {
    return this.#block(field, Buffer.from(text));
  }

  message(field: number, message: Message): this {
    return this.#block(field, message.bytes());
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #block(field: number, bytes: Buffer): this {
    this.#room(20 + bytes.length);
    this.#varint(field * 8 + LENGTH_DELIMITED);
    this.#varint(bytes.length);
    bytes.copy(this.#bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + more));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  /** By division, since values go beyond 32 bits. */
  #varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) + 128;
    this.#bytes[this.#length++] = rest;
  }
}
