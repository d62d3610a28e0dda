// flowId: the X-Flow-Id header of the request (spec filters 6.1). Other parts read the id from the header.

import { any, string } from "../../spec/arg-kinds.ts";
import { optional, rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

const HEADER = "X-Flow-Id";
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+";
const MIN_LENGTH = 8;
const MAX_LENGTH = 64;

/** All texts of two characters, so that an id of 16 is eight lookups. */
const pairs: readonly string[] = Array.from({ length: 4096 }, (_, i) => ALPHABET[i >> 6]! + ALPHABET[i & 63]!);

export const flowId = defineFilter({
  name: "flowId",
  summary: "Gives the request a new X-Flow-Id of 16 characters.",
  details:
    'With "reuse" (in any case) a valid id of the client stays: 8 to 64 letters, digits, "-" and "+". Further arguments are ignored.',
  args: [optional("mode", string), rest("ignored", any)],
  examples: [
    {
      route: '* -> flowId("reuse") -> "http://backend.test"',
      send: { headers: { "X-Flow-Id": "abcdefgh12" } },
      expect: { backend: { headers: { "x-flow-id": "abcdefgh12" } } },
    },
  ],
  create([mode, ignored], env) {
    if (ignored.length > 0) env.log.warn("flowId: arguments behind the first are deprecated and have no effect");
    const reuse = mode?.toLowerCase() === "reuse";
    return {
      request(ctx) {
        if (reuse) {
          const old = ctx.request.headers.get(HEADER);
          if (old !== undefined && isFlowId(old)) return;
        }
        ctx.request.headers.set(HEADER, newFlowId(env.random(), env.random()));
      },
    };
  },
});

/** An id from two random numbers in [0, 1), 48 bits of each. */
function newFlowId(a: number, b: number): string {
  return half(a) + half(b);
}

function half(random: number): string {
  const high = Math.floor(random * 0x1000000);
  const low = Math.floor((random * 0x1000000 - high) * 0x1000000);
  return pairs[high >> 12]! + pairs[high & 4095]! + pairs[low >> 12]! + pairs[low & 4095]!;
}

function isFlowId(text: string): boolean {
  if (text.length < MIN_LENGTH || text.length > MAX_LENGTH) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const letter = c | 0x20;
    if (!((letter >= 97 && letter <= 122) || (c >= 48 && c <= 57) || c === 45 || c === 43)) return false;
  }
  return true;
}
