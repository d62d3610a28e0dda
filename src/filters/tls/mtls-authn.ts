// mtlsAuthn: the client certificate must come from a trusted authority (spec filters 12).

import type { X509Certificate } from "node:crypto";
import type { FilterOptions } from "../../spec/env.ts";
import { defineFilter } from "../../spec/filter.ts";
import { crypto, tls } from "../../util/lazy-builtin.ts";
import { verifiedUntil } from "./chain.ts";
import { certificateFilter, mtlsDetails } from "./client-certificate.ts";

export const mtlsAuthn = defineFilter({
  name: "mtlsAuthn",
  summary: "Lets requests pass whose client certificate was issued by a trusted authority for client authentication.",
  details: `Trusted are the certificates of -mtls-authn-ca, with -mtls-authn-append-ca also those of the system; without either those of the system. ${mtlsDetails}`,
  args: [],
  options: ["mtls-authn-ca", "mtls-authn-append-ca"],
  examples: [{ route: "* -> mtlsAuthn() -> status(204) -> <shunt>", expect: { status: 401 } }],
  create: (_, env) => {
    let trusted: readonly X509Certificate[] | null = null;
    /** Until when the certificate of a connection is trusted: signatures are not checked for every request. */
    const known = new WeakMap<X509Certificate, number>();
    return certificateFilter((own, others) => {
      const now = env.now();
      if (now <= (known.get(own) ?? 0)) return true;
      trusted ??= authorities(env.options);
      const until = verifiedUntil(own, others, trusted, now);
      known.set(own, until);
      return until > 0;
    });
  },
});

/** Read at the first request that needs them: the system has more than a hundred. */
function authorities({ mtlsAuthorities, mtlsTrustsSystem }: FilterOptions): readonly X509Certificate[] {
  const { X509Certificate: Certificate } = crypto();
  const system = mtlsTrustsSystem ? tls().getCACertificates("system") : [];
  return [...mtlsAuthorities, ...system].map((pem) => new Certificate(pem));
}
