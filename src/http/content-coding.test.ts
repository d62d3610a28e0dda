// The content codings against the one-shot functions of node:zlib and the programs gzip and zstd: whatever goes in comes out, at
// once, however it is cut; what is damaged fails.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import zlib from "node:zlib";
import fc from "fast-check";
import { CODINGS, type Coding, type CodingTransform, decoder, encoder } from "./content-coding.ts";

const encodeWhole: Record<Coding, (body: Uint8Array) => Buffer> = {
  gzip: zlib.gzipSync,
  deflate: zlib.deflateRawSync,
  br: zlib.brotliCompressSync,
  zstd: zlib.zstdCompressSync,
};
const decodeWhole: Record<Coding, (body: Uint8Array) => Buffer> = {
  gzip: zlib.gunzipSync,
  deflate: zlib.inflateRawSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
};
const levels = [-2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

async function run(transform: CodingTransform, pieces: readonly Uint8Array[]): Promise<Buffer> {
  const out: Uint8Array[] = [];
  for (const piece of pieces) out.push(...(await Array.fromAsync(transform.write(piece))));
  const rest = transform.end();
  if (rest !== null) out.push(...(await Array.fromAsync(rest)));
  transform.destroy();
  return Buffer.concat(out);
}

/** The bytes in two pieces, or byte by byte. */
function cut(bytes: Buffer, at: number): Buffer[] {
  if (at < bytes.length) return [bytes.subarray(0, at), bytes.subarray(at)];
  return Array.from(bytes, (byte) => Buffer.of(byte));
}

const bodies = fc.array(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constant(Buffer.alloc(500, "ab"))), {
  maxLength: 5,
});

for (const coding of CODINGS) {
  describe(coding, () => {
    test("what is encoded piece by piece is decoded as a whole, at every level", async () => {
      await fc.assert(
        fc.asyncProperty(bodies, fc.constantFrom(...levels), async (pieces, level) => {
          const coded = await run(encoder(coding, level), pieces);
          assert.deepEqual(decodeWhole[coding](coded), Buffer.concat(pieces));
        }),
        { numRuns: 60 },
      );
    });

    test("what was encoded as a whole is decoded, however it is cut", async () => {
      await fc.assert(
        fc.asyncProperty(bodies, fc.nat(80), async (pieces, at) => {
          const body = Buffer.concat(pieces);
          assert.deepEqual(await run(decoder(coding), cut(encodeWhole[coding](body), at)), body);
        }),
        { numRuns: 40 },
      );
    });

    test("each piece can be read as soon as it is encoded", async () => {
      const [to, from] = [encoder(coding, 1), decoder(coding)];
      for (const text of ["one", "two ".repeat(10_000), "3"]) {
        const coded = await Array.fromAsync(to.write(Buffer.from(text)));
        let read = "";
        for (const piece of coded) read += Buffer.concat(await Array.fromAsync(from.write(piece))).toString();
        assert.equal(read, text);
      }
      to.destroy();
      from.destroy();
    });

    test("nothing is an empty body, both ways", async () => {
      assert.equal(decodeWhole[coding](await run(encoder(coding, 1), [])).length, 0);
      assert.equal((await run(decoder(coding), [])).length, 0);
    });

    test("better levels give less", async () => {
      const body = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `${i * 7919} `).join(""));
      const size = async (level: number) => (await run(encoder(coding, level), [body])).length;
      assert.ok((await size(9)) < (await size(1)), "9 and 1");
      assert.ok((await size(1)) < body.length, "1 and none");
      assert.ok((await size(-1)) < body.length, "the default and none");
    });

    test("a body that ends too early, is damaged or goes on behind its end fails", async () => {
      const whole = encodeWhole[coding](Buffer.from("hello hello hello hello ".repeat(20)));
      for (let end = 1; end < whole.length; end++) {
        await assert.rejects(run(decoder(coding), [whole.subarray(0, end)]), `${end} of ${whole.length} bytes`);
      }
      for (const bad of ["no such data, of no coding at all", "\x00\x00\x00\x00\x00\x00", "\xff\xff\xff\xff\xff\xff"]) {
        await assert.rejects(run(decoder(coding), [Buffer.from(bad, "latin1")]), JSON.stringify(bad));
      }
      const behind = Buffer.concat([whole, Buffer.from("behind")]);
      await assert.rejects(run(decoder(coding), [behind]), "bytes behind the end, in the same piece");
      await assert.rejects(run(decoder(coding), [whole, Buffer.from("behind")]), "bytes behind the end");
    });

    test("a large body comes out in small pieces, and only when it is asked for", async () => {
      const bomb = encodeWhole[coding](Buffer.alloc(50_000_000));
      const transform = decoder(coding);
      const before = process.memoryUsage().arrayBuffers;
      const pieces = transform.write(bomb)[Symbol.asyncIterator]();
      for (let i = 0; i < 5; i++) assert.ok((await pieces.next()).value.length <= 65_536);
      await new Promise((resolve) => setImmediate(resolve));
      assert.ok(process.memoryUsage().arrayBuffers - before < 12_000_000, "memory that nobody asked for");
      transform.destroy();
      assert.equal((await pieces.next()).done, true);
    });
  });
}

for (const [program, coding] of [
  ["gzip", "gzip"],
  ["zstd", "zstd"],
] as const) {
  const isThere = spawnSync(program, ["--version"]).status === 0;
  test(`${program} reads what is encoded, and is read`, { skip: isThere ? false : `no ${program}` }, async () => {
    const body = Buffer.from("hello, \u20ac ".repeat(5000));
    for (const level of levels) {
      const coded = await run(encoder(coding, level), cut(body, 9000));
      const { status, stdout } = spawnSync(program, ["-d", "-c"], { input: coded });
      assert.equal(status, 0);
      assert.ok(body.equals(stdout), `level ${level}`);
    }
    const { stdout } = spawnSync(program, ["-c"], { input: body });
    assert.ok(body.equals(await run(decoder(coding), cut(stdout, 7))));
  });
}

for (const coding of ["gzip", "zstd"] as const) {
  test(`several members of ${coding} are one body`, async () => {
    const members = [encodeWhole[coding](Buffer.from("one, ")), encodeWhole[coding](Buffer.from("two"))];
    for (const pieces of [members, [Buffer.concat(members)]]) {
      assert.equal((await run(decoder(coding), pieces)).toString(), "one, two");
    }
  });
}
