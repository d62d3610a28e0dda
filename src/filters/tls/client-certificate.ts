// What the mtls filters share: they look at the client's own certificate, and answer in its place when it does not fit (spec filters 12).

import type { X509Certificate } from "node:crypto";
import type { FilterContext } from "../../spec/context.ts";
import type { Filter } from "../../spec/filter.ts";

export const mtlsDetails =
  "Without TLS or without a client certificate the answer is 401, for one that does not fit 403; both carry WWW-Authenticate. Clients are asked for certificates with -tls-client-auth.";

/** A filter that lets requests pass whose client certificate `fits`. */
export function certificateFilter(fits: (own: X509Certificate, others: readonly X509Certificate[]) => boolean): Filter {
  return {
    request(ctx) {
      const [own, ...others] = ctx.request.clientCertificates;
      if (own === undefined) reject(ctx, 401);
      else if (!fits(own, others)) reject(ctx, 403);
    },
  };
}

function reject(ctx: FilterContext, status: number): void {
  ctx.serve(status, [["WWW-Authenticate", ctx.request.host]], "");
}
