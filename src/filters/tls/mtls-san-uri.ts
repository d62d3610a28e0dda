// mtlsSanURI: Lets requests pass whose client certificate is for one of these URIs. (spec filters 12).

import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { alternativeNames } from "./alternative-names.ts";
import { certificateFilter, mtlsDetails } from "./client-certificate.ts";
import { uriPattern } from "./uri-pattern.ts";

export const mtlsSanURI = defineFilter({
  name: "mtlsSanURI",
  summary: "Lets requests pass whose client certificate is for one of these URIs.",
  details: mtlsDetails,
  args: [rest("URI", uriPattern, 1)],
  examples: [{ route: '* -> mtlsSanURI("spiffe://svc.example/*") -> status(204) -> <shunt>', expect: { status: 401 } }],
  create: ([patterns]) =>
    certificateFilter((own) => alternativeNames(own, "URI").some((uri) => patterns.some((fits) => fits(uri)))),
});
