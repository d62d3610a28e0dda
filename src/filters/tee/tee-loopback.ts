// teeLoopback: sends a copy of the request through the routes again (spec filters 9.4).

import { nonEmptyBytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import type { ByteQueue } from "../../util/byte-queue.ts";
import { BodyCopy } from "./body-copy.ts";
import { LimitedLog } from "./limited-log.ts";

export const teeLoopback = defineFilter({
  name: "teeLoopback",
  summary: "Sends a copy of the request through the routing table again, where Tee(key) matches it.",
  details:
    "The copy has method, path, query, headers and body as they are here, an empty state bag and the header X-Tee-Loopback-Key. Its response is dropped, and its look-ups count as loopbacks of the request. A copy that lags more than 8 MiB behind the request, or meets 1000 others in its worker, is dropped and counted as teeLoopback.custom.dropped; the request never waits for it. Copies are in the metrics of routes and backends, not in the access log nor in the metrics of what clients got.",
  args: [one("key", nonEmptyBytes)],
  examples: [
    {
      route: '* -> teeLoopback("shadow") -> inlineContent("main") -> <shunt>',
      expect: { status: 200, body: "main" },
    },
  ],
  create([key], env) {
    const dropped = (): void => env.count("teeLoopback", "dropped", 1);
    return {
      request(ctx) {
        const copy = ctx.copyRequest("now");
        copy.headers.set("X-Tee-Loopback-Key", key);
        const send = async (body: ByteQueue | null): Promise<void> => {
          const { outcome } = await env.routeCopy(copy, body);
          if (outcome === "dropped") dropped();
          else if (outcome === "upgrade")
            env
              .shared("log of teeLoopback", () => new LimitedLog(env, "error"))
              .write("teeLoopback: a request for an upgrade cannot be copied");
        };
        if (ctx.requestBodyLength === 0) void send(null);
        else ctx.transformRequestBody(new BodyCopy(env, (body) => void send(body), dropped));
      },
    };
  },
});
