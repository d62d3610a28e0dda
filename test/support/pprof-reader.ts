// Reads profiles of pprof for tests: a decoder of protocol buffers that knows nothing of how ours are written, and stops at whatever
// it does not know.

import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";

export interface ReadSample {
  /** `name file:line`, the innermost function first. */
  readonly stack: readonly string[];
  readonly values: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface ReadProfile {
  /** As `cpu/nanoseconds`. */
  readonly types: readonly string[];
  readonly defaultType: string;
  readonly periodType: string;
  readonly period: number;
  readonly timeNs: number;
  readonly durationNs: number;
  readonly comments: readonly string[];
  readonly samples: readonly ReadSample[];
  /** How many locations and functions were written. */
  readonly locations: number;
  readonly functions: number;
}

/** Field number to its values in order; bytes for what has a length. */
type Fields = Map<number, (number | Buffer)[]>;

export function readGzippedPprof(bytes: Uint8Array): ReadProfile {
  return readPprof(gunzipSync(bytes));
}

export function readPprof(bytes: Buffer): ReadProfile {
  const fields = readFields(bytes);
  const strings = all(fields, 6).map((text) => text.toString());
  assert.equal(strings[0], "", "the first string must be empty");
  const string = (index: number): string => {
    assert.ok(index < strings.length, `string ${index} of ${strings.length}`);
    return strings[index]!;
  };
  const type = (message: Buffer): string => {
    const inner = readFields(message);
    return `${string(one(inner, 1))}/${string(one(inner, 2))}`;
  };
  const functions = byId(all(fields, 5));
  const locations = byId(all(fields, 4));
  const place = (id: number): string => {
    const line = readFields(all(locations.get(id)!, 4)[0]!);
    const fn = functions.get(one(line, 1))!;
    return `${string(one(fn, 2))} ${string(one(fn, 4))}:${one(line, 2)}`;
  };
  return {
    types: all(fields, 1).map(type),
    defaultType: string(one(fields, 14)),
    periodType: type(all(fields, 11)[0]!),
    period: one(fields, 12),
    timeNs: one(fields, 9),
    durationNs: one(fields, 10),
    comments: integers(fields, 13).map(string),
    samples: all(fields, 2).map((message) => {
      const inner = readFields(message);
      const labels = all(inner, 3).map((label) => {
        const pair = readFields(label);
        return [string(one(pair, 1)), string(one(pair, 2))] as const;
      });
      return {
        stack: integers(inner, 1).map(place),
        values: integers(inner, 2),
        labels: Object.fromEntries(labels),
      };
    }),
    locations: locations.size,
    functions: functions.size,
  };
}

function byId(messages: readonly Buffer[]): Map<number, Fields> {
  const found = new Map<number, Fields>();
  for (const message of messages) {
    const inner = readFields(message);
    const id = one(inner, 1);
    assert.ok(id > 0 && !found.has(id), `id ${id}`);
    found.set(id, inner);
  }
  return found;
}

function readFields(bytes: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      assert.ok(at < bytes.length, "a number is cut off");
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, wire] = [key >> 3, key & 7];
    let value: number | Buffer;
    if (wire === 0) value = varint();
    else {
      assert.equal(wire, 2, `wire type of field ${field}`);
      const length = varint();
      assert.ok(at + length <= bytes.length, `field ${field} is cut off`);
      value = bytes.subarray(at, at + length);
      at += length;
    }
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

/** The values of a field that has bytes. */
function all(fields: Fields, field: number): Buffer[] {
  return (fields.get(field) ?? []).map((value) => {
    assert.ok(typeof value !== "number", `field ${field} is a number`);
    return value;
  });
}

/** The value of a field that has one number; absent: 0. */
function one(fields: Fields, field: number): number {
  const values = fields.get(field) ?? [0];
  assert.equal(values.length, 1, `field ${field} stands ${values.length} times`);
  assert.ok(typeof values[0] === "number", `field ${field} is no number`);
  return values[0];
}

/** Packed numbers. */
function integers(fields: Fields, field: number): number[] {
  return all(fields, field).flatMap((packed) => {
    const found: number[] = [];
    let value = 0n;
    let shift = 0n;
    for (const byte of packed) {
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte >= 0x80) continue;
      found.push(Number(value));
      value = shift = 0n;
    }
    return found;
  });
}
