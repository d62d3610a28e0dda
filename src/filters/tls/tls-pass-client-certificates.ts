// tlsPassClientCertificates: tells the backend the certificates of the client (spec filters 12).

import { defineFilter } from "../../spec/filter.ts";

export const tlsPassClientCertificates = defineFilter({
  name: "tlsPassClientCertificates",
  summary: "Sets the request header X-Forwarded-Tls-Client-Cert to the certificates that the client presented.",
  details:
    "Each is the base64 of its DER form, joined by commas, the client's own first. Without one the header stays as the client sent it: drop it before.",
  args: [],
  examples: [{ route: '* -> tlsPassClientCertificates() -> "http://backend.test"', expect: { status: 200 } }],
  create: () => ({
    request(ctx) {
      const certificates = ctx.request.clientCertificates;
      if (certificates.length === 0) return;
      const value = certificates.map(({ raw }) => raw.toString("base64")).join(",");
      ctx.request.headers.set("X-Forwarded-Tls-Client-Cert", value);
    },
  }),
});
