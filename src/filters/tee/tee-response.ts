// teeResponse: sends a copy of the response body to a shadow server (spec filters 9.4).

import { one } from "../../spec/args.ts";
import type { FilterContext } from "../../spec/context.ts";
import { defineFilter } from "../../spec/filter.ts";
import { BodyCopy } from "./body-copy.ts";
import type { ShadowRequest } from "./shadow-call.ts";
import { ShadowClient, type ShadowClientOptions } from "./shadow-client.ts";
import { shadowUrl } from "./shadow-url.ts";

const options: ShadowClientOptions = { name: "teeResponse", timeoutMs: 1_000, followsRedirects: false };

export const teeResponse = defineFilter({
  name: "teeResponse",
  summary: "Posts the response body of the backend to another server while it is sent to the client.",
  details:
    "The copy goes to scheme and host of the URL with the path / and no other headers. Answers of the proxy itself and of serving filters are not copied. A copy has 1s, and is dropped when it lags more than 8 MiB behind the response, which never waits for it.",
  args: [one("url", shadowUrl)],
  examples: [{ route: '* -> teeResponse("http://127.0.0.1:1") -> "http://backend.test"', expect: { status: 200 } }],
  create([target], env) {
    const copy: ShadowRequest = { target, method: "POST", path: "/", headers: [], bodyLength: -1 };
    return {
      response(ctx) {
        if (!ctx.fromBackend || !hasBody(ctx)) return;
        const client = ShadowClient.of(options, env);
        ctx.transformResponseBody(
          new BodyCopy(
            env,
            (body) => client.send(copy, body),
            () => client.dropped(),
          ),
        );
      },
    };
  },
});

function hasBody({ request, response }: FilterContext): boolean {
  return request.method !== "HEAD" && response.headers.get("Content-Length") !== "0";
}
