// randomContent: answers with random letters and digits, for tests (spec filters 7).

import { int } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

const ALPHABET = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
const CHUNK_BYTES = 16 * 1024;

export const randomContent = defineFilter({
  name: "randomContent",
  summary: "Answers the request with status 200 and random letters and digits; the backend is not called.",
  args: [one("length", int)],
  examples: [{ route: "* -> randomContent(40) -> <shunt>", expect: { status: 200 } }],
  create: ([length], env) => ({
    request(ctx) {
      ctx.serve(200, [], length <= 0 ? null : randomBody(length, env.random));
    },
  }),
});

async function* randomBody(length: number, random: () => number): AsyncGenerator<Uint8Array> {
  for (let left = length; left > 0; left -= CHUNK_BYTES) {
    const chunk = Buffer.allocUnsafe(Math.min(left, CHUNK_BYTES));
    for (let i = 0; i < chunk.length; i++) chunk[i] = ALPHABET[Math.floor(random() * ALPHABET.length)]!;
    yield chunk;
  }
}
