import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import tls from "node:tls";
import fc from "fast-check";
import { type ClientHello, HELLO_INCOMPLETE, HELLO_UNREADABLE, readClientHello } from "./client-hello.ts";

/** What a real client sends first. */
function firstMessage(options: tls.ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.once("data", (chunk: Buffer) => {
        socket.destroy();
        server.close();
        resolve(chunk);
      });
    });
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      tls.connect({ host: "127.0.0.1", port, ...options }).on("error", () => {});
    });
  });
}

/** The same message in records of `size` bytes. */
function inRecords(message: Buffer, size: number): Buffer {
  const body = message.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size);
    const header = Buffer.from([0x16, 3, 1, 0, 0]);
    header.writeUInt16BE(piece.length, 3);
    records.push(header, piece);
  }
  return Buffer.concat(records);
}

test("name and signatures of real clients, however the bytes are cut", async () => {
  const rows: [tls.ConnectionOptions, string, number[] | null][] = [
    [{ servername: "a.test", sigalgs: "ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256" }, "a.test", [0x0403, 0x0804]],
    [{ servername: "b.test", sigalgs: "ed25519", maxVersion: "TLSv1.2" }, "b.test", [0x0807]],
    [{ sigalgs: "rsa_pss_rsae_sha512" }, "", [0x0806]],
  ];
  for (const [options, serverName, signatures] of rows) {
    const message = await firstMessage(options);
    const expected = { serverName, signatures };
    assert.deepEqual(readClientHello(message), expected);
    for (let cut = 0; cut < message.length; cut++) {
      assert.equal(readClientHello(message.subarray(0, cut)), HELLO_INCOMPLETE, `cut at ${cut}`);
    }
    assert.deepEqual(readClientHello(Buffer.concat([message, Buffer.from("more")])), expected);
    for (const size of [1, 2, 3, 100]) assert.deepEqual(readClientHello(inRecords(message, size)), expected);
  }
});

test("what is no client hello", () => {
  const rows = [
    "GET / HTTP/1.1",
    "\x16\x03\x01\x00\x00",
    "\x16\x03\x01\xff\xff",
    "\x16\x03\x01\x00\x04\x02\x00\x00\x00",
  ];
  for (const row of [...rows, "\x16\x03\x01\x00\x04\x01\xff\xff\xff", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"]) {
    assert.equal(readClientHello(Buffer.from(row, "latin1")), HELLO_UNREADABLE, JSON.stringify(row));
  }
});

test("damaged messages give a result or an error, never an exception", async () => {
  const message = await firstMessage({ servername: "a.test" });
  fc.assert(
    fc.property(fc.nat(message.length - 1), fc.nat(255), fc.nat(message.length), (at, byte, length) => {
      const damaged = Buffer.from(message.subarray(0, length));
      if (at < length) damaged[at] = byte;
      const hello: ClientHello | number = readClientHello(damaged);
      assert.ok(typeof hello === "number" || typeof hello.serverName === "string");
    }),
    { numRuns: 2000 },
  );
});
