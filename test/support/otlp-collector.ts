// A stand-in for a collector of traces: takes OTLP over http/protobuf and decodes it with a reader of its own, so that what the exporter
// of the product writes is compared with the format and not with itself.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly timeNs: bigint; readonly attributes: Attributes }[];
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly scope: string;
  readonly resource: Attributes;
}

export interface CollectedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly spans: readonly CollectedSpan[];
}

export class OtlpCollector {
  readonly requests: CollectedRequest[] = [];
  /** Answers a request that was taken; may leave it open. */
  answer: (response: ServerResponse) => void = (response) => response.writeHead(200).end();
  /** Connections that are open. */
  connections = 0;
  readonly #server = createServer((request, response) => void this.#take(request, response));

  static async start(): Promise<OtlpCollector> {
    const collector = new OtlpCollector();
    collector.#server.on("connection", (socket) => {
      collector.connections++;
      socket.on("close", () => collector.connections--);
    });
    await once(collector.#server.listen(0, "127.0.0.1"), "listening");
    return collector;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.address}`;
  }

  get spans(): readonly CollectedSpan[] {
    return this.requests.flatMap(({ spans }) => spans);
  }

  named(name: string): readonly CollectedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    assert.equal(request.method, "POST");
    assert.equal(request.headers["content-type"], "application/x-protobuf");
    this.requests.push({ path: request.url!, headers: request.headers, spans: readSpans(Buffer.concat(chunks)) });
    this.answer(response);
  }
}

/** Fields of a message by number: varints and fixed64 as numbers, the rest as bytes. */
type Fields = ReadonlyMap<number, readonly (bigint | Buffer)[]>;

function readFields(bytes: Buffer): Fields {
  const fields = new Map<number, (bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      assert.ok(byte !== undefined && shift < 70n, "a varint ends within the message");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    assert.ok(at + length <= bytes.length, "a field ends within the message");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = Number(key & 7n);
    assert.ok([0, 1, 2, 5].includes(wire), `wire type ${wire}`);
    const value =
      wire === 0
        ? varint()
        : wire === 1
          ? take(8).readBigUInt64LE()
          : wire === 2
            ? take(Number(varint()))
            : BigInt(take(4).readUInt32LE());
    const number = Number(key >> 3n);
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

const messages = (of: Fields, field: number): Fields[] =>
  (of.get(field) ?? []).map((value) => readFields(value as Buffer));
const text = (of: Fields, field: number, encoding: "utf8" | "hex" = "utf8"): string =>
  ((of.get(field)?.[0] ?? Buffer.alloc(0)) as Buffer).toString(encoding);
const number = (of: Fields, field: number): bigint => (of.get(field)?.[0] ?? 0n) as bigint;

function attributes(of: Fields, field: number): Attributes {
  return Object.fromEntries(messages(of, field).map((pair) => [text(pair, 1), anyValue(messages(pair, 2)[0]!)]));
}

function anyValue(value: Fields): string | number | boolean {
  if (value.has(1)) return text(value, 1);
  if (value.has(2)) return number(value, 2) === 1n;
  if (value.has(3)) return Number(BigInt.asIntN(64, number(value, 3)));
  const bits = Buffer.alloc(8);
  bits.writeBigUInt64LE(number(value, 4));
  return bits.readDoubleLE();
}

/** The spans of an ExportTraceServiceRequest. */
function readSpans(body: Buffer): CollectedSpan[] {
  return messages(readFields(body), 1).flatMap((ofResource) =>
    messages(ofResource, 2).flatMap((ofScope) =>
      messages(ofScope, 2).map((span) => ({
        name: text(span, 5),
        traceId: text(span, 1, "hex"),
        spanId: text(span, 2, "hex"),
        parentSpanId: text(span, 4, "hex"),
        kind: Number(number(span, 6)),
        startNs: number(span, 7),
        endNs: number(span, 8),
        attributes: attributes(span, 9),
        events: messages(span, 11).map((event) => ({
          name: text(event, 2),
          timeNs: number(event, 1),
          attributes: attributes(event, 3),
        })),
        status: Number(messages(span, 15)[0] === undefined ? 0 : number(messages(span, 15)[0]!, 3)),
        scope: text(messages(ofScope, 1)[0]!, 1),
        resource: attributes(messages(ofResource, 1)[0]!, 1),
      })),
    ),
  );
}
