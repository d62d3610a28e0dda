// Executes copies of requests beside the requests themselves (FilterEnv.routeCopy): each is an exchange of its own without a client.
// Their number is limited for each worker, so that a slow shadow costs memory only up to here; what comes beyond is dropped.

import type { RequestCopy } from "../spec/context.ts";
import type { CopyBody, CopyEnd } from "../spec/env.ts";
import type { CopiedRequest } from "./copied-request.ts";
import { CopyStream } from "./copy-stream.ts";
import type { Proxy } from "./proxy.ts";

/** Copies under way in a worker. Each has some 10 kB and at most one backend connection. */
const MAX_COPIES = 1000;

const dropped: CopyEnd = { outcome: "dropped", status: 0 };
const upgrade: CopyEnd = { outcome: "upgrade", status: 0 };

export class RequestCopies {
  readonly #proxy: () => Proxy;
  readonly #limit: number;
  #underWay = 0;

  /** `proxy` is asked when the first copy comes: the proxy is built from routes, and they from this. */
  constructor(proxy: () => Proxy, limit = MAX_COPIES) {
    this.#proxy = proxy;
    this.#limit = limit;
  }

  route(given: RequestCopy, body: CopyBody | null): Promise<CopyEnd> {
    // The one implementation of RequestCopy: RequestContext.copyRequest makes it.
    const copy = given as CopiedRequest;
    const proxy = this.#proxy();
    const end = copy.upgrade && proxy.options.upgrade ? upgrade : this.#underWay >= this.#limit ? dropped : null;
    if (end !== null) {
      void body?.[Symbol.asyncIterator]().return?.();
      return Promise.resolve(end);
    }
    this.#underWay++;
    return new Promise((resolve) => {
      const stream = new CopyStream(proxy, copy, body, (status, complete) => {
        this.#underWay--;
        resolve({ outcome: complete ? "complete" : "broken", status });
      });
      setImmediate(() => stream.start(copy));
    });
  }
}
