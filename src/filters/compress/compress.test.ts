// Behaviour of compress and decompress (spec filters 7.2 and 7.3): which responses, in which coding, with which headers.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import zlib from "node:zlib";
import fc from "fast-check";
import {
  argsProblem,
  type ChainResult,
  type FakeResponse,
  fakeEnv,
  type HeaderList,
  runChain,
} from "../../../test/support/fake-context.ts";
import { testFilters } from "../../../test/support/filter-table.ts";
import type { Arg } from "../../eskip/route.ts";
import { CODINGS, type Coding } from "../../http/content-coding.ts";
import { filterSpecs } from "../index.ts";
import { bestCoding } from "./accept-encoding.ts";

const decode: Readonly<Record<string, (body: Uint8Array) => Buffer>> = {
  gzip: zlib.gunzipSync,
  deflate: zlib.inflateRawSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
};
const encode: Record<Coding, (body: string | Uint8Array) => Buffer> = {
  gzip: zlib.gzipSync,
  deflate: zlib.deflateRawSync,
  br: zlib.brotliCompressSync,
  zstd: zlib.zstdCompressSync,
};
const TEXT = "hello ".repeat(50);

interface Compressing {
  readonly chain?: string;
  readonly accept?: HeaderList[number][1] | HeaderList;
  readonly type?: string | undefined;
  readonly headers?: HeaderList;
  readonly method?: string;
  readonly status?: number;
  readonly encodings?: readonly Coding[];
}

/** The response of compress() to a text, its body decoded when it was encoded. */
async function compressed(
  given: Compressing,
): Promise<ChainResult & { readonly coding: string; readonly text: string }> {
  const accept = given.accept ?? "gzip";
  const type: HeaderList =
    "type" in given
      ? given.type === undefined
        ? []
        : [["Content-Type", given.type]]
      : [["Content-Type", "text/plain"]];
  const env = fakeEnv();
  const answer: FakeResponse = {
    status: given.status ?? 200,
    headers: [...type, ["Content-Length", String(TEXT.length)], ...(given.headers ?? [])],
    body: [TEXT.slice(0, 7), TEXT.slice(7)],
  };
  const got = await runChain(
    given.chain ?? "compress()",
    { method: given.method ?? "GET", headers: typeof accept === "string" ? [["Accept-Encoding", accept]] : accept },
    answer,
    { ...env, options: { ...env.options, compressEncodings: given.encodings ?? [] } },
  );
  const coding = got.headers["content-encoding"]?.join() ?? "";
  const bytes = Buffer.from(got.body, "latin1");
  return { ...got, coding, text: (coding in decode ? decode[coding]!(bytes) : bytes).toString() };
}

describe("which coding", () => {
  for (const [accept, coding] of [
    ["gzip", "gzip"],
    ["deflate", "deflate"],
    ["br", "br"],
    ["zstd", "zstd"],
    ["gzip, deflate, br, zstd", "gzip"],
    ["zstd, br, deflate", "deflate"],
    ["GZip", "gzip"],
    [" zstd\t, x-gzip", "zstd"],
    ["gzip;q=0.5, br", "br"],
    ["gzip;q=0.5, br;q=0.50, zstd;q=0.4", "gzip"],
    ["gzip;q=0.5,br;q=0.501", "br"],
    ["gzip;q=0", "gzip"],
    ["gzip;q=0, br;q=0.001", "br"],
    ["br;q=0.9, gzip;q=2", "gzip"],
    ["br;q=0.9, gzip;q=-1", "gzip"],
    ["br;q=0.9, gzip;q=x", "gzip"],
    ["br;q=0.9, gzip;q=", "gzip"],
    ["br;q=0.9, gzip;level=1;q=0.1", "gzip"],
    ["br;q=0.9, gzip;q=0.1;level=1", "br"],
    ["gzip;q=0.1, br;q=0.2, gzip;q=0.3", "gzip"],
    ["*", ""],
    ["*;q=1, identity", ""],
    ["identity", ""],
    ["", ""],
    [",,", ""],
    ["x-gzip, compress", ""],
  ] as const) {
    test(accept, async () => {
      const got = await compressed({ accept });
      assert.equal(got.coding, coding);
      assert.equal(got.text, TEXT);
    });
  }

  test("only the first line counts, as the request is after its filters", async () => {
    const two: HeaderList = [
      ["Accept-Encoding", "x"],
      ["Accept-Encoding", "gzip"],
    ];
    assert.equal((await compressed({ accept: two })).coding, "");
    assert.equal((await compressed({ accept: [] })).coding, "");
    const set = 'setRequestHeader("Accept-Encoding", "br") -> compress()';
    assert.equal((await compressed({ chain: set })).coding, "br");
    const drop = 'compress() -> dropRequestHeader("Accept-Encoding")';
    assert.equal((await compressed({ chain: drop })).coding, "");
  });

  test("the flag says which there are, and which is preferred", async () => {
    const encodings = ["br", "gzip"] as const;
    assert.equal((await compressed({ accept: "gzip, deflate, br", encodings })).coding, "br");
    assert.equal((await compressed({ accept: "gzip, deflate", encodings })).coding, "gzip");
    assert.equal((await compressed({ accept: "deflate, zstd", encodings })).coding, "");
    assert.equal((await compressed({ accept: "br;q=0.1, gzip;q=0.2", encodings })).coding, "gzip");
  });

  test("as a plain reading of the rule says", () => {
    const names = fc.constantFrom(...CODINGS, "GZIP", "*", "identity", "x", "");
    const weights = fc.constantFrom("", ";q=0", ";q=0.2", ";q=0.5", ";q=1", ";q=1.5", ";q=x", ";a=b", ";q=0.5;a=b");
    const item = fc.tuple(fc.constantFrom("", " ", "\t"), names, weights).map((parts) => parts.join(""));
    const header = fc.array(item, { maxLength: 6 }).map((items) => items.join(","));
    const offers = fc.shuffledSubarray([...CODINGS], { minLength: 1 });
    fc.assert(
      fc.property(header, offers, (text, offered) => {
        assert.equal(bestCoding(text, offered), plainChoice(text, offered));
      }),
      { numRuns: 2000 },
    );
  });
});

/** The rule in its own words: all acceptable ones, sorted by weight, then by the order of the server. */
function plainChoice(text: string, offered: readonly Coding[]): Coding | null {
  const accepted = text.split(",").map((item) => {
    const [name = "", weight = ""] = item.split(";");
    const value = weight.startsWith("q=") ? Number.parseFloat(weight.slice(2)) : 1;
    return { name: name.trim().toLowerCase(), weight: value >= 0 && value <= 1 ? value : 1 };
  });
  const rank = offered
    .map((coding, place) => ({ coding, place, all: accepted.filter(({ name }) => name === coding) }))
    .filter(({ all }) => all.length > 0)
    .map(({ coding, place, all }) => ({ coding, place, weight: Math.max(...all.map(({ weight }) => weight)) }))
    .sort((a, b) => b.weight - a.weight || a.place - b.place);
  return rank[0]?.coding ?? null;
}

describe("which responses", () => {
  for (const [title, given, isCompressed] of [
    ["a listed type", {}, true],
    ["with parameters", { type: "text/html;charset=utf-8" }, true],
    ["a blank in front of the parameters", { type: "text/html ;charset=utf-8" }, false],
    ["another case", { type: "Text/Plain" }, false],
    ["another type", { type: "image/png" }, false],
    ["a type with a suffix", { type: "application/problem+json" }, false],
    ["no type", { type: undefined }, false],
    ["already encoded", { headers: [["Content-Encoding", "x-gzip"]] }, false],
    ["encoded in a way that nobody knows", { headers: [["Content-Encoding", "aes"]] }, false],
    ["identity", { headers: [["Content-Encoding", "identity"]] }, true],
    ["no-transform", { headers: [["Cache-Control", "no-transform"]] }, false],
    ["no-transform in any case among others", { headers: [["Cache-Control", "max-age=1, No-Transform"]] }, false],
    [
      "no-transform in a later line",
      {
        headers: [
          ["Cache-Control", "public"],
          ["Cache-Control", "no-transform"],
        ],
      },
      false,
    ],
    ["other directives", { headers: [["Cache-Control", "public, max-age=60"]] }, true],
    ["an error", { status: 500 }, true],
    ["HEAD", { method: "HEAD" }, true],
    ["POST", { method: "POST" }, true],
    ["its own list", { chain: 'compress("a/b")', type: "a/b" }, true],
    ["its own list is all", { chain: 'compress("a/b")' }, false],
    ["the list extended", { chain: 'compress("...", "a/b")', type: "a/b" }, true],
    ["the list extended, a default type", { chain: 'compress("...", "a/b")' }, true],
    ["the dots not in front", { chain: 'compress("a/b", "...")' }, false],
    ["only the dots", { chain: 'compress("...")' }, true],
    ["only a level", { chain: "compress(9)" }, true],
    ["a level and a list", { chain: 'compress(9, "a/b")', type: "a/b" }, true],
    ["no pattern", { chain: 'compress("text/*")' }, false],
    ["a text of a filter", { chain: 'compress() -> inlineContent("hello", "text/css")' }, true],
  ] as const satisfies readonly (readonly [string, Compressing, boolean])[]) {
    test(title, async () => {
      const got = await compressed(given);
      assert.equal(got.coding === "gzip", isCompressed);
      assert.equal(got.headers["content-length"] === undefined, isCompressed, "the length goes when the body changes");
      assert.equal(got.headers.vary !== undefined, isCompressed, "Vary");
    });
  }

  for (const type of [
    "text/plain",
    "text/html",
    "application/json",
    "application/javascript",
    "application/x-javascript",
    "text/javascript",
    "text/css",
    "image/svg+xml",
    "application/octet-stream",
  ]) {
    test(`${type} is in the list by default`, async () => assert.equal((await compressed({ type })).coding, "gzip"));
  }
});

describe("headers", () => {
  for (const [vary, expected] of [
    [[], ["Accept-Encoding"]],
    [["accept-encoding"], ["accept-encoding"]],
    [["Origin"], ["Origin", "Accept-Encoding"]],
    [["Origin, Accept-Encoding"], ["Origin, Accept-Encoding", "Accept-Encoding"]],
    [
      ["Origin", "Accept-Encoding"],
      ["Origin", "Accept-Encoding"],
    ],
  ] as const) {
    test(`Vary: ${vary.join(" | ")}`, async () => {
      const got = await compressed({ headers: vary.map((value) => ["Vary", value]) });
      assert.deepEqual(got.headers.vary, expected);
    });
  }

  test("a tag stays, and identity is replaced", async () => {
    const got = await compressed({
      headers: [
        ["ETag", '"x"'],
        ["Content-Encoding", "identity"],
      ],
    });
    assert.deepEqual([got.headers.etag, got.headers["content-encoding"]], [['"x"'], ["gzip"]]);
  });

  test("two of them compress once", async () => {
    const got = await compressed({ chain: "compress() -> compress()" });
    assert.deepEqual([got.coding, got.text, got.headers.vary], ["gzip", TEXT, ["Accept-Encoding"]]);
  });

  test("every level gives what can be read", async () => {
    for (let level = -2; level <= 11; level++) {
      for (const accept of CODINGS) {
        const got = await compressed({ chain: `compress(${level})`, accept });
        assert.deepEqual([got.coding, got.text], [accept, TEXT], `level ${level}`);
      }
    }
  });
});

test("levels stand in front, are whole, and lie between -2 and 11", () => {
  const spec = filterSpecs.find(({ name }) => name === "compress")!;
  const problem = (...args: Arg[]) => argsProblem(spec, args);
  for (const args of [[], [11], [-2], ["a/b"], [0, "...", "a/b"], ["", "a"]] as Arg[][])
    assert.equal(problem(...args), "");
  for (const args of [[12], [-3], [1.5], ["a/b", 1], [1, 2], ["...", "a", 3]] as Arg[][]) {
    assert.notEqual(problem(...args), "", JSON.stringify(args));
  }
});

/** An answer with the body encoded by these codings, the first one first. */
function encoded(codings: readonly Coding[], encoding: string = codings.join(", ")): FakeResponse {
  const body = codings.reduce<Buffer>((bytes, coding) => encode[coding](bytes), Buffer.from(TEXT));
  return {
    headers: [
      ["Content-Encoding", encoding],
      ["Content-Length", String(body.length)],
      ["Vary", "Accept-Encoding"],
      ["X-A", "1"],
    ],
    body: [body.toString("latin1")],
  };
}

describe("decompress", () => {
  for (const codings of [
    ["gzip"],
    ["deflate"],
    ["br"],
    ["zstd"],
    ["gzip", "br"],
    ["br", "deflate", "zstd"],
  ] as Coding[][]) {
    test(codings.join(", "), async () => {
      const got = await runChain("decompress()", {}, encoded(codings));
      assert.deepEqual([got.headers, got.body], [{ "x-a": ["1"] }, TEXT]);
      assert.equal(got.ctx.stateBag.size, 0);
    });
  }

  test("blanks between the names, and arguments that mean nothing", async () => {
    const got = await runChain('decompress("x", 1)', {}, encoded(["gzip", "br"], " gzip ,\tbr "));
    assert.equal(got.body, TEXT);
  });

  for (const encoding of ["x-gzip", "GZIP", "gzip, aes", "identity", "gzip,"]) {
    test(`${encoding} is not known: nothing changes, and the state bag says so`, async () => {
      const answer = encoded(["gzip"], encoding);
      const got = await runChain("decompress()", {}, answer);
      assert.deepEqual(got.headers["content-encoding"], [encoding]);
      assert.deepEqual(got.headers.vary, ["Accept-Encoding"]);
      assert.deepEqual([got.body], answer.body);
      assert.deepEqual([...got.ctx.stateBag], [["filter::decompress::not-possible", true]]);
    });
  }

  for (const headers of [[], [["Content-Encoding", ""]]] as HeaderList[]) {
    test(`${headers.length === 0 ? "no" : "an empty"} encoding: nothing changes`, async () => {
      const got = await runChain("decompress()", {}, { headers: [...headers, ["Vary", "x"]], body: [TEXT] });
      assert.deepEqual([got.headers.vary, got.body, got.ctx.stateBag.size], [["x"], TEXT, 0]);
    });
  }

  test("what is no such data breaks off", async () => {
    for (const coding of CODINGS) {
      const answer = { headers: [["Content-Encoding", coding]] as const, body: ["no such data"] };
      await assert.rejects(runChain("decompress()", {}, answer), coding);
    }
  });

  testFilters([
    {
      title: "an empty body stays empty",
      chain: "decompress()",
      answer: { headers: [["Content-Encoding", "gzip"]] },
      expect: { headers: {}, body: "" },
    },
    {
      title: "inside of a body filter",
      chain: 'sed("hello", "bye") -> decompress()',
      answer: encoded(["br"]),
      expect: { body: "bye ".repeat(50) },
    },
    {
      title: "what a filter encoded",
      chain: "decompress() -> compress()",
      request: { headers: [["Accept-Encoding", "zstd"]] },
      answer: { headers: [["Content-Type", "text/plain"]], body: [TEXT] },
      expect: { headers: { "content-type": "text/plain" }, body: TEXT },
    },
  ]);

  test("and encoded anew around a change", async () => {
    const got = await runChain(
      'compress() -> sed("hello", "bye") -> decompress()',
      { headers: [["Accept-Encoding", "gzip"]] },
      {
        ...encoded(["br"]),
        headers: [
          ["Content-Encoding", "br"],
          ["Content-Type", "text/plain"],
        ],
      },
    );
    assert.deepEqual(got.headers["content-encoding"], ["gzip"]);
    assert.equal(zlib.gunzipSync(Buffer.from(got.body, "latin1")).toString(), "bye ".repeat(50));
  });
});
